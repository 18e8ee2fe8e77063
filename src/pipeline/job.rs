//! One mail on its way through the queue and a lane, with all that is needed to send it, to record
//! what came of it and, if it is a forward, to hand its source copy to the filer.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::fault::Fault;
use super::file::Filing;
use super::hand::{Hold, Share};
use super::standing::Standing;
use crate::domain::address::Address;
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Happening};
use crate::domain::ids::Folder;
use crate::domain::letter::{Letter, Posting, Purpose};
use crate::domain::life::{Effect, Event, step};
use crate::domain::locator::{Generation, Item};
use crate::domain::outcome::Outcome;
use crate::domain::plan::{Enclosure, Plan};
use crate::domain::reason::HoldReason;
use crate::ledger::{Change, Patch, Pen, StageKey};
use crate::mail::compose;
use crate::mail::rendered::Rendered;

/// One mail to be sent.
#[derive(Debug)]
pub struct Job {
    /// Keeps the ticket or letter in hand.
    pub hold: Hold,
    /// The memory its bytes take.
    pub share: Option<Share>,
    /// Where it stands: the ticket or, for a letter, the letter. It expires counted from `since`.
    pub standing: Standing,
    /// What is sent.
    pub plan: Plan,
    /// The original; empty for a letter that encloses none.
    pub original: Bytes,
    /// In whose name it is recorded.
    pub pen: Arc<Pen>,
    /// What it is.
    pub errand: Errand,
}

/// What a job sends, and what follows.
#[derive(Debug)]
pub enum Errand {
    /// A ticket's forward; then its source copy is filed.
    Forward(Box<Forward>),
    /// A letter; then nothing.
    Letter(Parcel),
}

/// What is needed to file the source copy of a forward.
#[derive(Debug)]
pub struct Forward {
    /// Where its source copy lies.
    pub item: Item,
    /// In which span that place means this message.
    pub generation: Generation,
    /// Size of the source copy in bytes.
    pub size: u64,
    /// Digest of the source copy.
    pub digest: Digest,
    /// Where it is filed once it was sent.
    pub folder: Folder,
    /// Where it goes to be filed.
    pub done: mpsc::Sender<Filing>,
}

/// What is needed to record what becomes of a letter.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Its row in the ledger.
    pub number: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The recipient as the audit log may show it.
    pub shown: Option<String>,
}

impl Job {
    /// The envelope sender; `None` for a letter that nobody may answer.
    pub fn sender(&self) -> Option<&Address> {
        match &self.errand {
            Errand::Letter(parcel) if parcel.purpose.is_from_nobody() => None,
            _ => Some(&self.plan.from),
        }
    }

    /// The message as it is sent; the original's bytes are let go.
    pub fn render(&mut self, enclosure: Enclosure) -> Rendered {
        let original = std::mem::take(&mut self.original);
        match &self.errand {
            Errand::Letter(parcel) if !parcel.purpose.encloses() => {
                compose::letter(&self.plan, parcel.purpose)
            }
            _ => compose::render(&self.plan, &original, enclosure),
        }
    }

    /// What must be written so that an attempt has begun. Where the way the original travels is
    /// only now known, it is `fixed` for every further try.
    ///
    /// # Errors
    /// [`Fault::Illegal`] when it stands elsewhere.
    pub fn begin(&mut self, fixed: Option<Enclosure>) -> Result<Change, Fault> {
        let attempt = self.standing.life.attempts + 1;
        if fixed.is_some() {
            self.plan.enclosure = fixed;
        }
        let plan = fixed.map(|_| self.plan.clone());
        let happening = match &self.errand {
            Errand::Forward(_) => Happening::Sending {
                attempt,
                recipient: self.plan.recipient.clone(),
                message_id: self.plan.message_id.clone(),
            },
            Errand::Letter(parcel) => self.posted(parcel, Posting::Sending { attempt }),
        };
        Ok(self.step(&Event::Begin, plan, happening)?.0)
    }

