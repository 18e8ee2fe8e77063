//! Mail beside the forward: what we write about a ticket to somebody, without its original.
//!
//! A letter belongs to a ticket and never changes that ticket's own life. Its Message-ID is made of
//! the ticket, the purpose and the occasion, so that the same letter cannot be written twice.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::TicketId;
use super::outcome::Cause;
use super::plan::Plan;
use super::reason::HoldReason;

/// What a letter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Tells the customer who has the ticket now.
    Acknowledgement,
    /// Brings a publisher's answer to the customer.
    Relay,
    /// Asks a silent publisher for an answer.
    Reminder,
    /// Tells an owner of a ticket that was kept.
    Notification,
    /// Brings the ticket to another contact, with its original.
    Failover,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] = [
        Self::Acknowledgement,
        Self::Relay,
        Self::Reminder,
        Self::Notification,
        Self::Failover,
    ];

    /// The word used in ledger, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Relay => "relay",
            Self::Reminder => "reminder",
            Self::Notification => "notification",
            Self::Failover => "failover",
        }
    }

    /// The value of `Auto-Submitted` (RFC 3834 §5): whether it answers a message directly.
    pub const fn auto_submitted(self) -> &'static str {
        match self {
            Self::Acknowledgement => "auto-replied",
            Self::Relay | Self::Reminder | Self::Notification | Self::Failover => "auto-generated",
        }
    }

    /// Whether it goes under the null sender (RFC 3834 §3.3), so that no machine answers it.
    pub const fn is_from_nobody(self) -> bool {
        matches!(self, Self::Acknowledgement)
    }

    /// Whether it goes to a customer, whose address the audit log may not have to show.
    pub const fn is_to_customer(self) -> bool {
        matches!(self, Self::Acknowledgement | Self::Relay)
    }

    /// Whether the ticket's original goes with it.
    pub const fn encloses(self) -> bool {
        matches!(self, Self::Failover)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A letter ready to be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The ticket it is about.
    pub ticket: TicketId,
    /// What it is for.
    pub purpose: Purpose,
    /// Its addresses and text; the sheet is the text.
    pub plan: Plan,
}

/// What happened to a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "step",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Posting {
    /// It is recorded, to be sent once its ticket is settled.
    Written,
    /// An attempt begins.
    Sending {
        /// Which attempt.
        attempt: u32,
    },
    /// The way out closed before anything of it was on the wire.
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
    /// It may have been accepted; it is sent again under the same Message-ID.
    Uncertain {
        /// Which attempt.
        attempt: u32,
        /// What went wrong.
        reply: String,
        /// When it is sent again, if the daemon waits.
        until: Option<Timestamp>,
    },
    /// It is given up.
    Failed {
        /// Why.
        reason: HoldReason,
    },
    /// Its ticket was taken away before it was settled.
    Dropped,
}
