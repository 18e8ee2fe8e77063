//! One lane: takes forwards from the queue and sends them over its own connection.
//!
//! Three rules make a repeat rare and visible:
//! - `sending` is recorded before anything of a message is on the wire, for several at once when
//!   several wait;
//! - the bytes of a message go out only once the outcome of the one before it is on the disk, so
//!   that a crash can repeat at most one forward per connection;
//! - the recording of one runs while the next is being introduced to the server, so that the
//!   rule costs no time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::fault::Fault;
use super::hindrance::Hindrance;
use super::job::Job;
use super::meters::Until;
use super::pulse::Pulse;
use super::traffic::Traffic;
use super::works::Works;
use crate::delivery::breaker::Leave;
use crate::delivery::retry::{self, Failure};
use crate::delivery::{Capabilities, Lane};
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::life::{Effect, Stage};
use crate::domain::outcome::{Cause, Outcome};
use crate::domain::plan::Enclosure;
use crate::ledger::{Change, Pen, Verdict};
use crate::mail::compose;
use crate::mail::rendered::Rendered;

/// Forwards whose `sending` one lane records together, at most.
const BEGUN_MAX: usize = 4;

/// Longest time that a server may take for a whole message, log-in and all: every wait has a bound
/// of its own ([`Patience`](crate::delivery::smtp::Patience)), and together they stay below it.
const SERVER_MAX: Duration = Duration::from_hours(1);

/// What a lane works with.
#[derive(Debug)]
pub(super) struct LaneTask {
    /// How many lanes share the queue.
    pub(super) lanes: usize,
    pub(super) works: Arc<Works>,
    pub(super) queue: Arc<tokio::sync::Mutex<mpsc::Receiver<Job>>>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) expire: Duration,
    /// Its sign of life.
    pub(super) pulse: Arc<Pulse>,
}

/// A job whose `sending` is on the disk.
struct Ready {
    job: Job,
    enclosure: Enclosure,
}

impl Ready {
    /// See [`Job::render`].
    fn render(&mut self) -> Rendered {
        self.job.render(self.enclosure)
    }
}

impl LaneTask {
    /// Sends until the queue is closed or work ends.
    pub(super) async fn run(self, mut lane: Lane) {
        let mut begun: VecDeque<Ready> = VecDeque::new();
        // The recording of the last outcome.
        let mut recorded: Option<JoinHandle<bool>> = None;
        let mut capabilities: Option<Capabilities> = None;
        let mut probe = false;
        loop {
            self.pulse.beat();
            let mut ready = if let Some(ready) = begun.pop_front() {
                ready
            } else {
                let Some((job, probes)) = self.pulse.beside(self.take(probe)).await else {
                    break;
                };
                probe = probes;
                self.pulse.rest(SERVER_MAX);
                match lane.ready().await {
                    Ok(known) => capabilities = Some(known),
                    Err(outcome) => {
                        self.weigh(&outcome, probe);
                        probe = false;
                        continue;
                    }
                }
                tokio::select! {
                    () = self.pulse.beside(self.traffic.turn()) => {}
                    () = self.works.stop.cancelled() => break,
                }
                if let Err((until, limit)) = self.traffic.room() {
                    self.pause(until, limit).await;
                    probe = false;
                    continue;
                }
                // One that somebody took away meanwhile is no probe: then the next one is.
                let begun = self.pulse.beside(self.begin(vec![job], capabilities));
                match begun.await.pop_front() {
                    Some(ready) => ready,
                    None => continue,
                }
            };
            let gate = {
                let recorded = recorded.take();
                async move {
                    match recorded {
                        Some(handle) => handle.await.unwrap_or(false),
                        None => true,
                    }
                }
            };
            let message = ready.render();
            let job = &ready.job;
            self.pulse.rest(SERVER_MAX);
            let (outcome, ahead) = tokio::join!(
                lane.send(job.sender(), &job.plan.recipient, &message, gate),
                self.begin_ahead(begun.is_empty(), capabilities),
            );
            begun.extend(ahead);
            self.weigh(&outcome, probe);
            probe = false;
            recorded = self.end(ready.job, outcome);
            if recorded.is_none() {
                break;
            }
            if !self.traffic.is_open() {
                let begun = std::mem::take(&mut begun);
                self.pulse.beside(self.put_back(begun)).await;
            }
        }
        if let Some(handle) = recorded {
            // Whatever came of it is in the ledger or will be found there as `sending`.
            let _ended = handle.await;
        }
    }

