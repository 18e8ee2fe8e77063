//! One session of one mailbox: from an open connection to its loss or the end of work.
//!
//! A session trusts nothing from before it but the ledger. It looks over the whole folder first
//! ([`recover`](super::recover)), then works off what is queued, waits, and looks again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::crew::folders;
use super::dispatch::Dispatch;
use super::fault::Fault;
use super::file::{Filer, Filing};
use super::hand::Hands;
use super::pulse::Pulse;
use super::read::Reader;
use super::threads::Recent;
use super::works::Works;
use crate::config::mailbox::MailboxConfig;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::domain::ticket::Ticket;
use crate::ledger::{Baseline, Pen};
use crate::mailbox::Mailbox;
use crate::mailbox::exchange::{Entry, Hint, Mark, Opened};

/// How often the ledger is asked whether somebody else wrote to it.
const LEDGER_LOOK: Duration = Duration::from_secs(1);

/// How long the connection is kept free for tickets that are in hand, before it waits for mail.
const SETTLING: Duration = Duration::from_millis(250);

/// Longest time that work in hand gets to finish once work must end.
const DRAIN: Duration = Duration::from_secs(15);

/// How a session ended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing is left to do now.
    Drained,
    /// Nothing is left to do now but to send what cannot be sent.
    Unsent {
        /// How many forwards wait in the ledger.
        forwards: u64,
    },
    /// Work had to end.
    Stopped,
}

/// Why a wait ended.
enum Woken {
    /// New mail may be there.
    Mail,
    /// The ledger holds work that may now be done.
    Work,
    /// It is time to look over the whole folder.
    Reconcile,
    /// Work must end.
    Stop,
}

/// A session.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing to be done that may hold beside the others"
)]
pub struct Session<'a> {
    pub(super) works: &'a Arc<Works>,
    pub(super) dispatch: &'a Dispatch,
    pub(super) config: &'a Arc<MailboxConfig>,
    pub(super) mailbox: &'a Mailbox,
    pub(super) pen: Arc<Pen>,
    pub(super) hands: &'a Arc<Hands>,
    pub(super) filings: mpsc::Sender<Filing>,
    pub(super) opened: Opened,
    /// The folders that were there, or made, when it was opened.
    pub(super) folders: Vec<Folder>,
    /// Mail that lay there before the first run and is left alone.
    pub(super) baseline: Option<Baseline>,
    pub(super) reader: Reader,
    /// Where each folder stood when nothing was in doubt.
    pub(super) marks: Vec<Mark>,
    /// New messages, oldest first.
    pub(super) queue: VecDeque<Entry>,
    /// What lay there at the last look though its ticket has ended.
    pub(super) ended: HashSet<Item>,
    /// Tickets to be read alone.
    pub(super) again: VecDeque<Ticket>,
    /// The next UID that was not listed yet.
    pub(super) next_uid: Option<u32>,
    /// Something could not be read and is to be tried again.
    pub(super) unread: bool,
    /// Forwards were left in the ledger for want of a place in the queue.
    pub(super) left: bool,
    /// How many forwards wait for the way out to open.
    pub(super) unsent: u64,
    /// How many forwards wait for their next try.
    pub(super) deferred: u64,
    /// The folder was rebuilt, and what lay in it is not all read yet: nothing is sent.
    pub(super) resync: bool,
    /// When the next deferred forward is due.
    pub(super) due: Option<Timestamp>,
    /// How many were let go when the ledger was last asked for the next due one.
    pub(super) let_go: u64,
    /// The way out was opened again.
    pub(super) reopened: watch::Receiver<u64>,
    /// Writes of other processes that were taken up.
    pub(super) changes: u64,
    /// When the whole folder is looked over again.
    pub(super) reconcile_at: Instant,
    /// Whether to end when nothing is left to do.
    pub(super) once: bool,
    /// Threads of messages that were decided and may not be in the ledger yet.
    pub(super) recent: Mutex<Recent>,
    /// Its crew's sign of life.
    pub(super) pulse: &'a Pulse,
}

