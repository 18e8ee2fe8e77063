//! Letters: written beside the decision, taken from the ledger once their ticket is settled, and
//! handed to the lanes that send the forwards, too.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::fault::Fault;
use super::hand::InHand;
use super::job::{Errand, Job, Parcel};
use super::original;
use super::session::Session;
use super::standing::Standing;
use crate::audit;
use crate::config::mailbox::Mode;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::letter::{Letter, Posting};
use crate::domain::life::{Effect, Stage, resume};
use crate::domain::reason::HoldReason;
use crate::domain::ticket::Summary;
use crate::ledger::{Change, Outgoing, StageName, Verdict};

/// Letters read from the ledger at once.
const PAGE: u32 = 100;

impl Session<'_> {
    /// What must be written so that a letter is sent once its ticket is settled.
    pub(super) fn letter(&self, letter: Letter) -> Change {
        let happening = Happening::Letter {
            purpose: letter.purpose,
            to: self.shown(&letter),
            message_id: letter.plan.message_id.clone(),
            posting: Posting::Written,
        };
        let entry = Entry {
            at: Timestamp::now(),
            actor: Actor::Triaged,
            mailbox: Some(self.config.name.clone()),
            ticket: Some(letter.ticket),
            happening,
        };
        Change::Letter { letter, entry }
    }

    /// The recipient as the audit log may show it.
    fn shown(&self, letter: &Letter) -> Option<String> {
        let recipient = letter.plan.recipient.to_string();
        if !letter.purpose.is_to_customer() {
            return Some(recipient);
        }
        let summary = Summary {
            from: recipient,
            subject: String::new(),
        };
        audit::personal(self.works.personal, &self.works.pseudonym, &summary).from
    }

    /// Takes up the letters whose ticket is settled and whose time has come.
    pub(super) async fn resume_letters(&mut self) -> Result<(), Fault> {
        if self.config.mode == Mode::Observe {
            // What was written before is sent when the mailbox is live again.
            return Ok(());
        }
        let mut cursor = None;
        loop {
            let (page, next) = self
                .works
                .ledger
                .letters(&self.config.name, cursor, PAGE)
                .await?;
            for outgoing in page {
                if !self.hands.has(InHand::Letter(outgoing.number)) {
                    self.resume_letter(outgoing).await?;
                }
            }
            cursor = next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn resume_letter(&mut self, outgoing: Outgoing) -> Result<(), Fault> {
        let Some(mut job) = self.job_of(&outgoing) else {
            return Ok(());
        };
        let encloses = outgoing.letter.purpose.encloses();
        if outgoing.ticket_stage != StageName::Settled {
            // Nobody is to be told of what was taken away.
            let change = job.drop_letter()?;
            self.works.record(&self.pen, vec![change]).await?;
            return Ok(());
        }
        if job.standing.life.stage == Stage::Sending {
            let change = job.interrupted()?;
            if self.works.record(&self.pen, vec![change]).await? != [Verdict::Written] {
                return Ok(());
            }
        }
        match resume(&job.standing.life) {
            Effect::Queue => {}
            Effect::Wait => {
                if let Stage::Deferred { until } = job.standing.life.stage
                    && until > Timestamp::now()
                {
                    self.deferred += 1;
                    self.due = Some(self.due.map_or(until, |due| due.min(until)));
                    return Ok(());
                }
            }
            _ => return Ok(()),
        }
        if self.resync || !self.dispatch.is_open() || self.works.stop.is_cancelled() {
            self.left = true;
            self.unsent += 1;
            return Ok(());
        }
        if encloses {
            let ticket = self.works.ledger.ticket(outgoing.letter.ticket).await?;
            let found = match &ticket {
                Some(ticket) => original::original(self.config, &self.works.tokens, ticket).await?,
                None => None,
            };
            let Some(original) = found else {
                let what = "its message is not in its folder".to_owned();
                let change = job.give_up(HoldReason::Unfetchable { what })?;
                self.works.record(&self.pen, vec![change]).await?;
                return Ok(());
            };
            job.share = self.works.budget.take(original.len() as u64).await;
            job.original = original;
        }
        self.hand_to_lane(job).await;
        Ok(())
    }

    fn job_of(&self, outgoing: &Outgoing) -> Option<Job> {
        let letter = &outgoing.letter;
        Some(Job {
            hold: self.hands.take(InHand::Letter(outgoing.number))?,
            share: None,
            standing: Standing {
                id: letter.ticket,
                mailbox: self.config.name.clone(),
                life: outgoing.life.clone(),
                at: outgoing.changed_at,
                since: outgoing.made_at,
            },
            plan: letter.plan.clone(),
            original: Bytes::new(),
            pen: Arc::clone(&self.pen),
            errand: Errand::Letter(Parcel {
                number: outgoing.number,
                purpose: letter.purpose,
                shown: self.shown(letter),
            }),
        })
    }
}
