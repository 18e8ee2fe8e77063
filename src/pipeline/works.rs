//! What every crew works with: the ledger, the rules in force, the memory and the way out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::apart::Apart;
use super::fault::Fault;
use super::hand::Budget;
use super::hindrance::Hindrances;
use super::meters::Meters;
use crate::config::audit::PersonalPolicy;
use crate::config::limits::Limits;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::MailboxName;
use crate::ledger::{Change, Ledger, LedgerError, MailboxPatch, Pen, Posting, Verdict};
use crate::mail::origin::InstanceKey;
use crate::mailbox::exchange::Opened;
use crate::oauth::Tokens;
use crate::system::clock::Clock;
use crate::triage::Policy;

/// Pause before a ledger that is full or busy is asked again.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

/// The shared parts.
#[derive(Debug)]
pub struct Works {
    /// Where everything is recorded.
    pub ledger: Ledger,
    /// Where a message that was read alone before is read first.
    pub apart: Apart,
    /// What decides; swapped as a whole.
    pub policy: ArcSwap<Policy>,
    /// What our Message-IDs and marks are made with.
    pub key: Arc<InstanceKey>,
    /// The memory for messages.
    pub budget: Budget,
    /// The bounds.
    pub limits: Limits,
    /// What time threads go by.
    pub clock: Clock,
    /// What is counted.
    pub meters: Meters,
    /// What keeps mailboxes from being worked on.
    pub hindrances: Hindrances,
    /// What the audit log may hold of a person.
    pub personal: PersonalPolicy,
    /// What pseudonyms are made with.
    pub pseudonym: [u8; 32],
    /// The access tokens of mailboxes and the way out.
    pub tokens: Tokens,
    /// Cancelled when work must end, in order or after a fault.
    pub stop: CancellationToken,
    /// The fault that ended it, if one did.
    fatal: Mutex<Option<String>>,
    /// How often another process was found to have written to the ledger.
    changes: AtomicU64,
}

impl Works {
    /// Puts the parts together.
    pub fn new(
        ledger: Ledger,
        policy: Arc<Policy>,
        key: Arc<InstanceKey>,
        limits: Limits,
        personal: PersonalPolicy,
        apart: Apart,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            apart,
            policy: ArcSwap::new(policy),
            pseudonym: key.derive("pseudonym"),
            key,
            budget: Budget::new(limits.memory),
            limits,
            meters: Meters::default(),
            hindrances: Hindrances::default(),
            personal,
            clock,
            tokens: Tokens::default(),
            stop: CancellationToken::new(),
            fatal: Mutex::new(None),
            changes: AtomicU64::new(0),
        })
    }

    /// Records changes, waiting while the ledger has no room or is busy: nothing else can be
    /// done meanwhile, and nothing is lost by waiting.
    ///
    /// # Errors
    /// What does not pass by itself, or the passing error itself once work must end.
    pub async fn record(
        &self,
        pen: &Pen,
        changes: Vec<Change>,
    ) -> Result<Vec<Verdict>, LedgerError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let noted = Meters::note(&changes);
        let posting = Posting::of(changes)?;
        let mut told = false;
        loop {
            match self.ledger.post(pen, &posting).await {
                Err(error) if error.is_passing() && !self.stop.is_cancelled() => {
                    if !told {
                        tracing::error!(%error, "the ledger cannot write; nothing is begun until it can");
                        told = true;
                    }
                    tokio::time::sleep(LEDGER_PAUSE).await;
                }
                other => {
                    if told && other.is_ok() {
                        tracing::info!("the ledger writes again");
                    }
                    if let Ok(verdicts) = &other {
                        self.meters.count(noted, verdicts);
                    }
                    return other;
                }
            }
        }
    }

    /// Records that a mailbox was opened, with what becomes known of it by that.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn note_opened(
        &self,
        pen: &Pen,
        name: &MailboxName,
        opened: &Opened,
        patch: MailboxPatch,
    ) -> Result<(), LedgerError> {
        let entry = Entry {
            at: Timestamp::now(),
            actor: Actor::Triaged,
            mailbox: Some(name.clone()),
            ticket: None,
            happening: Happening::MailboxOpened {
                generation: opened.generation,
                messages: opened.messages,
            },
        };
        let change = Change::Mailbox {
            name: name.clone(),
            patch,
            entry: Some(entry),
        };
        self.record(pen, vec![change]).await.map(|_| ())
    }

    /// The process that reads a message first which was tried so many times: the first time it had
    /// neighbours, any of which may have been to blame, and a process for each would take long.
    pub fn apart_for(&self, tries: u32) -> Option<&Apart> {
        (tries > 1).then_some(&self.apart)
    }

    /// Where a crew that has just looked everything over begins to count.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Whether another process wrote to the ledger since `seen`, which is then moved on. The
    /// ledger says it once; here every crew hears of it.
    ///
    /// # Errors
    /// When the ledger cannot be asked.
    pub async fn changed(&self, seen: &mut u64) -> Result<bool, LedgerError> {
        if self.ledger.changed().await? {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        let now = self.changes.load(Ordering::Relaxed);
        Ok(std::mem::replace(seen, now) != now)
    }

    /// Ends all work because of a fault that does not pass; the first one is kept.
    pub fn fail(&self, fault: &Fault) {
        let mut fatal = self.fatal.lock().unwrap_or_else(PoisonError::into_inner);
        if fatal.is_none() {
            tracing::error!(error = %fault, "work ends");
            *fatal = Some(fault.to_string());
        }
        self.stop.cancel();
    }

    /// The fault that ended all work, if one did.
    pub fn failure(&self) -> Option<String> {
        self.fatal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
