//! A thread: a ticket and all that is answered, asked again and relayed about it.
//!
//! The first ticket of a thread gives it its name. What is here is what deciding about a later
//! message needs; the messages themselves are tickets of their own.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::Address;
use super::decision::Priority;
use super::digest::Digest;
use super::ids::{CategoryId, Folder, ProductId, TicketId};
use super::language::Language;

/// Most people a thread knows; later ones are strangers.
pub const PARTICIPANTS_MAX: usize = 24;

/// Most identifiers kept for each side; the first and the nearest stay.
pub const IDS_MAX: usize = 12;

/// Where a thread stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The partner has it.
    Kept,
    /// A publisher has it and has not answered.
    Waiting,
    /// The publisher answered.
    Answered,
    /// It came back from the publisher's desk without an answer: a person must act.
    Returned,
    /// A person closed it.
    Closed,
}

impl Standing {
    /// Every one, in the order of a thread's life.
    pub const ALL: [Self; 5] = [
        Self::Kept,
        Self::Waiting,
        Self::Answered,
        Self::Returned,
        Self::Closed,
    ];

    /// The word used in ledger, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Waiting => "waiting",
            Self::Answered => "answered",
            Self::Returned => "returned",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its first ticket.
    pub root: TicketId,
    /// Where it stands.
    pub standing: Standing,
    /// The subject of its first message, without prefixes.
    pub subject: String,
    /// What it is about.
    pub category: Option<CategoryId>,
    /// The product it concerns.
    pub product: Option<ProductId>,
    /// How soon.
    pub priority: Priority,
    /// What the customer writes.
    pub language: Option<Language>,
    /// Where the partner's follow-ups are filed.
    pub folder: Folder,
    /// The publisher's desk that has it.
    pub contact: Option<Address>,
    /// Desks that had it before.
    pub tried: Vec<Address>,
    /// Whom answers are for.
    pub customer: Option<Address>,
    /// Who may write in it, the customer among them.
    pub participants: Vec<Address>,
    /// Identifiers of the messages the customer knows, the nearest last, without brackets.
    pub customer_ids: Vec<String>,
    /// Identifiers of the messages the publisher knows.
    pub desk_ids: Vec<String>,
    /// The publisher's own number for it.
    pub number: Option<String>,
    /// Since when a publisher has been asked without an answer.
    pub waiting_since: Option<Timestamp>,
    /// When the desk that has it was last asked or reminded.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// When the publisher first answered.
    pub first_answer: Option<Timestamp>,
    /// How often the desk that has it was reminded.
    pub reminders: u32,
    /// Whether mail to the desk that has it came back.
    pub bounced: bool,
    /// When its clock must be looked at.
    pub due: Option<Timestamp>,
    /// Whether only a part of its first message went out.
    #[serde(default)]
    pub parted: bool,
}

impl Thread {
    /// Lets somebody write in it.
    pub fn admit(&mut self, address: &Address) {
        let known = self.participants.iter().any(|one| one.same_user(address));
        if !known && self.participants.len() < PARTICIPANTS_MAX {
            self.participants.push(address.clone());
        }
    }

    /// Whether `address` may write in it as a customer.
    pub fn knows(&self, address: &Address) -> bool {
        self.participants.iter().any(|one| one.same_user(address))
    }

    /// Whether `address` is that of a desk that has or had it.
    pub fn is_desk(&self, address: &Address) -> bool {
        let mut desks = self.contact.iter().chain(&self.tried);
        desks.any(|desk| desk.same_user(address))
    }

    /// Takes out one of the customer's people.
    pub fn forget_person(&mut self, address: &str) {
        let is_person = |one: &Address| one.as_str().eq_ignore_ascii_case(address);
        self.participants.retain(|one| !is_person(one));
        if self.customer.as_ref().is_some_and(is_person) {
            self.customer = None;
        }
    }

    /// Takes out what names a person of the customer's; it stays the desk's case.
    pub fn forget(&mut self) {
        self.subject.clear();
        self.customer = None;
        self.participants.clear();
        self.customer_ids.clear();
    }
}

/// Adds an identifier to those of one side.
pub fn remember(ids: &mut Vec<String>, id: &str) {
    let id = id.trim_matches(['<', '>', ' ']);
    if ids.last().is_some_and(|last| last == id) {
        return;
    }
    ids.retain(|known| known != id);
    ids.push(id.to_owned());
    if ids.len() > IDS_MAX {
        ids.drain(1..=ids.len() - IDS_MAX);
    }
}

/// What a thread is found by: the start of a SHA-256, so that every key has the same length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// That of a Message-ID, with or without brackets; letter case is left aside, for some mail
    /// systems change it.
    pub fn of_message(id: &str) -> Self {
        let id = id.trim_matches(['<', '>', ' ']).to_ascii_lowercase();
        Self::of("id", &id, "")
    }

    /// That of the case whose token names `reference`, the first characters of its identifier.
    pub fn of_case(reference: &str) -> Self {
        Self::of("case", &reference.to_ascii_lowercase(), "")
    }

    /// That of the number which the desk at `domain` gave it.
    pub fn of_number(domain: &str, number: &str) -> Self {
        let (domain, number) = (domain.to_lowercase(), number.to_lowercase());
        Self::of("number", &domain, &number)
    }

    fn of(what: &str, one: &str, other: &str) -> Self {
        let text = format!("{what}\0{one}\0{other}");
        let digest = Digest::of(text.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&digest.bytes()[..16]);
        Self(key)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Out of its bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// What is done with a publisher's answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Replies {
    /// A person looks at them first.
    #[default]
    Queue,
    /// They are sent on to the customer.
    Relay,
}

