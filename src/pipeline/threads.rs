//! Threads, between the ledger and the one who decides: what is known of the thread that a message
//! bears the mark of, asked for a batch at once, and what becomes of it.
//!
//! Batches are read while the ones before them are recorded, so what was just decided is kept at hand
//! until the ledger has it.

use std::collections::HashMap;
use std::sync::PoisonError;

use jiff::Timestamp;

use super::fault::Fault;
use super::read::{Read, ReadEnd, Unthreaded};
use super::session::Session;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::TicketId;
use crate::domain::plan::Plan;
use crate::domain::thread::{Key, Part, Thread};
use crate::domain::ticket::Ticket;
use crate::ledger::Change;
use crate::triage::turn::{self, Threaded};

/// Most threads kept at hand: more than three batches can bring.
const RECENT_MAX: usize = 4096;

/// Threads that were decided on and may not be in the ledger yet.
#[derive(Debug, Default)]
pub struct Recent {
    keys: HashMap<Key, TicketId>,
    threads: HashMap<TicketId, Thread>,
}

impl Recent {
    fn put(&mut self, threaded: &Threaded) {
        let root = threaded.thread.root;
        if self.threads.len() < RECENT_MAX || self.threads.contains_key(&root) {
            self.threads.insert(root, threaded.thread.clone());
            for key in &threaded.keys {
                self.keys.entry(*key).or_insert(root);
            }
        }
    }

    /// Adds what it knows better than the ledger, or alone.
    fn amend(&self, keys: &[Key], found: &mut HashMap<Key, Thread>) {
        for thread in found.values_mut() {
            if let Some(newer) = self.threads.get(&thread.root) {
                thread.clone_from(newer);
            }
        }
        for key in keys {
            let known = self.keys.get(key).and_then(|root| self.threads.get(root));
            if let Some(thread) = known {
                found.entry(*key).or_insert_with(|| thread.clone());
            }
        }
    }
}

impl Session<'_> {
    /// Lets go what is in the ledger by now.
    pub(super) fn forget(&self) {
        *self.recent() = Recent::default();
    }

    /// Keeps at hand the threads of what was decided.
    pub(super) fn recall(&self, reads: &[Read]) {
        let mut recent = self.recent();
        for read in reads {
            if let ReadEnd::Decided(decided) = &read.end {
                for threaded in &decided.turned.threads {
                    recent.put(threaded);
                }
            }
        }
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        // A map of values is whole whatever a panicking thread was doing with it.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides messages that bear a mark, in their order: a later one may follow an earlier one.
    pub(super) async fn read_threads(
        &self,
        unthreaded: Vec<Unthreaded>,
        now: Timestamp,
    ) -> Result<Vec<Read>, Fault> {
        let keys: Vec<Key> = unthreaded.iter().flat_map(|u| u.marks.keys()).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ledger = &self.works.ledger;
        let mut found = ledger.threads(&self.config.name, &keys).await?;
        let mut reads = Vec::with_capacity(unthreaded.len());
        for one in unthreaded {
            self.recent().amend(&one.marks.keys(), &mut found);
            let thread = one.marks.find(&found);
            let read = self.reader.read_in(one, thread, now);
            self.recall(std::slice::from_ref(&read));
            reads.push(read);
            tokio::task::yield_now().await;
        }
        Ok(reads)
    }

    /// What must be written of a thread that the ticket `of` begins or changes.
    pub(super) fn threaded(&self, of: TicketId, threaded: Threaded) -> Change {
        let Threaded {
            thread,
            joins,
            keys,
            turn,
        } = threaded;
        let entry = turn.map(|turn| Entry {
            at: Timestamp::now(),
            actor: Actor::Triaged,
            mailbox: Some(self.config.name.clone()),
            ticket: Some(thread.root),
            happening: Happening::Thread { turn },
        });
        Change::Thread {
            of,
            thread: Box::new(thread),
            joins,
            keys,
            refiled: None,
            entry,
        }
    }

    /// A ticket of the ledger is about to go to a desk, by a person's wish or at last: its thread
    /// waits for that one.
    pub(super) async fn asked(
        &self,
        ticket: &Ticket,
        plan: &Plan,
        original: &[u8],
    ) -> Result<(), Fault> {
        let link = ticket.decision.as_ref().and_then(|d| d.link.as_ref());
        let root = link
            .filter(|link| link.part == Part::Follows)
            .map_or(ticket.id, |link| link.thread);
        let now = self.works.clock.now();
        let Some(mut thread) = self.works.ledger.thread(root).await? else {
            let turned = self.reader.turned_again(ticket, plan, original, now);
            let threads = turned.into_iter().flat_map(|turned| turned.threads);
            let changes = threads.map(|threaded| self.threaded(ticket.id, threaded));
            self.works.record(&self.pen, changes.collect()).await?;
            return Ok(());
        };
        // It was asked before, or the case has left that desk since.
        let left = thread
            .tried
            .iter()
            .any(|desk| desk.same_as(&plan.recipient));
        if left || thread.desk_ids.contains(&plan.message_id) {
            return Ok(());
        }
        let decision = ticket.decision.as_ref();
        if let Some(hit) = decision.and_then(|d| d.product.as_ref()) {
            thread.product = Some(hit.product.clone());
        }
        let policy = &self.reader.policy;
        let keys = turn::asked(&mut thread, plan, policy, now);
        let change = Change::Thread {
            of: ticket.id,
            thread: Box::new(thread),
            joins: root != ticket.id,
            keys,
            refiled: None,
            entry: None,
        };
        self.works.record(&self.pen, vec![change]).await?;
        Ok(())
    }
}
