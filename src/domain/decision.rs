//! What was decided about one message, with everything that explains it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::digest::Digest;
use super::ids::{CategoryId, CustomerId, Folder, ProductId, RuleId};
use super::kind::Kind;
use super::language::Language;
use super::reason::Reason;
use super::thread::Link;

/// Most pieces of evidence kept with a decision; the heaviest stay.
pub const EVIDENCE_MAX: usize = 24;

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Sent to the contact of the product's publisher, then filed.
    Forward,
    /// Filed in the queue folder of its category.
    Keep,
    /// Filed in the review folder: a person decides.
    Review,
    /// No ticket: filed in the folder of its kind.
    Ignore,
}

impl Action {
    /// The word used in configuration, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Keep => "keep",
            Self::Review => "review",
            Self::Ignore => "ignore",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who must answer, by contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The publisher of the product.
    Isv,
    /// The CSP partner who runs this daemon.
    Partner,
    /// Microsoft, for functions of the commerce system only.
    Microsoft,
    /// The indirect provider, in the indirect model.
    Provider,
    /// The indirect reseller, in the indirect model.
    Reseller,
}

impl Owner {
    /// The word used in configuration, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Isv => "isv",
            Self::Partner => "partner",
            Self::Microsoft => "microsoft",
            Self::Provider => "provider",
            Self::Reseller => "reseller",
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How soon somebody must look.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// A how-to or a wish without hurry.
    Low,
    /// Everything else.
    #[default]
    Normal,
    /// Work has stopped, security, data at risk, a deadline within a day or two.
    High,
}

impl Priority {
    /// The word used in configuration, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of a message in which keywords are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// The subject without its reply and forward prefixes.
    Subject,
    /// What the writer wrote now: quotes, signature and disclaimer cut.
    Body,
    /// The quoted or forwarded text.
    Quoted,
    /// The signature and disclaimer.
    Signature,
    /// The sender's address and name.
    Sender,
    /// The addresses it was sent to.
    Recipient,
    /// `Name: value` of every header.
    Header,
    /// The names of attachments.
    Attachment,
}

impl Zone {
    /// Every zone, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Subject,
        Self::Body,
        Self::Quoted,
        Self::Signature,
        Self::Sender,
        Self::Recipient,
        Self::Header,
        Self::Attachment,
    ];

    /// The word used in configuration, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Body => "body",
            Self::Quoted => "quoted",
            Self::Signature => "signature",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Header => "header",
            Self::Attachment => "attachment",
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One hit of one keyword.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rule the keyword stands in.
    pub rule: RuleId,
    /// The category the rule speaks for.
    pub category: CategoryId,
    /// Where it was found.
    pub zone: Zone,
    /// The keyword as the operator wrote it.
    pub keyword: String,
    /// What stood in the message.
    pub text: String,
    /// Byte offsets of `text` in the zone's text, end excluded.
    pub span: (usize, usize),
    /// What the hit added to the category's score.
    pub weight: f64,
    /// Whether a keyword that forgives a slip (`~word`) was found misspelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typo: bool,
}

/// A category's total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Which category.
    pub category: CategoryId,
    /// Sum of the weights of its evidence.
    pub points: f64,
}

/// A way of telling what product a ticket is about, the strongest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// `support+product@…`: a form or page of the partner's own made it.
    Tag,
    /// The case that it answers.
    Thread,
    /// The id of an offer, plan, SKU or subscription in the text.
    Reference,
    /// A name or alias, in subject or new text.
    #[default]
    Name,
    /// The same with one slip.
    NearName,
    /// A name or alias in what others said before, or under every mail of the writer.
    Surroundings,
    /// The name of an attachment.
    Attachment,
    /// The domain it comes from.
    SenderDomain,
    /// The customer has this product and no other.
    Ownership,
    /// A person said so.
    Person,
}

impl Step {
    /// The word used in log and command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Thread => "thread",
            Self::Reference => "reference",
            Self::Name => "name",
            Self::NearName => "near-name",
            Self::Surroundings => "surroundings",
            Self::Attachment => "attachment",
            Self::SenderDomain => "sender-domain",
            Self::Ownership => "ownership",
            Self::Person => "person",
        }
    }

    /// How far what is told so may be relied on, from 0 to 1: a rank to set a limit by, not a
    /// measured share.
    pub const fn confidence(self) -> f64 {
        match self {
            Self::Tag | Self::Thread | Self::Reference | Self::Person => 1.0,
            Self::Name => 0.9,
            Self::NearName => 0.8,
            Self::Surroundings => 0.7,
            Self::Attachment | Self::SenderDomain => 0.6,
            Self::Ownership => 0.5,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a product was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductHit {
    /// Which product.
    pub product: ProductId,
    /// What told it, as it stood in the message.
    pub text: String,
    /// Where that was found.
    pub zone: Zone,
    /// What told it.
    #[serde(default)]
    pub step: Step,
}

/// What was decided, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What the message is.
    pub kind: Kind,
    /// The words for it: which header or phrase told the kind.
    pub kind_reason: String,
    /// What the ticket is about; absent for what is no ticket.
    pub category: Option<CategoryId>,
    /// What the ticket is written in; absent where it cannot be told, and for what is no ticket.
    #[serde(default)]
    pub language: Option<Language>,
    /// The product it concerns, and how that was told.
    pub product: Option<ProductHit>,
    /// The customer whose ticket it is, where the registry knows.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// Who must answer; absent for what is no ticket.
    pub owner: Option<Owner>,
    /// How soon.
    pub priority: Priority,
    /// What is done.
    pub action: Action,
    /// Whom it is sent to; only ever taken from the configuration.
    pub recipient: Option<Address>,
    /// The folder in which the message ends.
    pub folder: Folder,
    /// Why this action and no other.
    pub reason: Reason,
    /// The thread it belongs to, or whose mark it bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// From 0 to 1: how far the first category stands ahead.
    pub confidence: f64,
    /// The next best category, when one scored.
    pub runner_up: Option<CategoryId>,
    /// Each category that scored, highest first.
    pub scores: Vec<Score>,
    /// The hits, heaviest first, at most [`EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
    /// Which rules decided.
    pub rules_digest: Digest,
}

impl Decision {
    /// What `explain` and `tickets` show as the destination: an address or a folder.
    pub fn destination(&self) -> &str {
        self.recipient
            .as_ref()
            .map_or(self.folder.as_str(), Address::as_str)
    }

    /// The same message for a person to decide, whatever was decided before.
    #[must_use]
    pub fn for_review(mut self, reason: Reason, folder: Folder) -> Self {
        self.action = Action::Review;
        self.category = Some(CategoryId::review());
        self.owner = Some(Owner::Partner);
        self.recipient = None;
        self.reason = reason;
        self.folder = folder;
        self
    }

    /// The same message filed where its category goes, without being sent.
    pub fn file_as_copy(&mut self, reason: Reason) {
        self.action = Action::Keep;
        self.recipient = None;
        self.reason = reason;
    }
}
