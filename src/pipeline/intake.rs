//! Intake: from a listed message to a decided ticket, a batch at a time.
//!
//! Two commits a batch. The first makes the tickets and counts the try, before the first byte is
//! parsed: a message that kills the process is known by it. The second records the decisions.
//! A message that was tried before is read alone, so that its neighbours do not pay for it, and one
//! that was alone before in a process of its own first: what breaks that one is not read here.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::apart::Apart;
use super::decide::After;
use super::fault::Fault;
use super::file::Filing;
use super::hand::{Hold, Share};
use super::read::Read;
use super::session::Session;
use super::standing::Standing;
use crate::config::mailbox::Mode;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::life::{Effect, Event, Life, Next};
use crate::domain::locator::{Item, Locator};
use crate::domain::reason::Reason;
use crate::domain::ticket::Ticket;
use crate::ledger::{Change, NewTicket, Patch, Verdict};
use crate::mailbox::exchange::{Entry as Listed, Fetched, Trouble};

/// Messages that are being fetched, their tries counted.
pub(super) struct Batch {
    tickets: HashMap<Item, Opened>,
    fetched: mpsc::Receiver<Result<Fetched, Trouble>>,
}

/// Messages that were read and are to be recorded.
struct ReadBatch {
    reads: Vec<Read>,
    tickets: HashMap<Item, Opened>,
    /// What ended the reading early.
    trouble: Option<Fault>,
}

/// A ticket whose message is being read.
pub(super) struct Opened {
    pub(super) hold: Hold,
    pub(super) standing: Standing,
    pub(super) size: u64,
    /// The memory its message takes.
    pub(super) share: Option<Share>,
}

