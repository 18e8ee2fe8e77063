//! What the pipeline asks of the ledger; every answer comes by an index.

use std::collections::HashMap;

use jiff::Timestamp;

use super::change::{MailboxRecord, StageName};
use super::error::LedgerError;
use super::open::Ledger;
use crate::domain::decision::Action;
use crate::domain::digest::Digest;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::ticket::Ticket;

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(i64);

/// A ticket whose content came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The content.
    pub digest: Digest,
    /// The ticket.
    pub ticket: TicketId,
    /// Where it was last found.
    pub locator: Locator,
    /// Where it stands.
    pub stage: StageName,
    /// What was decided; `None` before a decision.
    pub action: Option<Action>,
    /// How often sending it was begun.
    pub attempts: u32,
}

impl Ledger {
    /// Up to `limit` tickets of `mailbox` with something left to do, oldest first, and where the
    /// next page begins; `None` on the last page.
    pub async fn unfinished(
        &self,
        mailbox: &MailboxName,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<(Vec<Ticket>, Option<Cursor>), LedgerError> {
        todo!("{mailbox} {after:?} {limit}")
    }

    /// Which of `items` have a ticket.
    pub async fn known(
        &self,
        mailbox: &MailboxName,
        generation: Generation,
        items: &[Item],
    ) -> Result<HashMap<Item, (TicketId, StageName)>, LedgerError> {
        todo!("{mailbox} {generation} {items:?}")
    }

    /// Tickets of `mailbox` with one of these contents, oldest first. The pipeline's question
    /// "was it forwarded" is `action == Some(Forward)` and `attempts > 0` or not at an end.
    pub async fn by_digest(
        &self,
        mailbox: &MailboxName,
        digests: &[Digest],
    ) -> Result<Vec<Earlier>, LedgerError> {
        todo!("{mailbox} {digests:?}")
    }

    /// Deferred tickets of all mailboxes whose time has come by `now`, longest due first.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Ticket>, LedgerError> {
        todo!("{now} {limit}")
    }

    /// When the next deferred ticket is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, LedgerError> {
        todo!()
    }

    /// What is known of a mailbox; `None` before its first lease.
    pub async fn mailbox(&self, name: &MailboxName) -> Result<Option<MailboxRecord>, LedgerError> {
        todo!("{name}")
    }

    /// Whether another process wrote since the last time this was asked. Costs no disk access.
    pub async fn changed(&self) -> Result<bool, LedgerError> {
        todo!()
    }
}
