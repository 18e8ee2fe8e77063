//! What the audit log can say: a closed set of happenings.
//!
//! No bodies and no secrets. What is personal (sender, subject) is in [`Personal`], which the
//! configured policy has filtered before the entry is made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::Address;
use super::decision::{Action, Decision, Evidence, Owner, Priority, ProductHit, Score};
use super::digest::Digest;
use super::ids::{CategoryId, CustomerId, Folder, MailboxName, ProductId, TicketId};
use super::incident::Course;
use super::kind::Kind;
use super::language::Language;
use super::letter::{Posting, Purpose};
use super::locator::{Generation, Locator};
use super::outcome::Cause;
use super::reason::{HoldReason, LoopSign, Reason};
use super::thread::{Link, Turn};

/// Sender and subject after the policy `audit.personal` was applied; empty when it says `omit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Sender, or its pseudonym.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Subject; only under `plain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Where a decision leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Way {
    /// What is done.
    pub action: Action,
    /// What it is about.
    pub category: Option<CategoryId>,
    /// The address or folder.
    pub to: String,
}

impl Way {
    /// Where `decision` leads.
    pub fn of(decision: &Decision) -> Self {
        Self {
            action: decision.action,
            category: decision.category.clone(),
            to: decision.destination().to_owned(),
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The daemon.
    Triaged,
    /// A person at the command line, by user name.
    Person(String),
}

/// One happening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made a step, and it is serialised at once"
)]
pub enum Happening {
    /// The daemon began to work.
    Started {
        /// Its version.
        version: String,
        /// Digest of the rules in force.
        rules_digest: Digest,
    },
    /// An edit of rules, products or categories was taken.
    Reloaded {
        /// Digest of the rules now in force.
        rules_digest: Digest,
        /// Of those before.
        before: Digest,
    },
    /// An edit was refused: the rules before it decide.
    ReloadRefused {
        /// Digest of the rules that were refused, where they could be understood.
        rules_digest: Option<Digest>,
        /// Digest of the rules in force.
        in_force: Digest,
        /// The first fault.
        reason: String,
    },
    /// A shadow would have sent a ticket elsewhere.
    ShadowDiffered {
        /// What was done.
        live: Way,
        /// What the shadow would have done.
        shadow: Way,
        /// Digest of the shadow's rules.
        shadow_digest: Digest,
    },
    /// The daemon stopped in order.
    Stopped,
    /// A mailbox was seen for the first time, or its folder was rebuilt.
    MailboxOpened {
        /// The folder's UIDVALIDITY.
        generation: Generation,
        /// How many messages lay in it.
        messages: u64,
    },
    /// A person let the first run of a mailbox go on.
    MailboxAccepted,
    /// A message was found.
    Seen {
        /// Where.
        locator: Locator,
        /// Size in bytes.
        size: u64,
    },
    /// Reading begins.
    Tried {
        /// Which try.
        tries: u32,
    },
    /// The server or the connection failed before it could be read: the try does not count.
    Spared {
        /// How many tries count.
        tries: u32,
    },
    /// It was decided.
    Decided {
        /// SHA-256 of the message; absent when only its head was fetched.
        digest: Option<Digest>,
        /// Sender and subject.
        personal: Personal,
        /// What it is.
        kind: Kind,
        /// Which header or phrase told the kind.
        kind_reason: String,
        /// What it is about.
        category: Option<CategoryId>,
        /// What it is written in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<Language>,
        /// The product and how it was told.
        product: Option<ProductHit>,
        /// The customer, where the registry knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer: Option<CustomerId>,
        /// Who must answer.
        owner: Option<Owner>,
        /// How soon.
        priority: Priority,
        /// What is done.
        action: Action,
        /// Whom it is sent to.
        recipient: Option<Address>,
        /// The folder.
        folder: Folder,
        /// Why.
        reason: Reason,
        /// The thread it belongs to, or whose mark it bears.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<Link>,
        /// The incident that it may be about, by the ticket of the notice that opened it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<TicketId>,
        /// The next best category.
        runner_up: Option<CategoryId>,
        /// Each category's points.
        scores: Vec<Score>,
        /// The hits.
        evidence: Vec<Evidence>,
        /// Digest of the rules that decided.
        rules_digest: Digest,
        /// Whether nothing is done of it, because the mailbox is only observed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        observed: bool,
    },
    /// It goes in a circle: it was not sent.
    Looped {
        /// How that was told.
        sign: LoopSign,
    },
    /// As many mails were begun in a day as are allowed: sending pauses.
    Capped {
        /// How many are allowed.
        limit: usize,
        /// Until when.
        until: Timestamp,
    },
    /// The mailbox is observed no more: what was only decided is decided anew.
    Reconsidered,
    /// An attempt begins.
    Sending {
        /// Which attempt.
        attempt: u32,
        /// To whom.
        recipient: Address,
        /// Under which Message-ID.
        message_id: String,
    },
    /// The way out closed before anything of it was on the wire: the attempt does not count.
    PutBack {
        /// Which attempt it would have been.
        attempt: u32,
    },
    /// The destination took it.
    Delivered {
        /// Which attempt.
        attempt: u32,
        /// Its words.
        reply: String,
    },
    /// Not now.
    Deferred {
        /// Which attempt.
        attempt: u32,
        /// What the failure says about.
        cause: Cause,
        /// The words.
        reply: String,
        /// When it is tried again.
        until: Timestamp,
    },
    /// Whether it was accepted is not known; it will be sent again under the same Message-ID.
    Uncertain {
        /// Which attempt.
        attempt: u32,
        /// What went wrong.
        reply: String,
        /// When it is sent again, if the daemon waits.
        until: Option<Timestamp>,
    },
    /// It waits for a person.
    Held {
        /// Why.
        reason: HoldReason,
    },
    /// A person let it go on.
    Released,
    /// A person wants it tried now.
    Retried,
    /// A person gave it another destination.
    Rerouted {
        /// The new recipient, if it is to be sent.
        recipient: Option<Address>,
        /// The folder it ends in.
        folder: Folder,
    },
    /// It lies in its folder.
    Settled {
        /// Which folder.
        folder: Folder,
        /// How that is known.
        proof: Proof,
    },
    /// It lies in the quarantine folder.
    Quarantined {
        /// Which folder.
        folder: Folder,
        /// Why.
        reason: Reason,
    },
    /// Somebody took the source copy away.
    Withdrawn {
        /// Whether an attempt had begun, so that a copy may have gone out.
        sent_perhaps: bool,
        /// The folder they put it in, where it is one that is filed into.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        found: Option<Folder>,
    },
    /// A letter beside the forward.
    Letter {
        /// What it is for.
        purpose: Purpose,
        /// To whom; a customer's address as `audit.personal` lets it through.
        to: Option<String>,
        /// Under which Message-ID.
        message_id: String,
        /// What happened to it.
        #[serde(flatten)]
        posting: Posting,
    },
    /// Something happened in the thread that the ticket began.
    Thread {
        /// What.
        #[serde(flatten)]
        turn: Turn,
    },
    /// A publisher's notice, or a person, opened, prolonged or ended an incident.
    Incident {
        /// The ticket of the notice that opened it.
        incident: TicketId,
        /// The product it is about.
        product: ProductId,
        /// What happened.
        course: Course,
    },
    /// Personal data was taken out of earlier lines, at a person's wish.
    Redacted {
        /// Which lines, and what they say now.
        lines: Vec<RedactedLine>,
    },
    /// The audit file was mended.
    Repaired {
        /// What was wrong.
        what: String,
    },
}

