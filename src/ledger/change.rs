//! What can be asked of the ledger: the closed set of changes, and what came of each.
//!
//! A change of a ticket always carries its audit entry, so that none can be written without one.
//! Which life follows which is not decided here: [`crate::domain::life::step`] said it before.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::privacy::Redaction;
use crate::domain::decision::Decision;
use crate::domain::digest::Digest;
use crate::domain::event::Entry;
use crate::domain::ids::{Folder, MailboxName, TicketId};
use crate::domain::letter::Letter;
use crate::domain::life::{Life, Stage};
use crate::domain::locator::{Generation, Locator};
use crate::domain::plan::Plan;
use crate::domain::thread::{Key, Thread};
use crate::domain::ticket::{Summary, Ticket};

/// The right to change the tickets of one mailbox, until somebody else takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which mailbox.
    pub mailbox: MailboxName,
    /// Grows by one with every new holder; a write under an older one is refused.
    pub epoch: u64,
    /// Until when it holds unless it is renewed, by the wall clock.
    pub until: Timestamp,
}

/// In whose name something is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pen {
    /// The daemon's, for the tickets of the leased mailbox only.
    Lease(Lease),
    /// A person's, at the command line: no lease, any ticket.
    Person,
}

/// One thing to be written. Within one call they are applied in order.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made once a step and consumed at once"
)]
pub enum Change {
    /// A message was found: a new ticket with the life [`Life::new`].
    Open {
        /// What is known of it.
        ticket: NewTicket,
        /// Its audit entry; `entry.at` becomes `seen_at` and `changed_at`.
        entry: Entry,
    },
    /// A ticket goes on, as `step` said.
    Step {
        /// Which ticket.
        ticket: TicketId,
        /// Where the caller believes it to stand.
        expected: StageKey,
        /// Where it stands from now on.
        life: Life,
        /// What else becomes known of it.
        patch: Patch,
        /// Its audit entry; `entry.at` becomes `changed_at`.
        entry: Entry,
    },
    /// A letter is to be sent once its ticket is settled; [`Verdict::Known`] when the ledger has
    /// one with its Message-ID, or has no such ticket. Where a step of the same ticket in the same
    /// call is stale, the letter is, too.
    Letter {
        /// The letter.
        letter: Letter,
        /// Its audit entry; `entry.at` becomes `made_at` and `changed_at`.
        entry: Entry,
    },
    /// A letter goes on, as `step` said.
    LetterStep {
        /// Which letter, by its row.
        number: i64,
        /// Where the caller believes it to stand.
        expected: StageKey,
        /// Where it stands from now on.
        life: Life,
        /// The letter, where something of it was fixed.
        letter: Option<Letter>,
        /// Its audit entry; `entry.at` becomes `changed_at`.
        entry: Entry,
    },
    /// A thread begins or goes on. Where a step of `of` in the same call is stale, this is, too.
    Thread {
        /// The ticket by which this becomes known.
        of: TicketId,
        /// The thread as it is from now on.
        thread: Box<Thread>,
        /// Whether the ticket becomes one of the thread's.
        joins: bool,
        /// What it can be found by from now on.
        keys: Vec<Key>,
        /// Tickets of it whose messages were moved, and the folder they lie in now.
        refiled: Option<(Folder, Vec<TicketId>)>,
        /// Its audit entry, where something happened to it.
        entry: Option<Entry>,
    },
    /// What is known of a mailbox changes.
    Mailbox {
        /// Which.
        name: MailboxName,
        /// What changes.
        patch: MailboxPatch,
        /// Its audit entry, where people should know.
        entry: Option<Entry>,
    },
    /// Personal data is taken out of tickets that have ended and of audit lines.
    Redact {
        /// What is taken out.
        redaction: Redaction,
        /// Its audit entry, which vouches for what the lines say now.
        entry: Entry,
    },
    /// Something happened that changes no ticket.
    Note(Entry),
}

/// A message just found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// Its identity.
    pub id: TicketId,
    /// The mailbox it came to.
    pub mailbox: MailboxName,
    /// Where it lies.
    pub locator: Locator,
    /// Its listed size in bytes.
    pub size: u64,
}

/// What a step makes known of a ticket; `None` leaves what is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// SHA-256 of its bytes.
    pub digest: Option<Digest>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// What is sent; the ledger drops it by itself when the ticket reaches an end.
    pub plan: Option<Plan>,
    /// The folder it is to end in.
    pub folder: Option<Folder>,
    /// Sender and subject.
    pub summary: Option<Summary>,
    /// Its new place, after the folder was rebuilt.
    pub locator: Option<Locator>,
}

