//! Not more than so many messages a minute: a pure token bucket.
//!
//! Servers count over a sliding minute, so the promise is that no half-open minute, wherever it
//! begins, holds more than the limit. A tenth of it may go at once; the rest is spread.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_mins(1);
/// The share of a minute's messages that may go at once is one in so many.
const BURST_SHARE: u32 = 10;

/// A limit on messages a minute. Restarting the daemon forgets the minute before.
#[derive(Debug, Clone)]
pub struct Rate {
    /// Time between two messages in the long run; `None` without a limit.
    every: Option<Duration>,
    /// How much earlier than evenly spread a message may go.
    ahead: Duration,
    /// When the next message would go if all were evenly spread.
    due: Option<Instant>,
}

impl Rate {
    /// A limit of `per_minute`; 0 counts as 1.
    pub fn new(per_minute: Option<u32>) -> Self {
        let Some(limit) = per_minute.map(|limit| limit.max(1)) else {
            return Self {
                every: None,
                ahead: Duration::ZERO,
                due: None,
            };
        };
        let early = (limit / BURST_SHARE).saturating_sub(1);
        // What goes early must be missing later in the same minute.
        let every = MINUTE / (limit - early);
        Self {
            every: Some(every),
            ahead: every.saturating_mul(early),
            due: None,
        }
    }

    /// Takes leave for one message, or says when to ask again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(every) = self.every else {
            return Ok(());
        };
        let due = self.due.map_or(now, |due| due.max(now));
        let from = due.checked_sub(self.ahead).unwrap_or(now);
        if from > now {
            return Err(from);
        }
        self.due = due.checked_add(every);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_minute_holds_more_than_the_limit(
            limit in 1_u32..400,
            pauses in prop::collection::vec(0_u64..90_000, 1..1500),
        ) {
            let mut rate = Rate::new(Some(limit));
            let mut now = Instant::now();
            let mut taken: Vec<Instant> = Vec::new();
            for pause in pauses {
                // Mostly eager, sometimes idle.
                now += Duration::from_millis(if pause > 80_000 { pause } else { pause / 400 });
                match rate.take(now) {
                    Ok(()) => taken.push(now),
                    Err(at) => prop_assert!(at > now),
                }
            }
            for (n, first) in taken.iter().enumerate() {
                let held = taken[n..].iter().take_while(|at| **at - *first < MINUTE).count();
                prop_assert!(held <= limit as usize, "{held} of {limit}");
            }
        }
    }

    #[test]
    fn whoever_waits_as_told_gets_close_to_the_limit() {
        for limit in [1, 2, 9, 10, 30, 1000] {
            let mut rate = Rate::new(Some(limit));
            let start = Instant::now();
            let (mut now, mut taken) = (start, 0);
            while now < start + 10 * MINUTE {
                match rate.take(now) {
                    Ok(()) => taken += 1,
                    Err(at) => now = at,
                }
            }
            assert!(taken >= 9 * limit, "{taken} in ten minutes of {limit}");
        }
    }

    #[test]
    fn without_a_limit_everything_goes() {
        let mut rate = Rate::new(None);
        let now = Instant::now();
        assert!((0..10_000).all(|_| rate.take(now).is_ok()));
    }
}