impl Happening {
    /// That `decision` was made of the content with this `digest`.
    pub fn decided(
        decision: &Decision,
        digest: Option<Digest>,
        personal: Personal,
        observed: bool,
    ) -> Self {
        Self::Decided {
            digest,
            personal,
            kind: decision.kind,
            kind_reason: decision.kind_reason.clone(),
            category: decision.category.clone(),
            language: decision.language,
            product: decision.product.clone(),
            customer: decision.customer.clone(),
            owner: decision.owner,
            priority: decision.priority,
            action: decision.action,
            recipient: decision.recipient.clone(),
            folder: decision.folder.clone(),
            reason: decision.reason.clone(),
            link: decision.link.clone(),
            incident: decision.incident,
            runner_up: decision.runner_up.clone(),
            scores: decision.scores.clone(),
            evidence: decision.evidence.clone(),
            rules_digest: decision.rules_digest,
            observed,
        }
    }

    /// The word under which `audit list` filters it: that of the serialised `event` field.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Reloaded { .. } => "reloaded",
            Self::ReloadRefused { .. } => "reload-refused",
            Self::ShadowDiffered { .. } => "shadow-differed",
            Self::Stopped => "stopped",
            Self::MailboxOpened { .. } => "mailbox-opened",
            Self::MailboxAccepted => "mailbox-accepted",
            Self::Seen { .. } => "seen",
            Self::Tried { .. } => "tried",
            Self::Spared { .. } => "spared",
            Self::Decided { .. } => "decided",
            Self::Looped { .. } => "looped",
            Self::Capped { .. } => "capped",
            Self::Reconsidered => "reconsidered",
            Self::Sending { .. } => "sending",
            Self::PutBack { .. } => "put-back",
            Self::Delivered { .. } => "delivered",
            Self::Deferred { .. } => "deferred",
            Self::Uncertain { .. } => "uncertain",
            Self::Held { .. } => "held",
            Self::Released => "released",
            Self::Retried => "retried",
            Self::Rerouted { .. } => "rerouted",
            Self::Settled { .. } => "settled",
            Self::Quarantined { .. } => "quarantined",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Letter { .. } => "letter",
            Self::Thread { .. } => "thread",
            Self::Incident { .. } => "incident",
            Self::Redacted { .. } => "redacted",
            Self::Repaired { .. } => "repaired",
        }
    }
}

/// A line of the audit log out of which personal data was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedactedLine {
    /// Its number.
    pub seq: u64,
    /// SHA-256 of its body as it is now.
    pub digest: Digest,
}

/// How the daemon knows that a message lies where it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The server named our UID in a COPYUID (RFC 4315 §3).
    Copyuid,
    /// The file was renamed and both directories were synced.
    Renamed,
    /// It was looked up in the folder, by size and content.
    Looked,
    /// It had been delivered and was then taken from the source by somebody else.
    ByOther,
}

/// A happening with who and what it concerns: one line of the audit log before it is chained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the wall clock; order is by sequence, never by this.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Which mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<MailboxName>,
    /// Which ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// What.
    #[serde(flatten)]
    pub happening: Happening,
}