/// Where a ticket stands, as exactly as is needed to notice that somebody else changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StageKey {
    /// The stage's word.
    pub stage: StageName,
    /// How often reading was begun.
    pub tries: u32,
    /// How often sending was begun.
    pub attempts: u32,
    /// When it last changed, in microseconds since 1970: tells a reroute from `decided` to
    /// `decided` from nothing at all.
    pub changed_at: i64,
}

impl StageKey {
    /// The key of a ticket with this life that last changed at `changed_at`: after a written
    /// change that is the `at` of its entry.
    pub fn new(life: &Life, changed_at: Timestamp) -> Self {
        Self {
            stage: StageName::of(&life.stage),
            tries: life.tries,
            attempts: life.attempts,
            changed_at: changed_at.as_microsecond(),
        }
    }

    /// The key of a ticket as it was read.
    pub fn of(ticket: &Ticket) -> Self {
        Self::new(&ticket.life, ticket.changed_at)
    }
}

/// What came of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is on the disk, with its entry.
    Written,
    /// The ticket does not stand where the caller believed, or is not of the leased mailbox:
    /// nothing of this change was written.
    Stale,
    /// The message to be opened has a ticket already: nothing was written.
    Known,
}

/// What changes of a mailbox; `None` leaves what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxPatch {
    /// The source folder's generation.
    pub generation: Option<Generation>,
    /// What is left alone.
    pub baseline: Option<Baseline>,
    /// Whether the first run may work on what it found.
    pub accepted: Option<bool>,
    /// Where each folder that is filed into stood.
    pub marks: Option<Vec<FolderMark>>,
}

/// What is known of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRecord {
    /// Which.
    pub name: MailboxName,
    /// The source folder's generation when it was last opened.
    pub generation: Option<Generation>,
    /// What is left alone.
    pub baseline: Option<Baseline>,
    /// Whether the first run may work on what it found.
    pub accepted: bool,
    /// Where each folder that is filed into stood.
    pub marks: Vec<FolderMark>,
    /// The lease's holder and epoch, when one was ever given.
    pub epoch: u64,
}

/// Mail that lay in a mailbox before the first run and is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// UIDs below this one, in this generation.
    Below {
        /// The generation in which it holds.
        generation: Generation,
        /// The first UID that is worked on.
        uid: u32,
    },
    /// Files whose modification time is earlier.
    Before(Timestamp),
}

/// A folder's UIDVALIDITY and UIDNEXT at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderMark {
    /// Which folder.
    pub folder: Folder,
    /// Its generation.
    pub generation: Generation,
    /// Its UIDNEXT.
    pub next: u32,
}

/// A stage by its word alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageName {
    /// [`Stage::Seen`].
    Seen,
    /// [`Stage::Decided`].
    Decided,
    /// [`Stage::Sending`].
    Sending,
    /// [`Stage::Delivered`].
    Delivered,
    /// [`Stage::Deferred`].
    Deferred,
    /// [`Stage::Held`].
    Held,
    /// [`Stage::Observed`].
    Observed,
    /// [`Stage::Settled`].
    Settled,
    /// [`Stage::Quarantined`].
    Quarantined,
    /// [`Stage::Withdrawn`].
    Withdrawn,
}

impl StageName {
    /// Every stage, in the order of a ticket's life.
    pub const ALL: [Self; 10] = [
        Self::Seen,
        Self::Decided,
        Self::Sending,
        Self::Delivered,
        Self::Deferred,
        Self::Held,
        Self::Observed,
        Self::Settled,
        Self::Quarantined,
        Self::Withdrawn,
    ];

    /// The name of `stage`.
    pub const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Seen => Self::Seen,
            Stage::Decided { .. } => Self::Decided,
            Stage::Sending => Self::Sending,
            Stage::Delivered => Self::Delivered,
            Stage::Deferred { .. } => Self::Deferred,
            Stage::Held { .. } => Self::Held,
            Stage::Observed { .. } => Self::Observed,
            Stage::Settled => Self::Settled,
            Stage::Quarantined => Self::Quarantined,
            Stage::Withdrawn => Self::Withdrawn,
        }
    }

    /// The word stored in the ledger; that of [`Stage::as_str`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Decided => "decided",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Held => "held",
            Self::Observed => "observed",
            Self::Settled => "settled",
            Self::Quarantined => "quarantined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nothing is left to do.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Settled | Self::Quarantined | Self::Withdrawn)
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word names no stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no stage", .0.escape_debug())]
pub struct NoStage(String);

impl FromStr for StageName {
    type Err = NoStage;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == word)
            .ok_or_else(|| NoStage(word.chars().take(40).collect()))
    }
}
