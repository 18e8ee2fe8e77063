//! Whether a destination may be tried at all: pure state, kept in memory, one per destination.
//!
//! A general failure (server, identity, quota) opens the breaker, and no further ticket is tried
//! until a wait is over; then one of them is, as a probe. So an outage costs a few attempts
//! whatever waits behind it, and a refused log-in is not repeated until the account is locked:
//! at most four times an hour. Our own cap on mails a day shuts it as well.

use std::time::{Duration, Instant};

use super::retry::{Failure, doubled, lengthen};
use crate::domain::outcome::{Cause, Outcome};

/// First wait after a failure of the server, and after an answer that was not read.
pub const SERVER_WAIT: Duration = Duration::from_secs(5);
/// First wait after a sending limit.
pub const QUOTA_WAIT: Duration = Duration::from_mins(1);
/// Longest wait, and the only one after a refused log-in; chance comes on top.
pub const WAIT_MAX: Duration = Duration::from_mins(15);
/// How long a probe may stay without an answer before the next one: longer than any attempt.
pub const PROBE_MAX: Duration = Duration::from_hours(1);

/// Leave to try a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// As many as you like.
    Go,
    /// One, to see whether it works again; its outcome must be reported.
    Probe,
    /// None before then.
    Wait(Instant),
}

/// The breaker of one destination.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// General failures in a row.
    failures: u32,
    /// `None` while closed.
    until: Option<Instant>,
    /// Shut by ourselves until then, whatever comes of what is still under way.
    shut: Option<Instant>,
}

impl Breaker {
    /// Asks for leave. After [`Leave::Probe`] everybody else waits for its outcome.
    pub fn ask(&mut self, now: Instant) -> Leave {
        match self.shut {
            Some(until) if until > now => return Leave::Wait(until),
            Some(_) => {
                self.shut = None;
                self.until = self.until.or(Some(now));
            }
            None => {}
        }
        match self.until {
            None => Leave::Go,
            Some(until) if until > now => Leave::Wait(until),
            Some(_) => {
                self.until = now.checked_add(PROBE_MAX);
                Leave::Probe
            }
        }
    }

    /// Whether nothing but probes may go.
    pub const fn is_open(&self) -> bool {
        self.until.is_some() || self.shut.is_some()
    }

    /// Lets nothing go before `until`, for a reason of our own.
    pub fn shut(&mut self, until: Instant) {
        self.shut = Some(until);
    }

    /// Takes note of what came of an attempt. `probe` says whether it was one; what others report
    /// who were under way when the breaker opened does not lengthen the wait again. `jitter` is
    /// chance in 0..1.
    pub fn note(&mut self, outcome: &Outcome, probe: bool, now: Instant, jitter: f64) {
        let (first, max) = match Failure::of(outcome) {
            Some(Failure::Deferred(Cause::Identity)) => (WAIT_MAX, WAIT_MAX),
            Some(Failure::Deferred(Cause::Quota)) => (QUOTA_WAIT, WAIT_MAX),
            Some(Failure::Deferred(Cause::Server) | Failure::Uncertain) => (SERVER_WAIT, WAIT_MAX),
            // Whoever answers about one message or recipient is there and knows us.
            Some(Failure::Deferred(Cause::Message | Cause::Recipient)) | None => {
                *self = Self {
                    shut: self.shut,
                    ..Self::default()
                };
                return;
            }
        };
        if probe || self.until.is_none() {
            self.failures = self.failures.saturating_add(1);
        }
        let wait = lengthen(doubled(first, self.failures, max), jitter);
        let until = now.checked_add(wait);
        // A probe that failed replaces its own long wait; a straggler only ever adds.
        self.until = if probe { until } else { self.until.max(until) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deferred(cause: Cause) -> Outcome {
        let reply = String::new();
        Outcome::Deferred { cause, reply }
    }

    fn delivered() -> Outcome {
        Outcome::Delivered {
            reply: String::new(),
        }
    }

    /// Seconds between the probes of a destination that goes on failing.
    fn probes(outcome: &Outcome, count: usize) -> Vec<u64> {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.note(outcome, false, now, 0.0);
        (0..count)
            .map(|_| {
                let Leave::Wait(until) = breaker.ask(now) else {
                    panic!("open and yet no wait");
                };
                let wait = (until - now).as_secs();
                now = until;
                assert_eq!(breaker.ask(now), Leave::Probe);
                assert!(matches!(breaker.ask(now), Leave::Wait(_)), "a second probe");
                breaker.note(outcome, true, now, 0.0);
                wait
            })
            .collect()
    }

    #[test]
    fn probes_come_further_apart_up_to_a_quarter_of_an_hour() {
        assert_eq!(
            probes(&deferred(Cause::Server), 10),
            [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
        );
        assert_eq!(
            probes(&deferred(Cause::Quota), 6),
            [60, 120, 240, 480, 900, 900]
        );
        assert_eq!(probes(&deferred(Cause::Identity), 4), [900; 4]);
    }

    #[test]
    fn an_answer_about_one_ticket_closes_it() {
        let now = Instant::now();
        let refused = Outcome::Refused {
            cause: Cause::Recipient,
            reply: String::new(),
        };
        for outcome in [delivered(), refused, deferred(Cause::Recipient)] {
            let mut breaker = Breaker::default();
            breaker.note(&deferred(Cause::Server), false, now, 0.0);
            assert!(breaker.is_open());
            breaker.note(&outcome, true, now, 0.0);
            assert_eq!(breaker.ask(now), Leave::Go, "{outcome:?}");
        }
    }

    #[test]
    fn stragglers_of_one_outage_count_once() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.note(&deferred(Cause::Server), false, now, 0.0);
        }
        assert_eq!(breaker.ask(now), Leave::Wait(now + SERVER_WAIT));
    }

    #[test]
    fn what_we_shut_stays_shut_whatever_others_report_and_then_is_probed() {
        let now = Instant::now();
        let (mut breaker, until) = (Breaker::default(), now + WAIT_MAX);
        breaker.shut(until);
        breaker.note(&delivered(), false, now, 0.0);
        assert!(breaker.is_open());
        assert_eq!(breaker.ask(now), Leave::Wait(until));
        assert_eq!(breaker.ask(until), Leave::Probe);
        breaker.note(&delivered(), true, until, 0.0);
        assert_eq!(breaker.ask(until), Leave::Go);
    }

    #[test]
    fn a_probe_that_is_never_heard_of_again_does_not_block_for_ever() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.note(&deferred(Cause::Server), false, now, 0.0);
        let then = now + SERVER_WAIT;
        assert_eq!(breaker.ask(then), Leave::Probe);
        assert_eq!(breaker.ask(then), Leave::Wait(then + PROBE_MAX));
        assert_eq!(breaker.ask(then + PROBE_MAX), Leave::Probe);
    }
}
