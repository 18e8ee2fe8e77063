//! A ticket in hand: where it stands by the ledger's last word, and the way one step is put into
//! words for the ledger.
//!
//! The only place that calls [`step`]: what it answers is what is written, together with what
//! happened, and nothing else ever changes a ticket.

use jiff::Timestamp;

use super::fault::Fault;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::life::{Effect, Event, Life, step};
use crate::domain::reason::HoldReason;
use crate::domain::ticket::Ticket;
use crate::ledger::{Change, Patch, StageKey};

/// Where a ticket stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which ticket.
    pub id: TicketId,
    /// Of which mailbox.
    pub mailbox: MailboxName,
    /// Its life as the ledger has it, once what was asked is written.
    pub life: Life,
    /// When it last changed.
    pub at: Timestamp,
    /// When it was found, or written: waiting is counted from here.
    pub since: Timestamp,
}

impl Standing {
    /// That of a ticket read from the ledger.
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id,
            mailbox: ticket.mailbox.clone(),
            life: ticket.life.clone(),
            at: ticket.changed_at,
            since: ticket.seen_at,
        }
    }

    /// What must be written so that `event` has happened, and what to do once it is.
    ///
    /// From here on `self` is as after the writing: when the ledger answers `Stale`, the ticket
    /// must be let go.
    ///
    /// # Errors
    /// [`Fault::Illegal`] when the event has no meaning at this stage: a fault of the pipeline.
    pub fn step(
        &mut self,
        event: &Event,
        patch: Patch,
        actor: Actor,
        happening: Happening,
    ) -> Result<(Change, Effect), Fault> {
        let (life, effect) = step(&self.life, event)?;
        let expected = StageKey::new(&self.life, self.at);
        let entry = self.entry(actor, happening);
        self.at = entry.at;
        self.life = life;
        let change = Change::Step {
            ticket: self.id,
            expected,
            life: self.life.clone(),
            patch,
            entry,
        };
        Ok((change, effect))
    }

    /// What must be written so that it waits for a person.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn hold(&mut self, reason: HoldReason) -> Result<Change, Fault> {
        let held = Happening::Held {
            reason: reason.clone(),
        };
        let event = Event::Hold(reason);
        let (change, _) = self.step(&event, Patch::default(), Actor::Triaged, held)?;
        Ok(change)
    }

    /// An audit entry about this ticket, now.
    pub fn entry(&self, actor: Actor, happening: Happening) -> Entry {
        Entry {
            at: Timestamp::now(),
            actor,
            mailbox: Some(self.mailbox.clone()),
            ticket: Some(self.id),
            happening,
        }
    }
}