    /// What must be written because the way out closed before anything of it was on the wire.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn put_back(&mut self) -> Result<Change, Fault> {
        let attempt = self.standing.life.attempts;
        let happening = match &self.errand {
            Errand::Forward(_) => Happening::PutBack { attempt },
            Errand::Letter(parcel) => self.posted(parcel, Posting::PutBack { attempt }),
        };
        Ok(self.step(&Event::PutBack, None, happening)?.0)
    }

    /// What must be written because nobody sends it any more though an attempt had begun.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn interrupted(&mut self) -> Result<Change, Fault> {
        let attempt = self.standing.life.attempts;
        let reply = "interrupted before the answer was recorded".to_owned();
        let until = None;
        let happening = match &self.errand {
            Errand::Forward(_) => Happening::Uncertain {
                attempt,
                reply,
                until,
            },
            Errand::Letter(parcel) => {
                let posting = Posting::Uncertain {
                    attempt,
                    reply,
                    until,
                };
                self.posted(parcel, posting)
            }
        };
        Ok(self.step(&Event::Interrupted, None, happening)?.0)
    }

    /// What must be written so that a letter is given up before it was tried.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn give_up(&mut self, reason: HoldReason) -> Result<Change, Fault> {
        let event = Event::Hold(reason.clone());
        let happening = match &self.errand {
            Errand::Forward(_) => Happening::Held { reason },
            Errand::Letter(parcel) => self.posted(parcel, Posting::Failed { reason }),
        };
        Ok(self.step(&event, None, happening)?.0)
    }

    /// What must be written so that a letter is never sent: its ticket was taken away.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn drop_letter(&mut self) -> Result<Change, Fault> {
        let sent_perhaps = self.standing.life.attempts > 0;
        let happening = match &self.errand {
            Errand::Forward(_) => Happening::Withdrawn {
                sent_perhaps,
                found: None,
            },
            Errand::Letter(parcel) => self.posted(parcel, Posting::Dropped),
        };
        Ok(self.step(&Event::Vanished, None, happening)?.0)
    }

    /// What must be written because an attempt ended, and what follows.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn end(
        &mut self,
        outcome: Outcome,
        retry: Option<Timestamp>,
    ) -> Result<(Change, Effect), Fault> {
        let attempt = self.standing.life.attempts;
        let happening = match &self.errand {
            Errand::Forward(_) => forwarded(&outcome, attempt, retry),
            Errand::Letter(parcel) => self.posted(parcel, posting(&outcome, attempt, retry)),
        };
        self.step(&Event::End { outcome, retry }, None, happening)
    }

    /// What is to be filed now that it was sent, and where it is handed in.
    pub fn filing(self) -> Option<(Filing, mpsc::Sender<Filing>)> {
        let Errand::Forward(forward) = self.errand else {
            return None;
        };
        let filing = Filing {
            hold: self.hold,
            standing: self.standing,
            item: forward.item,
            generation: forward.generation,
            size: forward.size,
            digest: Some(forward.digest),
            folder: forward.folder,
            quarantined: None,
        };
        Some((filing, forward.done))
    }

    fn posted(&self, parcel: &Parcel, posting: Posting) -> Happening {
        Happening::Letter {
            purpose: parcel.purpose,
            to: parcel.shown.clone(),
            message_id: self.plan.message_id.clone(),
            posting,
        }
    }

    fn step(
        &mut self,
        event: &Event,
        plan: Option<Plan>,
        happening: Happening,
    ) -> Result<(Change, Effect), Fault> {
        let Errand::Letter(parcel) = &self.errand else {
            let patch = Patch {
                plan,
                ..Patch::default()
            };
            return self.standing.step(event, patch, Actor::Triaged, happening);
        };
        let (life, effect) = step(&self.standing.life, event)?;
        let expected = StageKey::new(&self.standing.life, self.standing.at);
        let entry = self.standing.entry(Actor::Triaged, happening);
        self.standing.at = entry.at;
        self.standing.life = life;
        let change = Change::LetterStep {
            number: parcel.number,
            expected,
            life: self.standing.life.clone(),
            letter: plan.map(|plan| Letter {
                ticket: self.standing.id,
                purpose: parcel.purpose,
                plan,
            }),
            entry,
        };
        Ok((change, effect))
    }
}

/// How an attempt that ended without success and is not repeated is called.
fn given_up(outcome: &Outcome) -> HoldReason {
    match outcome {
        Outcome::Refused { cause, reply } => HoldReason::Refused {
            cause: *cause,
            reply: reply.clone(),
        },
        other => HoldReason::Expired {
            reply: other.reply().to_owned(),
        },
    }
}

fn forwarded(outcome: &Outcome, attempt: u32, retry: Option<Timestamp>) -> Happening {
    let reply = outcome.reply().to_owned();
    match (outcome, retry) {
        (Outcome::Delivered { .. }, _) => Happening::Delivered { attempt, reply },
        (Outcome::Deferred { cause, .. }, Some(until)) => Happening::Deferred {
            attempt,
            cause: *cause,
            reply,
            until,
        },
        (Outcome::Uncertain { .. }, until) => Happening::Uncertain {
            attempt,
            reply,
            until,
        },
        (Outcome::Deferred { .. } | Outcome::Refused { .. }, _) => Happening::Held {
            reason: given_up(outcome),
        },
    }
}

fn posting(outcome: &Outcome, attempt: u32, retry: Option<Timestamp>) -> Posting {
    let reply = outcome.reply().to_owned();
    match (outcome, retry) {
        (Outcome::Delivered { .. }, _) => Posting::Delivered { attempt, reply },
        (Outcome::Deferred { cause, .. }, Some(until)) => Posting::Deferred {
            attempt,
            cause: *cause,
            reply,
            until,
        },
        (Outcome::Uncertain { .. }, until) => Posting::Uncertain {
            attempt,
            reply,
            until,
        },
        (Outcome::Deferred { .. } | Outcome::Refused { .. }, _) => Posting::Failed {
            reason: given_up(outcome),
        },
    }
}