    /// The next job, once the way out is open, and whether it probes a closed one. While it is
    /// closed, what waits is let go: it stays in the ledger and its memory is free for intake.
    async fn take(&self, probe: bool) -> Option<(Job, bool)> {
        loop {
            // The queue first: an answer of the breaker must not grow old while another lane has
            // the queue.
            let mut queue = self.queue.lock().await;
            let leave = if probe {
                Leave::Probe
            } else {
                self.traffic.with_breaker(|b| b.ask(Instant::now()))
            };
            match leave {
                // While the way is closed nobody hands over anything: whoever waits here must
                // hear of it, or none of the lanes would ever ask again.
                Leave::Go => tokio::select! {
                    biased;
                    () = self.works.stop.cancelled() => return None,
                    () = self.traffic.closed() => {}
                    job = queue.recv() => return Some((job?, false)),
                },
                Leave::Probe => {
                    self.traffic.set_probing(true);
                    let job = tokio::select! {
                        job = queue.recv() => job,
                        () = self.works.stop.cancelled() => None,
                    };
                    self.traffic.set_probing(false);
                    return job.map(|job| (job, true));
                }
                Leave::Wait(until) => tokio::select! {
                    job = queue.recv() => drop(job?),
                    () = self.works.stop.cancelled() => return None,
                    () = tokio::time::sleep_until(until.into()) => {}
                },
            }
        }
    }

    /// Jobs that are there already, begun while another is on the wire.
    async fn begin_ahead(
        &self,
        wanted: bool,
        capabilities: Option<Capabilities>,
    ) -> VecDeque<Ready> {
        let mut jobs = Vec::new();
        if wanted
            && self.traffic.is_open()
            && !self.works.stop.is_cancelled()
            // Another lane that waits for a job holds the queue: then there is none for us.
            && let Ok(mut queue) = self.queue.try_lock()
        {
            let share = (queue.len() / self.lanes).clamp(1, BEGUN_MAX);
            // A wait for its turn would keep the outcome of the one on the wire from the ledger.
            while jobs.len() < share
                && !queue.is_empty()
                && self.traffic.turn_now()
                && self.traffic.room().is_ok()
            {
                jobs.extend(queue.try_recv());
            }
        }
        self.begin(jobs, capabilities).await
    }

    /// Records that jobs are being sent; those of one mailbox in one commit.
    async fn begin(
        &self,
        mut jobs: Vec<Job>,
        capabilities: Option<Capabilities>,
    ) -> VecDeque<Ready> {
        let mut begun = VecDeque::with_capacity(jobs.len());
        while let Some(first) = jobs.first() {
            let pen = Arc::clone(&first.pen);
            let (same, others): (Vec<_>, Vec<_>) = jobs
                .into_iter()
                .partition(|job| Arc::ptr_eq(&job.pen, &pen));
            jobs = others;
            let (ready, changes): (Vec<_>, Vec<_>) = same
                .into_iter()
                .filter_map(|job| begin_one(job, capabilities))
                .unzip();
            match self.works.record(&pen, changes).await {
                // Where it was not written somebody held or took it meanwhile.
                Ok(verdicts) => begun.extend(
                    ready
                        .into_iter()
                        .zip(verdicts)
                        .filter_map(|(ready, end)| (end == Verdict::Written).then_some(ready)),
                ),
                Err(error) => self.give_up(&error.into()),
            }
        }
        begun
    }

    /// Gives jobs back to the ledger: the way out closed before anything of them was on the wire.
    async fn put_back(&self, begun: VecDeque<Ready>) {
        for Ready { mut job, .. } in begun {
            let recorded = match job.put_back() {
                Ok(change) => self.works.record(&job.pen, vec![change]).await,
                Err(fault) => return self.works.fail(&fault),
            };
            if let Err(error) = recorded {
                self.give_up(&error.into());
            }
        }
    }

