//! Tickets of the ledger, known again by the content of messages that are read elsewhere: the
//! ledger itself keeps no message.

use std::collections::HashMap;
use std::path::Path;

use super::failure::Failure;
use super::state;
use crate::domain::digest::Digest;
use crate::domain::ids::MailboxName;
use crate::domain::ticket::Ticket;
use crate::ledger::TicketFilter;
use crate::triage::shift::Destination;

/// Most tickets of a mailbox that are looked for: the newest.
pub const TICKETS_MAX: u32 = 10_000;

/// What is kept of a ticket.
#[derive(Debug)]
pub struct Known {
    /// Its short name.
    pub reference: String,
    /// Where it was sent, if it was decided.
    pub decided: Option<Destination>,
}

/// The tickets of one mailbox that were not found yet.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The newest first.
    by_digest: HashMap<Digest, Vec<Known>>,
    /// Tickets that were never read whole, so that nothing tells their message.
    unread: Vec<Known>,
    /// Whether the ledger may hold more.
    pub more: bool,
}

impl Recorded {
    /// The newest tickets of `mailbox` in the ledger in `dir`.
    pub async fn read(dir: &Path, mailbox: &MailboxName) -> Result<Self, Failure> {
        let ledger = state::open(dir).await?;
        let filter = TicketFilter {
            mailbox: Some(mailbox.clone()),
            ..TicketFilter::default()
        };
        let tickets = ledger.tickets(&filter, TICKETS_MAX).await?;
        let mut recorded = Self {
            more: tickets.len() == TICKETS_MAX as usize,
            ..Self::default()
        };
        for ticket in tickets {
            let known = known(&ticket);
            match ticket.digest {
                Some(digest) => recorded.by_digest.entry(digest).or_default().push(known),
                None => recorded.unread.push(known),
            }
        }
        Ok(recorded)
    }

    /// The oldest ticket of this content that was not found yet.
    pub fn find(&mut self, digest: Digest) -> Option<Known> {
        self.by_digest.get_mut(&digest)?.pop()
    }

    /// The references of those that were not found, in order.
    pub fn left(self) -> Vec<String> {
        let left = self.by_digest.into_values().flatten().chain(self.unread);
        let mut left: Vec<String> = left.map(|known| known.reference).collect();
        left.sort_unstable();
        left
    }
}

fn known(ticket: &Ticket) -> Known {
    Known {
        reference: ticket.id.reference(),
        decided: ticket.decision.as_ref().map(Destination::of),
    }
}
