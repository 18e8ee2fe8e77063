//! The state of the way out, shared by the queue and the lanes: open or closed, how fast, and why
//! it closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, watch};

use super::hindrance::Hindrance;
use crate::delivery::breaker::Breaker;
use crate::delivery::cap::Cap;
use crate::delivery::rate::Rate;

/// The state of the way out.
#[derive(Debug)]
pub(super) struct Traffic {
    breaker: Mutex<Breaker>,
    rate: Mutex<Rate>,
    cap: Mutex<Cap>,
    /// A lane waits for one forward that tries whether the way is open again.
    probing: AtomicBool,
    /// Counts how often the way out opened; a count, so that nobody misses one.
    reopened: watch::Sender<u64>,
    /// The way out closed: a lane that waits for a forward must ask again.
    closed: Notify,
    /// What closed it the last time.
    trouble: Mutex<Option<Hindrance>>,
}

impl Traffic {
    /// An open way out; `per_minute` and `cap` bound all lanes together.
    pub(super) fn new(per_minute: Option<u32>, cap: Cap) -> Self {
        Self {
            breaker: Mutex::new(Breaker::default()),
            rate: Mutex::new(Rate::new(per_minute)),
            cap: Mutex::new(cap),
            probing: AtomicBool::new(false),
            reopened: watch::Sender::new(0),
            closed: Notify::new(),
            trouble: Mutex::new(None),
        }
    }

    /// Whether a forward may be handed over: the way is open, or a lane waits for one to probe.
    pub(super) fn takes(&self) -> bool {
        self.probing.load(Ordering::Relaxed) || self.is_open()
    }

    /// Whether the way is open.
    pub(super) fn is_open(&self) -> bool {
        self.with_breaker(|breaker| !breaker.is_open())
    }

    /// Changes whenever forwards may be handed over again after a pause.
    pub(super) fn reopenings(&self) -> watch::Receiver<u64> {
        self.reopened.subscribe()
    }

    /// What closed the way the last time, in the words of the server or our own.
    pub(super) fn trouble(&self) -> Option<String> {
        self.last_closed().map(|hindrance| hindrance.why)
    }

    /// What keeps the way closed, while it is.
    pub(super) fn hindrance(&self) -> Option<Hindrance> {
        if self.is_open() {
            return None;
        }
        self.last_closed()
    }

    fn last_closed(&self) -> Option<Hindrance> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the breaker.
    pub(super) fn with_breaker<T>(&self, ask: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        ask(&mut breaker)
    }

    /// Waits for a forward's turn under the rate of all lanes together.
    pub(super) async fn turn(&self) {
        loop {
            let turn = self
                .rate
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(Instant::now());
            match turn {
                Ok(()) => return,
                Err(at) => tokio::time::sleep_until(at.into()).await,
            }
        }
    }

    /// Takes a forward's turn if it has one at this moment.
    pub(super) fn turn_now(&self) -> bool {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.take(Instant::now()).is_ok()
    }

    /// Takes one of a day's mails, or says when there is one again, and how many a day may have.
    pub(super) fn room(&self) -> Result<(), (Instant, usize)> {
        let mut cap = self.cap.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = cap.limit();
        cap.take(Instant::now()).map_err(|until| (until, limit))
    }

    /// Says whether a lane waits for a forward to probe with.
    pub(super) fn set_probing(&self, probing: bool) {
        self.probing.store(probing, Ordering::Relaxed);
        if probing {
            self.reopen();
        }
    }

    /// Tells the crews that forwards left in the ledger may be sent.
    pub(super) fn reopen(&self) {
        self.reopened.send_modify(|times| *times += 1);
    }

    /// Tells the lanes that the way out closed, and remembers why.
    pub(super) fn close(&self, why: Hindrance) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        // At most one lane waits at the queue; if none does, the next one asks twice.
        self.closed.notify_one();
    }

    /// Returns once the way out closed.
    pub(super) async fn closed(&self) {
        self.closed.notified().await;
    }
}