    /// Records how an attempt ended; the answer says whether that is on the disk.
    ///
    /// `None` when nothing may be sent any more.
    fn end(&self, mut job: Job, outcome: Outcome) -> Option<JoinHandle<bool>> {
        drop(job.share.take());
        let now = Timestamp::now();
        let attempt = job.standing.life.attempts;
        let since = job.standing.since;
        let retry = Failure::of(&outcome)
            .and_then(|failure| retry::next(failure, attempt, since, now, self.expire, jitter()));
        let (change, effect) = match job.end(outcome, retry) {
            Ok(step) => step,
            Err(fault) => {
                self.works.fail(&fault);
                return None;
            }
        };
        tell(&job, effect);
        let works = Arc::clone(&self.works);
        Some(tokio::spawn(async move {
            match works.record(&job.pen, vec![change]).await {
                Ok(verdicts) => {
                    if verdicts == [Verdict::Written]
                        && effect == Effect::Move
                        && let Some((filing, done)) = job.filing()
                    {
                        works.meters.waited(Until::Delivered, since);
                        // A closed channel: the crew is gone, the ledger knows.
                        let _gone = done.send(filing).await;
                    }
                    true
                }
                Err(error) => {
                    works.fail(&Fault::from(error));
                    false
                }
            }
        }))
    }

    /// Closes the way out: a day has as many mails as it may have. Whoever goes in a circle stops
    /// here, and a person is told.
    async fn pause(&self, until: Instant, limit: usize) {
        let was_open = self.traffic.with_breaker(|breaker| {
            let was_open = !breaker.is_open();
            breaker.shut(until);
            was_open
        });
        let why = format!("{limit} mails were begun in a day, which is all that `per-day` allows");
        self.traffic.close(Hindrance {
            why: why.clone(),
            lasting: false,
        });
        if !was_open {
            return;
        }
        let now = Timestamp::now();
        let wait = SignedDuration::try_from(until.saturating_duration_since(Instant::now()));
        let until = now.checked_add(wait.unwrap_or_default()).unwrap_or(now);
        tracing::error!(limit, %until, "sending pauses: {why}");
        let note = Change::Note(Entry {
            at: now,
            actor: Actor::Triaged,
            mailbox: None,
            ticket: None,
            happening: Happening::Capped { limit, until },
        });
        if let Err(error) = self.works.record(&Pen::Person, vec![note]).await {
            self.give_up(&error.into());
        }
    }

    fn give_up(&self, fault: &Fault) {
        if !fault.is_passing() || self.works.stop.is_cancelled() {
            self.works.fail(fault);
        }
    }

    /// Lets the breaker judge an outcome.
    fn weigh(&self, outcome: &Outcome, probe: bool) {
        let now = Instant::now();
        let (was, is) = self.traffic.with_breaker(|breaker| {
            let was = breaker.is_open();
            breaker.note(outcome, probe, now, jitter());
            (was, breaker.is_open())
        });
        if is && !was {
            let reply = outcome.reply();
            tracing::warn!(reply, "sending pauses: the way out is closed");
            self.works.meters.way_out.set(0);
            let identity = Failure::Deferred(Cause::Identity);
            self.traffic.close(Hindrance {
                why: reply.to_owned(),
                lasting: Failure::of(outcome) == Some(identity),
            });
        }
        if was && !is {
            tracing::info!("sending goes on: the way out is open");
            self.works.meters.way_out.set(1);
            self.traffic.reopen();
        }
    }
}

/// A job's step to `sending`.
fn begin_one(mut job: Job, capabilities: Option<Capabilities>) -> Option<(Ready, Change)> {
    // It must be the same at every further try, whatever the relay offers then.
    let eight_bit = capabilities.is_some_and(|c| c.eight_bit);
    let known = job.plan.enclosure;
    let enclosure = known.unwrap_or_else(|| compose::enclosure_by(eight_bit));
    match job.begin(known.is_none().then_some(enclosure)) {
        Ok(change) => Some((Ready { job, enclosure }, change)),
        Err(fault) => {
            tracing::warn!(ticket = %job.standing.id.reference(), error = %fault, "let go");
            None
        }
    }
}

/// One line for people, about a mail that ended.
fn tell(job: &Job, effect: Effect) {
    let ticket = job.standing.id.reference();
    let to = job.plan.recipient.as_str();
    match (&job.standing.life.stage, effect) {
        (Stage::Delivered, _) => tracing::debug!(%ticket, to, "sent"),
        (Stage::Deferred { until }, _) => tracing::warn!(%ticket, to, %until, "deferred"),
        (Stage::Held { reason, .. }, _) => tracing::error!(%ticket, to, %reason, "held"),
        _ => {}
    }
}

/// A number from 0 to 1, to spread retries; its quality does not matter.
fn jitter() -> f64 {
    f64::from(Timestamp::now().subsec_nanosecond() % 1_000_000) / 1_000_000.0
}
