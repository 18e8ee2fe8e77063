//! The way out: a bounded queue of forwards and the lanes that send them.
//!
//! A forward waits here only for a moment. When the destination is down, throttled or slow, what
//! does not fit is left in the ledger, where a crew finds it again: sending never stops intake.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::hindrance::Hindrance;
use super::job::Job;
use super::lane::LaneTask;
use super::pulse::Pulse;
use super::traffic::Traffic;
use super::works::Works;
use crate::config::delivery::DeliveryConfig;
use crate::delivery::cap::{self, Cap};
use crate::ledger::LedgerError;

/// How long a forward waits for a place in the queue before it is left in the ledger.
const PATIENCE: Duration = Duration::from_secs(2);

/// Forwards that wait, for each lane.
const QUEUE_PER_LANE: usize = 16;

/// The queue.
#[derive(Debug, Clone)]
pub struct Dispatch {
    jobs: mpsc::Sender<Job>,
    traffic: Arc<Traffic>,
    pulses: Arc<[Arc<Pulse>]>,
}

/// The way out, to be looked at.
#[derive(Debug, Clone)]
pub struct WayOut(Arc<Traffic>);

impl WayOut {
    /// What keeps it closed, while it is.
    pub fn hindrance(&self) -> Option<Hindrance> {
        self.0.hindrance()
    }
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
    ///
    /// # Errors
    /// When the ledger cannot tell what was begun in the last day.
    pub async fn start(
        works: &Arc<Works>,
        config: &DeliveryConfig,
    ) -> Result<(Self, JoinSet<()>), LedgerError> {
        let count = crate::delivery::lanes(config);
        let (jobs, queue) = mpsc::channel(count * QUEUE_PER_LANE);
        let cap = cap(works, config.per_day).await?;
        let traffic = Arc::new(Traffic::new(config.per_minute, cap));
        let queue = Arc::new(tokio::sync::Mutex::new(queue));
        let mut lanes = JoinSet::new();
        let pulses: Arc<[_]> = (0..count).map(|_| Arc::new(Pulse::new())).collect();
        for pulse in &*pulses {
            let lane = LaneTask {
                lanes: count,
                works: Arc::clone(works),
                queue: Arc::clone(&queue),
                traffic: Arc::clone(&traffic),
                expire: config.expire,
                pulse: Arc::clone(pulse),
            };
            lanes.spawn(lane.run(crate::delivery::Lane::new(config, &works.tokens)));
        }
        let dispatch = Self {
            jobs,
            traffic,
            pulses,
        };
        Ok((dispatch, lanes))
    }

    /// A look at the way out from outside; it keeps no lane at work.
    pub fn way_out(&self) -> WayOut {
        WayOut(Arc::clone(&self.traffic))
    }

    /// The lanes' signs of life.
    pub fn pulses(&self) -> &[Arc<Pulse>] {
        &self.pulses
    }

    /// Whether forwards may be handed over now.
    pub fn is_open(&self) -> bool {
        self.traffic.takes()
    }

    /// Changes whenever forwards may be handed over again after a pause.
    pub fn reopenings(&self) -> watch::Receiver<u64> {
        self.traffic.reopenings()
    }

    /// What closed the way out the last time, in the words of the server or our own.
    pub fn trouble(&self) -> Option<String> {
        self.traffic.trouble()
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

/// The cap, with what was begun before this start counted in.
async fn cap(works: &Works, per_day: u32) -> Result<Cap, LedgerError> {
    let now = Timestamp::now();
    let since = now.checked_sub(cap::WINDOW).unwrap_or(Timestamp::MIN);
    let begun = works.ledger.begun_since(since, per_day).await?;
    let here = Instant::now();
    let times = begun.into_iter().map(|at| {
        let age = Duration::try_from(now.duration_since(at)).unwrap_or_default();
        // A machine that was started later counts from its start.
        here.checked_sub(age).unwrap_or(here)
    });
    Ok(Cap::new(per_day, times))
}
