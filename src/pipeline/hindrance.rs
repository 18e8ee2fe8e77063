//! What keeps mailboxes from being worked on, as their crews found it; for whoever tells a person.
//!
//! A crew notes each fault that makes it wait, and takes the note away once it has looked the whole
//! folder over. In between the first fault counts from its own time, whatever came after it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::ids::MailboxName;

/// Why something is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    /// In words; those of a server among them.
    pub why: String,
    /// Whether it does not pass by itself.
    pub lasting: bool,
}

/// What hinders work on each of the mailboxes.
#[derive(Debug, Default)]
pub struct Hindrances(Mutex<BTreeMap<MailboxName, Hindrance>>);

impl Hindrances {
    /// The mailbox cannot be worked on.
    pub fn note(&self, mailbox: &MailboxName, hindrance: Hindrance) {
        self.lock().insert(mailbox.clone(), hindrance);
    }

    /// It was looked over.
    pub fn over(&self, mailbox: &MailboxName) {
        self.lock().remove(mailbox);
    }

    /// Those of now.
    pub fn all(&self) -> Vec<(MailboxName, Hindrance)> {
        let all = self.lock();
        all.iter().map(|(n, t)| (n.clone(), t.clone())).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<MailboxName, Hindrance>> {
        // A note is whole whatever a panicking thread was doing with another one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