/// By what a message was found to belong to a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Mark {
    /// Our token, in an address or in the text.
    Token,
    /// It answers a message of ours or of the thread.
    Answers {
        /// Which, without brackets.
        id: String,
    },
    /// The publisher's own number.
    Number {
        /// The number.
        number: String,
    },
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("our token"),
            Self::Answers { id } => write!(f, "it answers `{id}`"),
            Self::Number { number } => write!(f, "the desk's number `{number}`"),
        }
    }
}

/// Who wrote a message that bears a thread's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// One of the customer's people.
    Customer,
    /// The publisher's desk.
    Desk,
    /// Nobody of the thread: the mark alone opens nothing.
    Stranger,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "the customer",
            Self::Desk => "the publisher's desk",
            Self::Stranger => "a stranger",
        })
    }
}

/// What a message is to the thread whose mark it bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// It goes where the thread went.
    Follows,
    /// It is about something else and was decided like a new one.
    Afresh,
    /// It is the desk's answer.
    Answer,
    /// It only tells of the thread: a bounce or an automatic answer.
    Report,
    /// It is none of the thread's.
    Apart,
}

/// How a message stands to a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The thread, by its first ticket.
    pub thread: TicketId,
    /// By what it was found.
    pub mark: Mark,
    /// Who wrote.
    pub party: Party,
    /// What it is to the thread.
    pub part: Part,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = self.thread.reference();
        let (party, mark) = (self.party, &self.mark);
        match self.part {
            Part::Follows => write!(f, "{thread}: {party} writes again ({mark})"),
            Part::Afresh => write!(
                f,
                "{thread}: {party} writes of something else, decided afresh ({mark})"
            ),
            Part::Answer => write!(f, "{thread}: {party} answers ({mark})"),
            Part::Report => write!(f, "{thread}: a machine tells of it ({mark})"),
            Part::Apart => write!(
                f,
                "bears the mark of {thread}, but {party} wrote it: a ticket of its own ({mark})"
            ),
        }
    }
}

/// What happened in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "turn",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Turn {
    /// The customer wrote again.
    Followed {
        /// The ticket of that message.
        by: TicketId,
        /// Whether it was closed before.
        reopened: bool,
    },
    /// The customer wrote of something else, which became a thread of its own.
    Branched {
        /// The ticket of that message.
        by: TicketId,
    },
    /// The desk answered.
    Answered {
        /// The ticket of that message.
        by: TicketId,
        /// How long after it was asked the first answer came, in seconds.
        after_s: Option<u64>,
        /// The desk's number, where it was learnt by this.
        number: Option<String>,
    },
    /// The desk's number was learnt from an automatic answer.
    Numbered {
        /// The ticket of that message.
        by: TicketId,
        /// The number.
        number: String,
    },
    /// A stranger wrote with its mark.
    Knocked {
        /// The ticket of that message.
        by: TicketId,
    },
    /// A mail to the desk came back.
    Bounced {
        /// The ticket of the report.
        by: TicketId,
        /// Which address could not be reached.
        address: Option<Address>,
        /// The status (RFC 3463), or the words.
        status: String,
    },
    /// The desk was asked for an answer.
    Reminded {
        /// Whom.
        desk: Address,
    },
    /// It went to another desk.
    FailedOver {
        /// The desk it was taken from.
        from: Option<Address>,
        /// The desk that has it now.
        to: Address,
        /// Why.
        why: Return,
    },
    /// It came back to the partner's queue.
    Returned {
        /// Why.
        why: Return,
        /// The folder it was moved to; `None` when its message was not found.
        folder: Option<Folder>,
    },
    /// A person closed it.
    Closed,
}

/// Why a thread was taken from a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Return {
    /// Mail to the desk came back.
    Bounced,
    /// The desk did not answer in its time.
    Silent,
}

impl fmt::Display for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bounced => "mail to the desk came back",
            Self::Silent => "the desk did not answer in its time",
        })
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Followed { by, reopened } => {
                let reopened = if *reopened {
                    ", which opens it again"
                } else {
                    ""
                };
                write!(f, "the customer wrote again: {}{reopened}", by.reference())
            }
            Self::Branched { by } => {
                write!(
                    f,
                    "the customer wrote of something else: {}",
                    by.reference()
                )
            }
            Self::Answered {
                by,
                after_s,
                number,
            } => {
                write!(f, "the desk answered: {}", by.reference())?;
                if let Some(seconds) = after_s {
                    write!(f, ", {} min after it was asked", seconds / 60)?;
                }
                match number {
                    Some(number) => write!(f, ", its number is `{number}`"),
                    None => Ok(()),
                }
            }
            Self::Numbered { by, number } => {
                let by = by.reference();
                write!(f, "the desk's number is `{number}`: {by}")
            }
            Self::Knocked { by } => {
                let by = by.reference();
                write!(
                    f,
                    "a stranger wrote with its mark: {by} is a ticket of its own"
                )
            }
            Self::Bounced {
                by,
                address,
                status,
            } => {
                let who = address.as_ref().map_or("the desk", |a| a.as_str());
                write!(f, "{who} cannot be reached ({status}): {}", by.reference())
            }
            Self::Reminded { desk } => write!(f, "{desk} was silent: reminded"),
            Self::FailedOver { to, why, .. } => write!(f, "goes to {to}: {why}"),
            Self::Returned { why, folder } => match folder {
                Some(folder) => write!(f, "back in {folder}: {why}"),
                None => write!(f, "a person must act, its message was not found: {why}"),
            },
            Self::Closed => f.write_str("closed"),
        }
    }
}
