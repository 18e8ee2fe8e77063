//! A ticket as the ledger keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::decision::Decision;
use super::digest::Digest;
use super::ids::{Folder, MailboxName, TicketId};
use super::life::Life;
use super::locator::Locator;
use super::plan::Plan;

/// What people recognise a message by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The author's address or, when there is none, what stood in `From`; at most 254 bytes.
    pub from: String,
    /// The decoded subject, at most 200 characters.
    pub subject: String,
}

/// One message and all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its identity.
    pub id: TicketId,
    /// The mailbox it came to.
    pub mailbox: MailboxName,
    /// Where in the source folder it was found.
    pub locator: Locator,
    /// Size in bytes as the server told it.
    pub size: u64,
    /// SHA-256 of its bytes, once they were fetched.
    pub digest: Option<Digest>,
    /// Where it stands.
    pub life: Life,
    /// For people.
    pub summary: Summary,
    /// What was decided.
    pub decision: Option<Decision>,
    /// What is sent, while anything may still have to be sent.
    pub plan: Option<Plan>,
    /// The folder it is to end in, or ended in.
    pub folder: Option<Folder>,
    /// When it was found.
    pub seen_at: Timestamp,
    /// When its life last changed.
    pub changed_at: Timestamp,
}