impl Session<'_> {
    /// Works off what is queued: new messages in batches, then what was tried before, one by one.
    ///
    /// Three batches are in work at a time: one is made and asked for, the one before it is read,
    /// and the one before that recorded. Wire, processor and disk so wait for each other only when
    /// one of them is the slowest.
    pub(super) async fn intake(&mut self) -> Result<(), Fault> {
        let (mut asked, mut read) = (None, None);
        // All that was recorded before is in the ledger.
        self.forget();
        let now = self.works.clock.now();
        let open = self.works.ledger.open_incidents(now).await?;
        *self.reader.incidents() = open;
        loop {
            self.pulse.beat();
            let listed = match &read {
                Some(ReadBatch {
                    trouble: Some(_), ..
                }) => None,
                _ => self.next_batch(asked.is_none() && read.is_none()).await,
            };
            if listed.is_none() && asked.is_none() && read.is_none() {
                break;
            }
            let (opened, now_read, recorded) = tokio::join!(
                self.open_batch(listed),
                self.read_batch(asked.take(), None),
                self.record_batch(read.take()),
            );
            read = now_read;
            let after = match (opened, recorded) {
                (Ok(batch), Ok(after)) => {
                    asked = batch;
                    after
                }
                (opened, recorded) => {
                    return self.break_off(opened, read, recorded).await;
                }
            };
            self.note(after);
        }
        while let Some(ticket) = self.again.pop_front() {
            if self.works.stop.is_cancelled() {
                break;
            }
            self.pulse.beat();
            self.read_again(ticket).await?;
        }
        Ok(())
    }

    /// Ends an intake that broke: what was read is recorded, what was not is taken back, also
    /// where it was alone: it was a batch before it that broke.
    async fn break_off(
        &mut self,
        opened: Result<Option<Batch>, Fault>,
        read: Option<ReadBatch>,
        recorded: Result<After, Fault>,
    ) -> Result<(), Fault> {
        let rest = match read {
            Some(read) => self.record_and_spare(read).await,
            None => Ok(()),
        };
        let opened = match opened {
            Ok(Some(batch)) => self.spare(batch.tickets).await,
            Ok(None) => Ok(()),
            Err(fault) => Err(fault),
        };
        // The first to fail knows why.
        recorded.and(opened).and(rest)
    }

    async fn record_and_spare(&self, batch: ReadBatch) -> Result<(), Fault> {
        let ReadBatch {
            reads, mut tickets, ..
        } = batch;
        self.record_reads(reads, &mut tickets).await?;
        self.spare(tickets).await
    }

    /// Takes the next messages from the queue; `None` when it is empty or, unless it may `wait`,
    /// when there is no memory for them.
    async fn next_batch(&mut self, wait: bool) -> Option<(Vec<Listed>, Share)> {
        if self.works.stop.is_cancelled() {
            return None;
        }
        let (mut count, mut bytes) = (0, 0_u64);
        for listed in &self.queue {
            let size = listed.size.min(self.config.max_size);
            if count > 0
                && (count == self.works.limits.batch || bytes + size > self.works.budget.batch())
            {
                break;
            }
            count += 1;
            bytes += size;
        }
        if count == 0 {
            return None;
        }
        let share = match self.works.budget.try_take(bytes) {
            Some(share) => share,
            None if wait => self.pulse.beside(self.works.budget.take(bytes)).await?,
            None => return None,
        };
        Some((self.queue.drain(..count).collect(), share))
    }

    /// Makes the tickets and counts their first try, then begins to fetch.
    async fn open_batch(
        &self,
        listed: Option<(Vec<Listed>, Share)>,
    ) -> Result<Option<Batch>, Fault> {
        let Some((listed, mut share)) = listed else {
            return Ok(None);
        };
        let mut changes = Vec::with_capacity(listed.len());
        let mut opened = Vec::with_capacity(listed.len());
        for entry in listed {
            let id = self.reader.ticket(&entry.item);
            let Some(hold) = self.hands.take(id) else {
                continue;
            };
            let locator = Locator {
                generation: self.opened.generation,
                item: entry.item.clone(),
            };
            let mailbox = self.config.name.clone();
            let now = Timestamp::now();
            let standing = Standing {
                id,
                mailbox: mailbox.clone(),
                life: Life::new(),
                at: now,
                since: now,
            };
            let seen = Happening::Seen {
                locator: locator.clone(),
                size: entry.size,
            };
            changes.push(Change::Open {
                ticket: NewTicket {
                    id,
                    mailbox,
                    locator,
                    size: entry.size,
                },
                entry: Entry {
                    at: now,
                    ..standing.entry(Actor::Triaged, seen)
                },
            });
            let own = share.split(entry.size.min(self.config.max_size));
            opened.push((
                entry,
                Opened {
                    hold,
                    standing,
                    size: 0,
                    share: own,
                },
            ));
        }
        let verdicts = self.works.record(&self.pen, changes).await?;
        let mut tickets = HashMap::with_capacity(opened.len());
        let mut entries = Vec::with_capacity(opened.len());
        for ((entry, mut ticket), verdict) in opened.into_iter().zip(verdicts) {
            // A message that has a ticket already is found by the next look at the ledger.
            if verdict == Verdict::Written {
                ticket.size = entry.size;
                tickets.insert(entry.item.clone(), ticket);
                entries.push(entry);
            }
        }
        let fetched = self.mailbox.fetch(entries, self.config.max_size).await;
        Ok(Some(Batch { tickets, fetched }))
    }

    fn try_once(&self, standing: &mut Standing) -> Result<(Change, Effect), Fault> {
        let tries_max = self.works.limits.tries;
        let tried = Happening::Tried {
            tries: standing.life.tries + 1,
        };
        standing.step(
            &Event::Try { tries_max },
            Patch::default(),
            Actor::Triaged,
            tried,
        )
    }

    /// Reads a ticket that was tried before, alone, or quarantines it when its tries are spent.
    async fn read_again(&mut self, ticket: Ticket) -> Result<(), Fault> {
        let Some(hold) = self.hands.take(ticket.id) else {
            return Ok(());
        };
        let mut standing = Standing::of(&ticket);
        if standing.life.tries >= self.works.limits.tries {
            return self.quarantine(hold, standing, &ticket).await;
        }
        let apart = self.works.apart_for(standing.life.tries);
        let (change, _) = self.try_once(&mut standing)?;
        if self.works.record(&self.pen, vec![change]).await? != [Verdict::Written] {
            return Ok(());
        }
        let bytes = ticket.size.min(self.config.max_size);
        let share = self.pulse.beside(self.works.budget.take(bytes)).await;
        let item = ticket.locator.item.clone();
        let entry = Listed {
            item: item.clone(),
            size: ticket.size,
        };
        let fetched = self.mailbox.fetch(vec![entry], self.config.max_size).await;
        let opened = Opened {
            hold,
            standing,
            size: ticket.size,
            share,
        };
        let batch = Batch {
            tickets: HashMap::from([(item, opened)]),
            fetched,
        };
        let read = self.pulse.beside(self.read_batch(Some(batch), apart)).await;
        let after = self.record_batch(read).await?;
        self.note(after);
        Ok(())
    }

    async fn quarantine(
        &mut self,
        hold: Hold,
        mut standing: Standing,
        ticket: &Ticket,
    ) -> Result<(), Fault> {
        let folder = self.reader.policy.routing.quarantine.clone();
        let reason = Reason::Poison {
            tries: standing.life.tries,
        };
        let tries_max = self.works.limits.tries;
        let observed = self.config.mode == Mode::Observe;
        let event = if observed {
            Event::Observe(Next::Quarantine)
        } else {
            Event::Try { tries_max }
        };
        let patch = Patch {
            folder: Some(folder.clone()),
            ..Patch::default()
        };
        let tried = Happening::Tried {
            tries: standing.life.tries,
        };
        let (change, _) = standing.step(&event, patch, Actor::Triaged, tried)?;
        tracing::error!(ticket = %ticket.id.reference(), %reason, observed, "goes to quarantine");
        let verdicts = self.works.record(&self.pen, vec![change]).await?;
        if verdicts == [Verdict::Written] && !observed {
            let filing = Filing {
                hold,
                standing,
                item: ticket.locator.item.clone(),
                generation: ticket.locator.generation,
                size: ticket.size,
                digest: ticket.digest,
                folder,
                quarantined: Some(reason),
            };
            self.hand_to_filer(filing).await;
        }
        Ok(())
    }

    /// Parses and decides one batch; with `apart`, what a process of its own survives.
    async fn read_batch(&self, batch: Option<Batch>, apart: Option<&Apart>) -> Option<ReadBatch> {
        let Batch {
            tickets,
            mut fetched,
        } = batch?;
        let now = self.works.clock.now();
        let (mut reads, unthreaded, trouble) = self.reader.read_all(&mut fetched, now, apart).await;
        let mut trouble = trouble.map(Fault::from);
        self.recall(&reads);
        match self.read_threads(unthreaded, now).await {
            Ok(more) => reads.extend(more),
            // The first to fail knows why.
            Err(fault) => trouble = trouble.or(Some(fault)),
        }
        Some(ReadBatch {
            reads,
            tickets,
            trouble,
        })
    }

    /// Has what was read recorded, and takes back what was not.
    async fn record_batch(&self, batch: Option<ReadBatch>) -> Result<After, Fault> {
        let Some(ReadBatch {
            reads,
            mut tickets,
            trouble,
        }) = batch
        else {
            return Ok(After::default());
        };
        let alone = tickets.len() == 1;
        let after = self.record_reads(reads, &mut tickets).await?;
        match trouble {
            // A message that a server breaks off at each time it is asked for, alone, would keep
            // those behind it from ever being read: that does count against it.
            Some(trouble @ Fault::Mailbox(Trouble::Lost(_))) if alone => Err(trouble),
            Some(trouble) => {
                self.spare(tickets).await?;
                Err(trouble)
            }
            None => Ok(after),
        }
    }

    fn note(&mut self, after: After) {
        self.unread |= after.unread;
        self.left |= after.left;
    }

    /// Takes back the tries of messages that the server or the connection kept from being read: no
    /// message is blamed for that.
    async fn spare(&self, tickets: HashMap<Item, Opened>) -> Result<(), Fault> {
        let mut changes = Vec::with_capacity(tickets.len());
        for mut ticket in tickets.into_values() {
            let spared = Happening::Spared {
                tries: ticket.standing.life.tries.saturating_sub(1),
            };
            let patch = Patch::default();
            let step = ticket
                .standing
                .step(&Event::Spare, patch, Actor::Triaged, spared)?;
            changes.push(step.0);
        }
        self.works.record(&self.pen, changes).await?;
        Ok(())
    }
}
