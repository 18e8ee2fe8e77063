//! What people ask of the ledger: one ticket, lists, the audit log, counts.

use jiff::Timestamp;

use super::change::StageName;
use super::error::LedgerError;
use super::open::Ledger;
use crate::domain::digest::Digest;
use crate::domain::event::Entry;
use crate::domain::ids::{CategoryId, MailboxName, ProductId, TicketId};
use crate::domain::ticket::Ticket;

/// Which tickets; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// In one of these stages; empty means any.
    pub stages: Vec<StageName>,
    /// Of this category.
    pub category: Option<CategoryId>,
    /// Of this mailbox.
    pub mailbox: Option<MailboxName>,
    /// About this product.
    pub product: Option<ProductId>,
    /// Found at or after this time.
    pub since: Option<Timestamp>,
}

/// Which events; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this ticket.
    pub ticket: Option<TicketId>,
    /// Of these kinds, by [`crate::domain::event::Happening::as_str`]; empty means any.
    pub kinds: Vec<String>,
    /// Of this mailbox.
    pub mailbox: Option<MailboxName>,
    /// At or after this time.
    pub since: Option<Timestamp>,
    /// From this sequence number on.
    pub from: Option<u64>,
    /// Up to and with this one.
    pub to: Option<u64>,
    /// Newest first, rather than oldest first.
    pub newest_first: bool,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number; 1 is the first.
    pub seq: u64,
    /// The whole canonical line, without a line end.
    pub line: String,
}

impl Event {
    /// The entry the line holds.
    pub fn entry(&self) -> Result<Entry, LedgerError> {
        todo!()
    }
}

/// The end of the audit chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last event's number; 0 when there is none.
    pub seq: u64,
    /// Its hash; all zeros when there is none.
    pub hash: Digest,
}

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// One per mailbox, by name.
    pub mailboxes: Vec<MailboxCount>,
}

/// How much there is of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxCount {
    /// Which.
    pub name: MailboxName,
    /// Tickets per stage; stages without any are left out.
    pub stages: Vec<(StageName, u64)>,
    /// When the oldest one with something left to do was found.
    pub oldest_unfinished: Option<Timestamp>,
}

impl Ledger {
    /// The ticket `id`.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, LedgerError> {
        todo!("{id}")
    }

    /// Tickets whose identifier begins with `prefix` (as [`TicketId::prefix`] returns it), at
    /// most `limit`.
    pub async fn by_prefix(&self, prefix: &str, limit: u32) -> Result<Vec<Ticket>, LedgerError> {
        todo!("{prefix} {limit}")
    }

    /// Tickets that `filter` lets through, newest first, at most `limit`.
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
        limit: u32,
    ) -> Result<Vec<Ticket>, LedgerError> {
        todo!("{filter:?} {limit}")
    }

    /// Events that `filter` lets through, at most `limit`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Event>, LedgerError> {
        todo!("{filter:?} {limit}")
    }

    /// The end of the audit chain.
    pub async fn head(&self) -> Result<Head, LedgerError> {
        todo!()
    }

    /// How many tickets stand where; costs the same however many there are.
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        todo!()
    }
}