impl Session<'_> {
    /// Works until nothing is left (`once`), work must end, or something breaks.
    pub async fn work(&mut self) -> Result<End, Fault> {
        if self.resync {
            self.await_former().await;
        }
        self.reconcile().await?;
        loop {
            self.pulse.beat();
            self.refresh_policy()?;
            self.intake().await?;
            if self.unread && !self.works.stop.is_cancelled() {
                self.unread = false;
                self.take_up().await?;
                continue;
            }
            if self.resync
                && self.queue.is_empty()
                && self.again.is_empty()
                && !self.works.stop.is_cancelled()
            {
                self.end_resync().await?;
            }
            if self.left && self.hands.is_empty() {
                self.left = false;
                self.take_up().await?;
                if !self.hands.is_empty() {
                    continue;
                }
            }
            if self.once && self.hands.is_empty() && !self.works.stop.is_cancelled() {
                self.reconcile().await?;
                if self.queue.is_empty() && self.again.is_empty() && self.hands.is_empty() {
                    return Ok(self.drained());
                }
                continue;
            }
            if self.works.stop.is_cancelled() {
                self.drain().await;
                return Ok(End::Stopped);
            }
            match self.wait().await? {
                Woken::Mail => self.list_new().await?,
                Woken::Work => self.take_up().await?,
                Woken::Reconcile => self.reconcile().await?,
                Woken::Stop => {
                    self.drain().await;
                    return Ok(End::Stopped);
                }
            }
        }
    }

    /// The filer that shares this session's mailbox.
    pub(super) fn filer(&self) -> Filer<'_> {
        Filer {
            works: self.works,
            mailbox: self.mailbox,
            generation: self.opened.generation,
            pen: &self.pen,
            hands: self.hands,
            marks: &self.marks,
        }
    }

    fn drained(&self) -> End {
        if self.deferred > 0 {
            tracing::info!(
                mailbox = %self.config.name,
                forwards = self.deferred,
                next = self.due.map(tracing::field::display),
                "deferred: a later run tries them again"
            );
        }
        match self.unsent {
            0 => End::Drained,
            forwards => End::Unsent { forwards },
        }
    }

    /// Takes the rules of the moment for what is read from now on. Folders that they name anew are
    /// looked for, and made, when the mailbox is opened: so it is, before anything goes there.
    fn refresh_policy(&mut self) -> Result<(), Fault> {
        let now = self.works.policy.load_full();
        if !Arc::ptr_eq(&now, &self.reader.policy) {
            let wanted = folders(&now.routing);
            if !wanted.iter().all(|folder| self.folders.contains(folder)) {
                return Err(Fault::OtherFolders);
            }
            self.reader.policy = now;
        }
        Ok(())
    }

    async fn wait(&mut self) -> Result<Woken, Fault> {
        if self.works.stop.is_cancelled() {
            return Ok(Woken::Stop);
        }
        // Tickets in hand will want the connection in a moment: waiting for mail on it would cost
        // them a round trip.
        let settling = Instant::now() + SETTLING;
        while !self.hands.is_empty() && (self.once || Instant::now() < settling) {
            self.pulse.beat();
            let freed = self.hands.freed();
            let most = if self.once { LEDGER_LOOK } else { SETTLING };
            tokio::select! {
                () = freed => {}
                () = tokio::time::sleep(most) => {}
                () = self.works.stop.cancelled() => return Ok(Woken::Stop),
            }
        }
        if self.once {
            return Ok(Woken::Work);
        }
        let mailbox = self.mailbox.clone();
        let hint = mailbox.hint(self.reconcile_at.saturating_duration_since(Instant::now()));
        tokio::pin!(hint);
        loop {
            let pause = self.pause_until_due();
            self.pulse.beat();
            tokio::select! {
                hint = &mut hint => return Ok(match hint? {
                    Hint::Changed => Woken::Mail,
                    Hint::Quiet => Woken::Reconcile,
                }),
                _ = self.reopened.changed() => return Ok(Woken::Work),
                () = self.works.stop.cancelled() => return Ok(Woken::Stop),
                () = tokio::time::sleep(pause) => {
                    if self.left && self.hands.is_empty() && self.dispatch.is_open() {
                        return Ok(Woken::Work);
                    }
                    if self.due.is_some_and(|due| due <= Timestamp::now()) {
                        self.due = None;
                        return Ok(Woken::Work);
                    }
                    self.look_when_due().await?;
                    if self.works.changed(&mut self.changes).await? {
                        return Ok(Woken::Work);
                    }
                }
            }
        }
    }

    /// A ticket that was let go may have been deferred.
    async fn look_when_due(&mut self) -> Result<(), Fault> {
        let let_go = self.hands.let_go();
        if std::mem::replace(&mut self.let_go, let_go) == let_go {
            return Ok(());
        }
        // What is overdue was looked at, or is of another mailbox: it must not keep us busy.
        if let Some(due) = self.works.ledger.next_due().await?
            && due > Timestamp::now()
            && self.due.is_none_or(|known| due < known)
        {
            self.due = Some(due);
        }
        // Its ticket may just have been settled.
        if self.dispatch.is_open()
            && let Some(due) = self.works.ledger.letter_due(&self.config.name).await?
            && self.due.is_none_or(|known| due < known)
        {
            self.due = Some(due);
        }
        Ok(())
    }

    fn pause_until_due(&self) -> Duration {
        let Some(due) = self.due else {
            return LEDGER_LOOK;
        };
        let until = due.duration_since(Timestamp::now());
        Duration::try_from(until)
            .unwrap_or(Duration::ZERO)
            .min(LEDGER_LOOK)
    }

    /// Lets what is in hand come to its end, for a bounded time.
    async fn drain(&self) {
        let until = Instant::now() + DRAIN;
        while !self.hands.is_empty() && Instant::now() < until {
            let freed = self.hands.freed();
            tokio::select! {
                () = freed => {}
                () = tokio::time::sleep(LEDGER_LOOK) => {}
            }
        }
    }
}
