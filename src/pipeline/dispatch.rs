//! The way out: a bounded queue of forwards and the lanes that send them.
//!
//! A forward waits here only for a moment. When the destination is down, throttled or slow, what
//! does not fit is left in the ledger, where a crew finds it again: sending never stops intake.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::file::Filing;
use super::hand::{Hold, Share};
use super::lane;
use super::standing::Standing;
use super::works::Works;
use crate::config::delivery::DeliveryConfig;
use crate::delivery::breaker::Breaker;
use crate::delivery::rate::Rate;
use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::domain::locator::{Generation, Item};
use crate::domain::plan::Plan;
use crate::ledger::Pen;

/// How long a forward waits for a place in the queue before it is left in the ledger.
const PATIENCE: Duration = Duration::from_secs(2);

/// Forwards that wait, for each lane.
const QUEUE_PER_LANE: usize = 16;

/// One forward to be sent.
#[derive(Debug)]
pub struct Job {
    /// Keeps the ticket in hand.
    pub hold: Hold,
    /// The memory its bytes take.
    pub share: Option<Share>,
    /// Where it stands.
    pub standing: Standing,
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
    /// What is sent.
    pub plan: Plan,
    /// The original.
    pub original: Bytes,
    /// When the ticket was found: a forward expires counted from here.
    pub since: Timestamp,
    /// In whose name it is recorded.
    pub pen: Arc<Pen>,
    /// Where it goes to be filed.
    pub done: mpsc::Sender<Filing>,
}

/// The state of the way out, shared by the lanes.
#[derive(Debug)]
pub(super) struct Traffic {
    breaker: Mutex<Breaker>,
    rate: Mutex<Rate>,
    /// A lane waits for one forward that tries whether the way is open again.
    probing: AtomicBool,
    /// Counts how often the way out opened; a count, so that nobody misses one.
    reopened: watch::Sender<u64>,
    /// The way out closed: a lane that waits for a forward must ask again.
    closed: Notify,
    /// The last words of what closed it.
    trouble: Mutex<Option<String>>,
}

impl Traffic {
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
    pub(super) fn close(&self, why: &str) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
        // At most one lane waits at the queue; if none does, the next one asks twice.
        self.closed.notify_one();
    }

    /// Returns once the way out closed.
    pub(super) async fn closed(&self) {
        self.closed.notified().await;
    }
}

/// The queue.
#[derive(Debug, Clone)]
pub struct Dispatch {
    jobs: mpsc::Sender<Job>,
    traffic: Arc<Traffic>,
}

/// What came of handing over a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// A lane will send it.
    Taken,
    /// It stays in the ledger for later.
    Left,
}

impl Dispatch {
    /// Starts the lanes; they end when every [`Dispatch`] is dropped and the queue is empty.
    pub fn start(works: &Arc<Works>, config: &DeliveryConfig) -> (Self, JoinSet<()>) {
        let count = crate::delivery::lanes(config);
        let (jobs, queue) = mpsc::channel(count * QUEUE_PER_LANE);
        let traffic = Arc::new(Traffic {
            breaker: Mutex::new(Breaker::default()),
            rate: Mutex::new(Rate::new(config.per_minute)),
            probing: AtomicBool::new(false),
            reopened: watch::Sender::new(0),
            closed: Notify::new(),
            trouble: Mutex::new(None),
        });
        let queue = Arc::new(tokio::sync::Mutex::new(queue));
        let mut lanes = JoinSet::new();
        for _ in 0..count {
            let lane = lane::LaneTask {
                lanes: count,
                works: Arc::clone(works),
                queue: Arc::clone(&queue),
                traffic: Arc::clone(&traffic),
                expire: config.expire,
            };
            lanes.spawn(lane.run(crate::delivery::Lane::new(config)));
        }
        (Self { jobs, traffic }, lanes)
    }

    /// Whether forwards may be handed over now.
    pub fn is_open(&self) -> bool {
        self.traffic.probing.load(Ordering::Relaxed)
            || self.traffic.with_breaker(|breaker| !breaker.is_open())
    }

    /// Changes whenever forwards may be handed over again after a pause.
    pub fn reopenings(&self) -> watch::Receiver<u64> {
        self.traffic.reopened.subscribe()
    }

    /// What closed the way out the last time, in the words of the server or our own.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.traffic.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands over a forward, waiting a moment for a place.
    pub async fn submit(&self, job: Job) -> Submitted {
        if !self.is_open() {
            return Submitted::Left;
        }
        match self.jobs.send_timeout(job, PATIENCE).await {
            Ok(()) => Submitted::Taken,
            Err(_) => Submitted::Left,
        }
    }
}
