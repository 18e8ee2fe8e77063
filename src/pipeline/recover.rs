//! Looking over: what lies in the folder against what the ledger knows.
//!
//! The same look serves the start after a crash, a new connection and the periodic check: every
//! stage a ticket can be found in is resumed here and nowhere else. What is already in hand is
//! passed over.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::fault::Fault;
use super::file::Filing;
use super::job::{Errand, Forward, Job};
use super::session::Session;
use super::standing::Standing;
use crate::config::mailbox::Mode;
use crate::domain::address::Address;
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Happening};
use crate::domain::ids::{Folder, TicketId};
use crate::domain::life::{Effect, Event, Stage, resume};
use crate::domain::locator::Item;
use crate::domain::reason::HoldReason;
use crate::domain::thread::Part;
use crate::domain::ticket::Ticket;
use crate::ledger::{Baseline, Change, FolderMark, MailboxPatch, Patch, Verdict};
use crate::mailbox::exchange::{Content, Entry, Mark};

/// Items asked of the ledger at once.
const KNOWN_PAGE: usize = 500;

/// Tickets read from the ledger at once.
const PAGE: u32 = 200;

/// Most missing messages looked for at once: bounds what is in memory and in one commit.
const MISSING_MAX: usize = 1000;

impl Session<'_> {
    /// Looks over the whole source folder and everything unfinished.
    pub(super) async fn reconcile(&mut self) -> Result<(), Fault> {
        let listing = self.mailbox.list(None).await?;
        if listing.deleted > 0 {
            tracing::info!(
                mailbox = %self.config.name,
                count = listing.deleted,
                "left alone: somebody marked them as deleted"
            );
        }
        let present: HashSet<Item> = listing.entries.iter().map(|e| e.item.clone()).collect();
        let ended = self.queue_new(listing.entries).await?;
        self.tell_of_ended(ended);
        self.resume_unfinished(Some(&present)).await?;
        if self.hands.is_empty() && !self.resync {
            self.remember_marks().await?;
        }
        self.reconcile_at = Instant::now() + self.config.reconcile;
        self.works.meters.reconciled(&self.config.name);
        self.works.hindrances.over(&self.config.name);
        Ok(())
    }

    /// Takes up what the ledger says can be done now, without looking at the folder: what is gone
    /// from it is found out when it is touched.
    pub(super) async fn take_up(&mut self) -> Result<(), Fault> {
        self.resume_unfinished(None).await
    }

    /// Lists what came since the last look.
    pub(super) async fn list_new(&mut self) -> Result<(), Fault> {
        let listing = self.mailbox.list(self.next_uid).await?;
        self.queue_new(listing.entries).await?;
        Ok(())
    }

    /// What lies there though its ticket has ended was put back under its old name, or was missed
    /// by a look. Nobody works on it: people must know. What was filed between the look and the
    /// question to the ledger is not there the next time.
    fn tell_of_ended(&mut self, ended: HashSet<Item>) {
        let count = ended.intersection(&self.ended).count();
        if count > 0 {
            tracing::warn!(
                mailbox = %self.config.name,
                count,
                example = ended.intersection(&self.ended).next().map(tracing::field::display),
                "left alone: their tickets have ended; a copy of such a message is worked on"
            );
        }
        self.ended = ended;
    }

    /// Queues the messages that have no ticket, and says which have one that has ended.
    async fn queue_new(&mut self, entries: Vec<Entry>) -> Result<HashSet<Item>, Fault> {
        let mut ended = HashSet::new();
        let queued: HashSet<Item> = self.queue.iter().map(|e| e.item.clone()).collect();
        for page in entries.chunks(KNOWN_PAGE) {
            let items: Vec<Item> = page.iter().map(|e| e.item.clone()).collect();
            let known = self
                .works
                .ledger
                .known(&self.config.name, self.opened.generation, &items)
                .await?;
            for entry in page {
                if let Item::Uid(uid) = entry.item {
                    self.next_uid = Some(self.next_uid.unwrap_or(0).max(uid.saturating_add(1)));
                }
                if known
                    .get(&entry.item)
                    .is_some_and(|(_, stage)| stage.is_end())
                {
                    ended.insert(entry.item.clone());
                } else if !known.contains_key(&entry.item)
                    && !queued.contains(&entry.item)
                    && self.is_above_baseline(&entry.item)
                {
                    self.queue.push_back(entry.clone());
                }
            }
        }
        Ok(ended)
    }

    fn is_above_baseline(&self, item: &Item) -> bool {
        match (&self.baseline, item) {
            (None, _) => true,
            (Some(Baseline::Below { generation, uid }), Item::Uid(own)) => {
                *generation != self.opened.generation || own >= uid
            }
            // A Maildir base name begins with the second of its delivery.
            (Some(Baseline::Before(time)), Item::Base(base)) => base
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .and_then(|second| second.parse::<i64>().ok())
                .is_none_or(|second| second >= time.as_second()),
            (Some(_), _) => true,
        }
    }

    /// Resumes what is unfinished. With `present`, what is no longer in the folder is looked for.
    async fn resume_unfinished(&mut self, present: Option<&HashSet<Item>>) -> Result<(), Fault> {
        let mut sends = Vec::new();
        let mut moves = Vec::new();
        let mut missing = Vec::new();
        let mut anew = Vec::new();
        let mut cursor = None;
        self.due = None;
        (self.unsent, self.deferred) = (0, 0);
        loop {
            let (page, next) = self
                .works
                .ledger
                .unfinished(&self.config.name, cursor, PAGE)
                .await?;
            for ticket in page {
                if self.hands.has(ticket.id) || self.is_kept_for_resync(&ticket) {
                    continue;
                }
                let here = ticket.locator.generation == self.opened.generation
                    && present.is_none_or(|items| items.contains(&ticket.locator.item));
                if here && self.is_to_be_reconsidered(&ticket) {
                    anew.push(ticket);
                } else if here {
                    self.resume_one(ticket, &mut sends, &mut moves).await?;
                } else {
                    missing.push(ticket);
                }
            }
            if !moves.is_empty() {
                self.filer().file_again(std::mem::take(&mut moves)).await?;
            }
            self.send_again(&mut sends).await?;
            self.reconsider(std::mem::take(&mut anew)).await?;
            if missing.len() >= MISSING_MAX {
                self.look_for(std::mem::take(&mut missing)).await?;
            }
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        self.look_for(missing).await?;
        self.rounds().await?;
        self.resume_letters().await
    }

    async fn resume_one(
        &mut self,
        ticket: Ticket,
        sends: &mut Vec<Ticket>,
        moves: &mut Vec<Filing>,
    ) -> Result<(), Fault> {
        match resume(&ticket.life) {
            Effect::Read if !self.again.iter().any(|t| t.id == ticket.id) => {
                self.again.push_back(ticket);
            }
            Effect::Move => {
                moves.extend(self.filing_of(ticket));
            }
            Effect::Queue => {
                let ticket = if ticket.life.stage == Stage::Sending {
                    match self.interrupted(ticket).await? {
                        Some(ticket) => ticket,
                        None => return Ok(()),
                    }
                } else {
                    ticket
                };
                sends.push(ticket);
            }
            Effect::Wait => {
                if let Stage::Deferred { until } = &ticket.life.stage {
                    let until = *until;
                    if until <= Timestamp::now() {
                        sends.push(ticket);
                    } else {
                        self.deferred += 1;
                        self.due = Some(self.due.map_or(until, |due| due.min(until)));
                    }
                }
            }
            Effect::Read
            | Effect::AskPerson
            | Effect::Observe
            | Effect::Transmit
            | Effect::Nothing => {}
        }
        Ok(())
    }

    /// Whether a ticket of the time when the mailbox was only observed is to be worked on now.
    fn is_to_be_reconsidered(&self, ticket: &Ticket) -> bool {
        self.config.mode == Mode::Live
            && resume(&ticket.life) == Effect::Observe
            && self.is_above_baseline(&ticket.locator.item)
    }

    /// Has tickets decided anew: the rules that decided while the mailbox was observed are not
    /// those that came of observing it.
    async fn reconsider(&mut self, tickets: Vec<Ticket>) -> Result<(), Fault> {
        let mut changes = Vec::with_capacity(tickets.len());
        let mut follow = Vec::with_capacity(tickets.len());
        for mut ticket in tickets {
            let mut standing = Standing::of(&ticket);
            let (change, _) = standing.step(
                &Event::Reconsider,
                Patch::default(),
                Actor::Triaged,
                Happening::Reconsidered,
            )?;
            changes.push(change);
            ticket.life = standing.life;
            ticket.changed_at = standing.at;
            follow.push(ticket);
        }
        let verdicts = self.works.record(&self.pen, changes).await?;
        let written = follow.into_iter().zip(verdicts);
        let written = written.filter(|(_, verdict)| *verdict == Verdict::Written);
        self.again.extend(written.map(|(ticket, _)| ticket));
        Ok(())
    }

    /// The ticket taken in hand as something to be filed; `None` when it is in hand already.
    fn filing_of(&self, ticket: Ticket) -> Option<Filing> {
        Some(Filing {
            hold: self.hands.take(ticket.id)?,
            standing: Standing::of(&ticket),
            item: ticket.locator.item,
            generation: ticket.locator.generation,
            size: ticket.size,
            digest: ticket.digest,
            folder: ticket.folder.unwrap_or_else(|| self.quarantine_folder()),
            quarantined: None,
        })
    }

    fn quarantine_folder(&self) -> Folder {
        self.reader.policy.routing.quarantine.clone()
    }

    /// Nobody is sending it any more: whether it was accepted is not known.
    async fn interrupted(&mut self, mut ticket: Ticket) -> Result<Option<Ticket>, Fault> {
        let mut standing = Standing::of(&ticket);
        let attempt = standing.life.attempts;
        tracing::warn!(
            ticket = %ticket.id.reference(),
            attempt,
            "was interrupted while being sent: it is sent again under the same Message-ID"
        );
        let happening = Happening::Uncertain {
            attempt,
            reply: "interrupted before the answer was recorded".to_owned(),
            until: None,
        };
        let step = standing.step(
            &Event::Interrupted,
            Patch::default(),
            Actor::Triaged,
            happening,
        )?;
        if self.works.record(&self.pen, vec![step.0]).await? != [Verdict::Written] {
            return Ok(None);
        }
        ticket.life = standing.life;
        ticket.changed_at = standing.at;
        Ok(Some(ticket))
    }

    /// Fetches the originals of forwards that wait in the ledger and hands them to the lanes.
    async fn send_again(&mut self, sends: &mut Vec<Ticket>) -> Result<(), Fault> {
        for ticket in sends.drain(..) {
            if self.resync || !self.dispatch.is_open() || self.works.stop.is_cancelled() {
                self.left = true;
                self.unsent += 1;
                continue;
            }
            self.send_one_again(ticket).await?;
        }
        Ok(())
    }

    async fn send_one_again(&mut self, ticket: Ticket) -> Result<(), Fault> {
        let share = self.works.budget.take(ticket.size).await;
        let entry = Entry {
            item: ticket.locator.item.clone(),
            size: ticket.size,
        };
        let fetched = self.mailbox.fetch(vec![entry], self.config.max_size);
        let mut fetched = fetched.await;
        let content = match fetched.recv().await {
            Some(fetched) => fetched?.content,
            None => Content::Unusable {
                what: "no answer".to_owned(),
            },
        };
        drop(fetched);
        let original = match content {
            Content::Whole(bytes) => bytes,
            Content::Gone => {
                let gone: Vec<Filing> = self.filing_of(ticket).into_iter().collect();
                return self.filer().look(gone).await;
            }
            Content::Head(_) => {
                return self
                    .hold_unfetchable(&ticket, "it is above `max-size`")
                    .await;
            }
            Content::Unusable { what } => return self.hold_unfetchable(&ticket, &what).await,
        };
        let digest = Digest::of(&original);
        if ticket.digest.is_some_and(|known| known != digest) {
            let what = "its content is not what was decided on";
            return self.hold_unfetchable(&ticket, what).await;
        }
        // A person may have given it a recipient: then the plan is made now.
        let plan = match ticket.plan.clone() {
            Some(plan) if Some(&plan.recipient) == recipient(&ticket) => Some(plan),
            _ => {
                let thread = match linked(&ticket) {
                    Some(root) => self.works.ledger.thread(root).await?,
                    None => None,
                };
                let thread = thread.as_ref();
                self.reader.plan_again(&ticket, thread, &original, digest)
            }
        };
        let Some(plan) = plan else {
            return self
                .hold_unfetchable(&ticket, "no forward can be made of it")
                .await;
        };
        self.asked(&ticket, &plan, &original).await?;
        let Some(hold) = self.hands.take(ticket.id) else {
            return Ok(());
        };
        self.hand_to_lane(Job {
            hold,
            share,
            standing: Standing::of(&ticket),
            plan,
            original,
            pen: Arc::clone(&self.pen),
            errand: Errand::Forward(Box::new(Forward {
                item: ticket.locator.item,
                generation: ticket.locator.generation,
                size: ticket.size,
                digest,
                folder: ticket.folder.unwrap_or_else(|| self.quarantine_folder()),
                done: self.filings.clone(),
            })),
        })
        .await;
        Ok(())
    }

    async fn hold_unfetchable(&self, ticket: &Ticket, what: &str) -> Result<(), Fault> {
        let mut standing = Standing::of(ticket);
        let reason = HoldReason::Unfetchable {
            what: what.to_owned(),
        };
        tracing::error!(ticket = %standing.id.reference(), %reason, "held");
        let change = standing.hold(reason)?;
        self.works.record(&self.pen, vec![change]).await?;
        Ok(())
    }

    /// Looks for what left the source folder without our knowing how.
    async fn look_for(&mut self, missing: Vec<Ticket>) -> Result<(), Fault> {
        // By generation: the same name means another message in each.
        let mut doubtful: BTreeMap<_, Vec<Filing>> = BTreeMap::new();
        for mut ticket in missing {
            if ticket.life.stage == Stage::Sending {
                match self.interrupted(ticket).await? {
                    Some(same) => ticket = same,
                    None => continue,
                }
            }
            if let Some(filing) = self.filing_of(ticket) {
                doubtful.entry(filing.generation).or_default().push(filing);
            }
        }
        for filings in doubtful.into_values() {
            self.filer().look(filings).await?;
        }
        Ok(())
    }

    /// From now on a look begins where the folders stood when this session opened: nothing is in
    /// doubt before that.
    async fn remember_marks(&mut self) -> Result<(), Fault> {
        if self.marks == self.opened.marks {
            return Ok(());
        }
        self.marks.clone_from(&self.opened.marks);
        let marks = self
            .marks
            .iter()
            .map(
                |Mark {
                     folder,
                     generation,
                     next,
                 }| FolderMark {
                    folder: folder.clone(),
                    generation: *generation,
                    next: *next,
                },
            )
            .collect();
        let patch = MailboxPatch {
            generation: Some(self.opened.generation),
            marks: Some(marks),
            ..MailboxPatch::default()
        };
        let change = Change::Mailbox {
            name: self.config.name.clone(),
            patch,
            entry: None,
        };
        self.works.record(&self.pen, vec![change]).await?;
        Ok(())
    }
}

/// Whom the ticket is to be sent to by its decision.
fn recipient(ticket: &Ticket) -> Option<&Address> {
    ticket
        .decision
        .as_ref()
        .and_then(|decision| decision.recipient.as_ref())
}

/// The first ticket of the thread that a ticket follows.
fn linked(ticket: &Ticket) -> Option<TicketId> {
    let link = ticket.decision.as_ref()?.link.as_ref()?;
    (link.part == Part::Follows).then_some(link.thread)
}
