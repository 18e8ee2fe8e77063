//! The pulse of a crew or a lane: whether its loop still turns.
//!
//! Whoever runs the loop beats wherever its loop comes round, and says beforehand when it is going to rest for
//! longer. Whoever watches needs no knowledge of what the loop does. Every wait inside the loop has
//! a deadline of its own that is shorter than [`SILENCE_MAX`]; silence beyond it is a loop that
//! hangs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::domain::ids::MailboxName;

/// Longest time between two beats of a loop that is at work.
pub const SILENCE_MAX: Duration = Duration::from_mins(5);

/// Which loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loop {
    /// Of the crew of this mailbox.
    Mailbox(MailboxName),
    /// Of a lane of the way out, counted from 1.
    Lane(usize),
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox(name) => write!(f, "mailbox `{name}`"),
            Self::Lane(number) => write!(f, "connection {number} of the way out"),
        }
    }
}

/// Every loop and its sign of life.
pub type Pulses = Vec<(Loop, Arc<Pulse>)>;

/// The sign of life of one loop.
#[derive(Debug)]
pub struct Pulse {
    born: Instant,
    /// Until when silence means nothing, in milliseconds after `born`.
    until: AtomicU64,
}

impl Pulse {
    /// A pulse that has just beaten.
    pub fn new() -> Self {
        let pulse = Self {
            born: Instant::now(),
            until: AtomicU64::new(0),
        };
        pulse.beat();
        pulse
    }

    /// The loop came round.
    pub fn beat(&self) {
        self.rest(Duration::ZERO);
    }

    /// The loop is about to do nothing for `pause`.
    pub fn rest(&self, pause: Duration) {
        let until = self.born.elapsed() + pause + SILENCE_MAX;
        self.until.store(millis(until), Ordering::Relaxed);
    }

    /// Waits for something whose end is not in this loop's hands, such as a forward that leaves
    /// room, and beats meanwhile.
    pub async fn beside<T>(&self, wait: impl Future<Output = T>) -> T {
        let mut wait = std::pin::pin!(wait);
        loop {
            match tokio::time::timeout(SILENCE_MAX / 5, &mut wait).await {
                Ok(end) => return end,
                Err(_) => self.beat(),
            }
        }
    }

    /// Whether the loop was heard of as it should be.
    pub fn is_alive(&self) -> bool {
        self.is_alive_at(self.born.elapsed())
    }

    fn is_alive_at(&self, since_born: Duration) -> bool {
        millis(since_born) <= self.until.load(Ordering::Relaxed)
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_allowed_for_as_long_as_was_said() {
        let pulse = Pulse::new();
        let (second, now) = (Duration::from_secs(1), pulse.born.elapsed());
        assert!(pulse.is_alive());
        assert!(!pulse.is_alive_at(now + SILENCE_MAX + second));
        pulse.rest(2 * SILENCE_MAX);
        assert!(pulse.is_alive_at(now + 2 * SILENCE_MAX + second));
        assert!(!pulse.is_alive_at(now + 3 * SILENCE_MAX + 2 * second));
        pulse.beat();
        assert!(!pulse.is_alive_at(now + 2 * SILENCE_MAX + second));
    }
}
