//! Deciding: records what was read of a batch, in one commit, and hands each ticket on.

use std::collections::HashMap;

use jiff::Timestamp;

use super::dispatch::Submitted;
use super::fault::Fault;
use super::file::Filing;
use super::intake::Opened;
use super::job::{Errand, Forward, Job};
use super::meters::Until;
use super::read::{Decided, Read, ReadEnd};
use super::session::Session;
use crate::audit;
use crate::config::mailbox::Mode;
use crate::domain::decision::Action;
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::{Folder, TicketId};
use crate::domain::life::{Event, Next};
use crate::domain::locator::Item;
use crate::domain::reason::{HoldReason, Reason};
use crate::ledger::{Change, Earlier, Patch, StageName, Verdict};
use crate::triage::turn::Turned;

/// A ticket whose change is about to be written, and what follows when it is.
enum Then {
    /// It was decided: send or file it.
    HandOn(Item, Opened, Box<Decided>),
    /// Nothing follows.
    LetGo(#[expect(dead_code, reason = "held until the change is written")] Opened),
}

/// What the session has to come back to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct After {
    /// Something could not be read and is to be tried again.
    pub(super) unread: bool,
    /// Forwards were left in the ledger for want of a place in the queue.
    pub(super) left: bool,
}

impl Session<'_> {
    /// Records what was read and hands on what was decided.
    pub(super) async fn record_reads(
        &self,
        mut reads: Vec<Read>,
        tickets: &mut HashMap<Item, Opened>,
    ) -> Result<After, Fault> {
        let mut after = After::default();
        self.mark_copies(&mut reads, tickets).await?;
        self.mark_circles(&mut reads).await?;
        self.cap_letters(&mut reads).await?;
        let mut changes = Vec::with_capacity(reads.len());
        let mut follow = Vec::with_capacity(reads.len());
        let mut gone = Vec::new();
        let mut notes = Vec::new();
        for Read { item, end } in reads {
            let Some(mut opened) = tickets.remove(&item) else {
                continue;
            };
            match end {
                ReadEnd::Decided(mut read) => {
                    let shadow = read.shadow.take();
                    notes.extend(shadow.map(|h| self.shadow(&opened, h)));
                    if let Some(note) = self.looped(&item, &opened, &read) {
                        notes.push(note);
                        // Whoever goes in a circle is not written to either.
                        read.turned = Turned::default();
                    }
                    changes.push(self.decided(&mut opened, &mut read)?);
                    notes.extend(self.turned(&opened, &mut read));
                    notes.extend(incident(&opened, &mut read));
                    follow.push(match self.config.mode {
                        Mode::Live => Then::HandOn(item, opened, read),
                        Mode::Observe => Then::LetGo(opened),
                    });
                }
                ReadEnd::Unusable { what } => {
                    changes.push(unfetchable(&mut opened, what)?);
                    follow.push(Then::LetGo(opened));
                }
                ReadEnd::Unreadable { why } => {
                    let ticket = opened.standing.id.reference();
                    tracing::warn!(%ticket, why, "cannot be read");
                    after.unread = true;
                }
                ReadEnd::Gone => gone.push(self.absent(item, opened)),
            }
        }
        // Behind the rest, so that each verdict still belongs to what follows it.
        changes.append(&mut notes);
        let verdicts = self.works.record(&self.pen, changes).await?;
        for (then, verdict) in follow.into_iter().zip(verdicts) {
            match (then, verdict) {
                (Then::HandOn(item, opened, read), Verdict::Written) => {
                    let since = opened.standing.since;
                    self.works.meters.waited(Until::Decided, since);
                    after.left |= self.hand_on(item, opened, *read).await == Submitted::Left;
                }
                // A person was quicker: the ledger says what they want.
                (Then::HandOn(..) | Then::LetGo(_), _) => {}
            }
        }
        if !gone.is_empty() {
            self.filer().look(gone).await?;
        }
        Ok(after)
    }

    /// Content that was sent on before is not sent on again: it is filed beside the first.
    async fn mark_copies(
        &self,
        reads: &mut [Read],
        tickets: &HashMap<Item, Opened>,
    ) -> Result<(), Fault> {
        let mut forwards: Vec<(TicketId, Digest, &mut Decided)> = reads
            .iter_mut()
            .filter_map(|read| {
                let id = tickets.get(&read.item)?.standing.id;
                match &mut read.end {
                    ReadEnd::Decided(decided) if decided.forward.is_some() => {
                        decided.digest.map(|digest| (id, digest, &mut **decided))
                    }
                    _ => None,
                }
            })
            .collect();
        if forwards.is_empty() {
            return Ok(());
        }
        let digests: Vec<_> = forwards.iter().map(|(_, digest, _)| *digest).collect();
        let mut first: HashMap<Digest, TicketId> = HashMap::new();
        for earlier in self
            .works
            .ledger
            .by_digest(&self.config.name, &digests)
            .await?
        {
            if self.was_sent_on(&earlier) {
                first.entry(earlier.digest).or_insert(earlier.ticket);
            }
        }
        for (id, digest, decided) in &mut forwards {
            let ticket = *first.entry(*digest).or_insert(*id);
            if ticket != *id {
                decided.forward = None;
                // The first one's thread is the thread of both.
                decided.turned = Turned::default();
                decided.decision.file_as_copy(Reason::CopyOf { ticket });
            }
        }
        Ok(())
    }

    /// Whether an earlier ticket with the same content was, or will be, sent on.
    ///
    /// One of a former generation counts only once it was delivered: its message lies in the
    /// rebuilt folder under a new name and is worked on as a new ticket, under the same
    /// Message-ID.
    fn was_sent_on(&self, earlier: &Earlier) -> bool {
        if earlier.action != Some(Action::Forward) {
            return false;
        }
        if earlier.locator.generation == self.opened.generation {
            earlier.stage != StageName::Withdrawn
        } else {
            matches!(earlier.stage, StageName::Delivered | StageName::Settled)
        }
    }

    /// What is noted of a shadow.
    fn shadow(&self, opened: &Opened, happening: Happening) -> Change {
        Change::Note(Entry {
            at: Timestamp::now(),
            actor: Actor::Triaged,
            mailbox: Some(self.config.name.clone()),
            ticket: Some(opened.standing.id),
            happening,
        })
    }

    /// What becomes of the message's thread, and the letters that follow. Of a mailbox that is only
    /// observed nothing is asked and nobody is written to, so that no thread waits for anybody.
    fn turned(&self, opened: &Opened, read: &mut Decided) -> Vec<Change> {
        let turned = std::mem::take(&mut read.turned);
        if self.config.mode == Mode::Observe {
            return Vec::new();
        }
        let id = opened.standing.id;
        let threads = turned.threads.into_iter();
        let letters = turned.letters.into_iter();
        threads
            .map(|threaded| self.threaded(id, threaded))
            .chain(letters.map(|letter| self.letter(letter)))
            .collect()
    }

    fn decided(&self, opened: &mut Opened, read: &mut Decided) -> Result<Change, Fault> {
        let mut decision = read.decision.clone();
        if read.digest.is_none() && decision.action == Action::Review {
            // Only its head was fetched: say why, and not only that it cannot be read.
            let (size, limit) = (opened.size, self.config.max_size);
            decision.reason = Reason::Oversize { size, limit };
        }
        let next = if read.forward.is_some() {
            Next::Send
        } else {
            Next::File
        };
        let personal = audit::personal(self.works.personal, &self.works.pseudonym, &read.summary);
        let observed = self.config.mode == Mode::Observe;
        let happening = Happening::decided(&decision, read.digest, personal, observed);
        let patch = Patch {
            digest: read.digest,
            folder: Some(decision.folder.clone()),
            decision: Some(decision),
            plan: read.forward.as_ref().map(|(plan, _)| plan.clone()),
            summary: Some(read.summary.clone()),
            ..Patch::default()
        };
        let event = match self.config.mode {
            Mode::Live => Event::Decide(next),
            Mode::Observe => Event::Observe(next),
        };
        Ok(opened
            .standing
            .step(&event, patch, Actor::Triaged, happening)?
            .0)
    }

    /// [`Submitted::Left`] when it is a forward that found no place.
    async fn hand_on(&self, item: Item, opened: Opened, read: Decided) -> Submitted {
        let Decided {
            digest,
            decision,
            forward,
            ..
        } = read;
        tracing::debug!(
            ticket = %opened.standing.id.reference(),
            mailbox = %self.config.name,
            action = %decision.action,
            category = decision.category.as_ref().map(tracing::field::display),
            to = decision.destination(),
            "decided"
        );
        let (Some((plan, original)), Some(digest)) = (forward, digest) else {
            self.hand_to_filer(Filing {
                hold: opened.hold,
                standing: opened.standing,
                item,
                generation: self.opened.generation,
                size: opened.size,
                digest,
                folder: decision.folder,
                quarantined: None,
            })
            .await;
            return Submitted::Taken;
        };
        if self.resync {
            // Whether it may be sent is settled when all is read.
            return Submitted::Taken;
        }
        let job = Job {
            hold: opened.hold,
            share: opened.share,
            standing: opened.standing,
            plan,
            original,
            pen: self.pen.clone(),
            errand: Errand::Forward(Box::new(Forward {
                item,
                generation: self.opened.generation,
                size: opened.size,
                digest,
                folder: decision.folder,
                done: self.filings.clone(),
            })),
        };
        self.dispatch.submit(job).await
    }

    /// Hands a forward to a lane; what finds no place is sent later, from the ledger.
    pub(super) async fn hand_to_lane(&mut self, job: Job) {
        if self.dispatch.submit(job).await == Submitted::Left {
            self.left = true;
        }
    }

    /// A message that was listed and then was not there.
    fn absent(&self, item: Item, opened: Opened) -> Filing {
        Filing {
            hold: opened.hold,
            standing: opened.standing,
            item,
            generation: self.opened.generation,
            size: opened.size,
            digest: None,
            folder: Folder::from(""),
            quarantined: None,
        }
    }

    /// Hands a message to the filer of this session.
    pub(super) async fn hand_to_filer(&self, filing: Filing) {
        // The channel closes only when the session ends; the ledger then has the ticket.
        let _gone = self.filings.send(filing).await;
    }
}

/// What a notice makes of an incident.
fn incident(opened: &Opened, read: &mut Decided) -> Option<Change> {
    let (incident, course) = read.incident.take()?;
    tracing::warn!(product = %incident.product, %course, "incident");
    let happening = Happening::Incident {
        incident: incident.notice,
        product: incident.product.clone(),
        course,
    };
    Some(Change::Incident {
        of: opened.standing.id,
        incident: Box::new(incident),
        entry: opened.standing.entry(Actor::Triaged, happening),
    })
}

fn unfetchable(opened: &mut Opened, what: String) -> Result<Change, Fault> {
    let reason = HoldReason::Unfetchable { what };
    tracing::error!(ticket = %opened.standing.id.reference(), %reason, "held");
    opened.standing.hold(reason)
}
