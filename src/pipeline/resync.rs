//! After the source folder was rebuilt (a new UIDVALIDITY, RFC 3501 §2.3.1.1): what lay there is
//! listed under new names, and what is to be done with each message must be told by its content.
//!
//! Until all of it is read nothing is sent. What was delivered before is filed beside the first;
//! what a person held stays held; what was waiting to be sent is sent. The rest is mail the
//! ledger never saw: where more of it than `limits.resync` would be sent, it may be old mail that
//! a server's backup brought back, and a person must look first.
//!
//! The new generation is written down at the very end, so that a crash begins this anew.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::fault::Fault;
use super::session::Session;
use super::standing::Standing;
use crate::domain::decision::Action;
use crate::domain::digest::Digest;
use crate::domain::life::{Effect, Stage, resume};
use crate::domain::locator::Item;
use crate::domain::reason::HoldReason;
use crate::domain::ticket::Ticket;
use crate::ledger::{Cursor, MailboxPatch, StageName};

/// Tickets read from the ledger at once.
const PAGE: u32 = 200;

/// How often it is looked whether anything is still in hand.
const HANDS_LOOK: Duration = Duration::from_secs(1);

/// What the ledger knew of a message before the folder was rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// A person must act on it.
    Held,
    /// It was to be sent.
    Waiting,
    /// Nothing.
    Unknown,
}

impl Session<'_> {
    /// Whether a ticket of before the rebuilding is kept as it is until the new ones are read.
    pub(super) fn is_kept_for_resync(&self, ticket: &Ticket) -> bool {
        self.resync
            && ticket.locator.generation != self.opened.generation
            && matches!(ticket.life.stage, Stage::Held { .. })
    }

    /// Lets what is in hand from before the rebuilding come to its end: only then is it known
    /// whether it was delivered.
    pub(super) async fn await_former(&self) {
        while !self.hands.is_empty() && !self.works.stop.is_cancelled() {
            let freed = self.hands.freed();
            tokio::select! {
                () = freed => {}
                () = tokio::time::sleep(HANDS_LOOK) => {}
                () = self.works.stop.cancelled() => {}
            }
        }
    }

    /// Ends the resync once everything that lay there is read and decided.
    pub(super) async fn end_resync(&mut self) -> Result<(), Fault> {
        let mut unknown = 0_u64;
        let mut cursor = None;
        loop {
            let (page, next) = self.to_be_sent(cursor).await?;
            unknown += page.iter().filter(|(_, p)| *p == Past::Unknown).count() as u64;
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        let too_many = unknown > self.works.limits.resync;
        let mut held = 0_u64;
        loop {
            let (page, next) = self.to_be_sent(cursor).await?;
            let mut changes = Vec::new();
            for (ticket, past) in page {
                if past == Past::Held || (past == Past::Unknown && too_many) {
                    changes.push(Standing::of(&ticket).hold(HoldReason::Resync)?);
                }
            }
            held += changes.len() as u64;
            self.works.record(&self.pen, changes).await?;
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        if held > 0 {
            tracing::error!(
                mailbox = %self.config.name,
                held,
                limit = self.works.limits.resync,
                "the folder was rebuilt: a person must release what is held before it is sent"
            );
        }
        let patch = MailboxPatch {
            generation: Some(self.opened.generation),
            ..MailboxPatch::default()
        };
        self.works
            .note_opened(&self.pen, &self.config.name, &self.opened, patch)
            .await?;
        self.resync = false;
        self.left = true;
        Ok(())
    }

    /// A page of what lay in the rebuilt folder and would now be sent.
    async fn to_be_sent(
        &self,
        after: Option<Cursor>,
    ) -> Result<(Vec<(Ticket, Past)>, Option<Cursor>), Fault> {
        let ledger = &self.works.ledger;
        let (mut page, next) = ledger.unfinished(&self.config.name, after, PAGE).await?;
        page.retain(|ticket| {
            let lay_there =
                !matches!(ticket.locator.item, Item::Uid(uid) if uid >= self.opened.next);
            ticket.locator.generation == self.opened.generation
                && lay_there
                && resume(&ticket.life) == Effect::Queue
        });
        let digests: HashSet<Digest> = page.iter().filter_map(|t| t.digest).collect();
        let digests: Vec<Digest> = digests.into_iter().collect();
        let mut pasts: HashMap<Digest, Past> = HashMap::new();
        for earlier in ledger.by_digest(&self.config.name, &digests).await? {
            if earlier.locator.generation == self.opened.generation {
                continue;
            }
            let past = match earlier.stage {
                StageName::Held => Past::Held,
                _ if earlier.action == Some(Action::Forward) => Past::Waiting,
                _ => continue,
            };
            let known = pasts.entry(earlier.digest).or_insert(past);
            if past == Past::Held {
                *known = past;
            }
        }
        let page = page.into_iter().map(|ticket| {
            let past = ticket.digest.and_then(|digest| pasts.get(&digest).copied());
            (ticket, past.unwrap_or(Past::Unknown))
        });
        Ok((page.collect(), next))
    }
}
