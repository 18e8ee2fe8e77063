//! The clock of a thread that waits for a publisher: reminder, then the next desk, then back.
//!
//! Pure. A desk's time is its working time: what it is given runs only while it is open. Everything
//! follows from when the desk was asked and how often it was reminded, so that looking twice, or at a
//! clock that jumped, asks nobody twice.

use jiff::Timestamp;

use crate::domain::address::Address;
use crate::domain::thread::{Return, Standing, Thread};
use crate::registry::contact::{Contact, Role};

use super::policy::Policy;

/// What is to be done in a thread now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tick {
    /// Nothing, for good: nobody is waited for, or no time was agreed.
    Rest,
    /// Nothing before this moment.
    Wait(Timestamp),
    /// The desk is asked again.
    Remind(Contact),
    /// The next desk is asked.
    FailOver {
        /// Whom.
        to: Contact,
        /// Why.
        why: Return,
    },
    /// Nobody is left: a person must act.
    Return(Return),
}

/// What is to be done in `thread` at `now`.
pub fn tick(thread: &Thread, policy: &Policy, now: Timestamp) -> Tick {
    if thread.standing != Standing::Waiting {
        return Tick::Rest;
    }
    if thread.bounced {
        return onward(thread, policy, Return::Bounced);
    }
    let Some(desk) = desk(thread, policy) else {
        return Tick::Rest;
    };
    match due(thread, policy) {
        None => Tick::Rest,
        Some(due) if due > now => Tick::Wait(due),
        Some(_) if thread.reminders == 0 => Tick::Remind(desk),
        Some(_) => onward(thread, policy, Return::Silent),
    }
}

/// When the clock of `thread` must be looked at next.
pub fn due(thread: &Thread, policy: &Policy) -> Option<Timestamp> {
    if thread.standing != Standing::Waiting {
        return None;
    }
    let (desk, asked) = (desk(thread, policy)?, thread.asked_at?);
    // A stand-in of which nothing else is agreed has the time of the desk it stands in for.
    let first = chain(thread, policy).into_iter().next();
    let response = desk.response.or_else(|| first?.response)?;
    desk.calendar.after(asked, response)
}

/// The desk that has it, as the registry knows it now.
fn desk(thread: &Thread, policy: &Policy) -> Option<Contact> {
    let contact = thread.contact.as_ref()?;
    chain(thread, policy)
        .into_iter()
        .find(|desk| desk.address.same_as(contact))
}

fn chain(thread: &Thread, policy: &Policy) -> Vec<Contact> {
    let product = thread.product.as_ref();
    product
        .and_then(|id| policy.registry.product(id))
        .map_or_else(Vec::new, |product| product.contacts.chain(Role::Technical))
}

fn onward(thread: &Thread, policy: &Policy, why: Return) -> Tick {
    let had = |address: &Address| {
        thread
            .contact
            .iter()
            .chain(&thread.tried)
            .any(|one| one.same_as(address))
    };
    chain(thread, policy)
        .into_iter()
        .find(|desk| !had(&desk.address) && policy.allow.allows(&desk.address))
        .map_or(Tick::Return(why), |to| Tick::FailOver { to, why })
}
