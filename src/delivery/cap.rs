//! Not more than so many mails in a day: pure state, the last line against a loop that nothing
//! else has noticed.
//!
//! It counts what was begun, whatever came of it. The window slides: when the first of a day's
//! mails is a day old there is room for one more, so a loop that goes on is a trickle and never a
//! flood.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time over which mails are counted.
pub const WINDOW: Duration = Duration::from_hours(24);

/// A limit on mails a day.
#[derive(Debug, Clone)]
pub struct Cap {
    limit: usize,
    /// When those of the last day were begun, the oldest first; never more than the limit.
    begun: VecDeque<Instant>,
}

impl Cap {
    /// A limit of `per_day`, at least 1, after mails that were begun at these times.
    pub fn new(per_day: u32, before: impl IntoIterator<Item = Instant>) -> Self {
        let limit = usize::try_from(per_day).unwrap_or(usize::MAX).max(1);
        let mut begun: VecDeque<Instant> = before.into_iter().collect();
        begun.make_contiguous().sort_unstable();
        begun.drain(..begun.len().saturating_sub(limit));
        Self { limit, begun }
    }

    /// Takes leave for one mail, or says when there is room again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= WINDOW;
        while self.begun.front().is_some_and(is_old) {
            self.begun.pop_front();
        }
        match self.begun.front() {
            Some(oldest) if self.begun.len() >= self.limit => {
                Err(oldest.checked_add(WINDOW).unwrap_or(now + WINDOW))
            }
            _ => {
                self.begun.push_back(now);
                Ok(())
            }
        }
    }

    /// How many a day.
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_day_holds_more_than_the_limit(
            limit in 1_u32..20,
            pauses in prop::collection::vec(0_u64..30_000, 1..400),
        ) {
            let mut now = Instant::now();
            let mut cap = Cap::new(limit, []);
            let mut taken: Vec<Instant> = Vec::new();
            for pause in pauses {
                now += Duration::from_secs(pause);
                match cap.take(now) {
                    Ok(()) => taken.push(now),
                    Err(at) => prop_assert!(at > now && at <= now + WINDOW),
                }
            }
            for (n, first) in taken.iter().enumerate() {
                let held = taken[n..].iter().take_while(|at| **at - *first < WINDOW).count();
                prop_assert!(held <= limit as usize, "{held} of {limit}");
            }
        }
    }

    #[test]
    fn what_was_begun_before_a_restart_counts() {
        let start = Instant::now();
        let now = start + WINDOW;
        let before = [1, 2, 3].map(|hours| start + Duration::from_hours(hours));
        let mut cap = Cap::new(4, before);
        assert_eq!(cap.take(now), Ok(()));
        assert_eq!(cap.take(now), Err(before[0] + WINDOW));
        assert_eq!(cap.take(before[0] + WINDOW), Ok(()));
        // A limit that was lowered: the newest count.
        assert_eq!(Cap::new(1, before).take(now), Err(before[2] + WINDOW));
    }
}
