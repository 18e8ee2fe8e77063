//! When a failed forward is tried again: a pure schedule whose result is kept in the ledger.
//!
//! The first wait depends on what failed, every later one is twice the one before, none is above
//! [`WAIT_MAX`]. A bit of chance is only ever added, never taken off, so that a bound such as the
//! five minutes of a greylisting server holds. Nothing is tried once `expire` has passed since
//! the first attempt; the caller then holds the ticket for a person.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::outcome::{Cause, Outcome};

/// First wait when the network or the server failed.
pub const SERVER_WAIT: Duration = Duration::from_mins(1);
/// First wait when one recipient or message was put off; a greylisting server wants five minutes.
pub const TICKET_WAIT: Duration = Duration::from_mins(5);
/// First wait when our log-in or sender was refused, or a sending limit was reached.
pub const STANDING_WAIT: Duration = Duration::from_mins(15);
/// Wait when the answer to the final dot was not read: long enough for a slow server to end what
/// it does, so that the repeat is not accepted beside the first.
pub const UNCERTAIN_WAIT: Duration = Duration::from_mins(15);
/// Attempts after which a forward whose answer was never read is not repeated unasked: each of them
/// may have been accepted.
pub const UNCERTAIN_MAX: u32 = 5;
/// Longest wait, before chance is added.
pub const WAIT_MAX: Duration = Duration::from_hours(4);
/// Share of a wait that chance may add.
pub const CHANCE: f64 = 0.1;

/// A failure after which another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Put off for this cause.
    Deferred(Cause),
    /// It may have been accepted.
    Uncertain,
}

impl Failure {
    /// The failure in `outcome`; `None` when it was delivered or refused for good.
    pub const fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Deferred { cause, .. } => Some(Self::Deferred(*cause)),
            Outcome::Uncertain { .. } => Some(Self::Uncertain),
            Outcome::Delivered { .. } | Outcome::Refused { .. } => None,
        }
    }

    const fn first_wait(self) -> Duration {
        match self {
            Self::Deferred(Cause::Server) => SERVER_WAIT,
            Self::Deferred(Cause::Identity | Cause::Quota) => STANDING_WAIT,
            Self::Deferred(Cause::Message | Cause::Recipient) => TICKET_WAIT,
            Self::Uncertain => UNCERTAIN_WAIT,
        }
    }
}

/// When to try again after `attempts` attempts (at least 1), the first of them at `first_try`;
/// `None` when `expire` has passed, or [`UNCERTAIN_MAX`] is reached. `jitter` is chance in 0..1, taken into that range if it is
/// not.
pub fn next(
    failure: Failure,
    attempts: u32,
    first_try: Timestamp,
    now: Timestamp,
    expire: Duration,
    jitter: f64,
) -> Option<Timestamp> {
    // A clock set back makes the age negative; the schedule then goes on as if newly begun.
    let age = Duration::try_from(now.duration_since(first_try)).unwrap_or_default();
    if age >= expire || (failure == Failure::Uncertain && attempts >= UNCERTAIN_MAX) {
        return None;
    }
    let wait = lengthen(doubled(failure.first_wait(), attempts, WAIT_MAX), jitter);
    now.checked_add(wait).ok()
}

/// `first`, doubled for every failure after the first, at most `max`.
pub(super) fn doubled(first: Duration, failures: u32, max: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    first.saturating_mul(1 << doublings).min(max)
}

/// `wait` with chance added: up to [`CHANCE`] of it.
pub(super) fn lengthen(wait: Duration, jitter: f64) -> Duration {
    let share = if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        0.0
    };
    wait.mul_f64(1.0 + CHANCE * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS_5: Duration = Duration::from_hours(5 * 24);

    fn waits(failure: Failure) -> Vec<u64> {
        let start = Timestamp::UNIX_EPOCH;
        let mut now = start;
        let mut waits = Vec::new();
        for attempts in 1.. {
            let Some(at) = next(failure, attempts, start, now, DAYS_5, 0.0) else {
                break;
            };
            waits.push(u64::try_from(at.duration_since(now).as_mins()).unwrap());
            now = at;
        }
        waits
    }

    #[test]
    fn what_may_have_been_accepted_is_not_repeated_without_end() {
        assert_eq!(waits(Failure::Uncertain), [15, 30, 60, 120]);
    }

    #[test]
    fn waits_double_up_to_four_hours_and_end_after_expiry() {
        for (failure, first) in [
            (
                Failure::Deferred(Cause::Server),
                &[1, 2, 4, 8, 16, 32, 64, 128, 240, 240][..],
            ),
            (
                Failure::Deferred(Cause::Recipient),
                &[5, 10, 20, 40, 80, 160, 240, 240],
            ),
            (
                Failure::Deferred(Cause::Message),
                &[5, 10, 20, 40, 80, 160, 240, 240],
            ),
            (
                Failure::Deferred(Cause::Quota),
                &[15, 30, 60, 120, 240, 240],
            ),
            (
                Failure::Deferred(Cause::Identity),
                &[15, 30, 60, 120, 240, 240],
            ),
        ] {
            let waits = waits(failure);
            assert_eq!(&waits[..first.len()], first, "{failure:?}");
            let total: u64 = waits.iter().sum();
            assert!(
                (5 * 24 * 60..5 * 24 * 60 + 240).contains(&total),
                "{failure:?}: {total}"
            );
        }
    }

    #[test]
    fn chance_only_adds_and_never_much() {
        let start = Timestamp::UNIX_EPOCH;
        let wait = |jitter| {
            let at = next(
                Failure::Deferred(Cause::Recipient),
                1,
                start,
                start,
                DAYS_5,
                jitter,
            );
            at.unwrap().duration_since(start).as_secs()
        };
        assert_eq!((wait(0.0), wait(0.5), wait(1.0)), (300, 315, 330));
        for odd in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(wait(odd), 300, "{odd}");
        }
        assert_eq!(wait(7.0), 330);
    }

    #[test]
    fn odd_clocks_and_counts_do_no_harm() {
        let server = Failure::Deferred(Cause::Server);
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        assert!(
            next(server, u32::MAX, late, early, DAYS_5, 0.0).is_some(),
            "clock set back"
        );
        assert_eq!(
            next(server, 1, early, late, DAYS_5, 0.0),
            None,
            "clock set forward"
        );
        assert_eq!(
            next(server, 1, late, late, DAYS_5, 0.0),
            None,
            "the end of time"
        );
        assert_eq!(
            next(server, 1, early, early, Duration::ZERO, 0.0),
            None,
            "no patience"
        );
        assert!(next(server, 0, early, early, DAYS_5, 0.0).is_some());
    }
}
