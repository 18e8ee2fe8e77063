//! What time it is, for whoever must be told: the system's clock, or one that is ahead of it.

use jiff::{SignedDuration, Timestamp};

/// A clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    ahead: SignedDuration,
}

impl Clock {
    /// The system's clock, moved by `ahead`.
    pub const fn ahead(ahead: SignedDuration) -> Self {
        Self { ahead }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
            .checked_add(self.ahead)
            .unwrap_or(Timestamp::MAX)
    }

    /// When the system's clock will show what this one calls `at`.
    pub fn system(&self, at: Timestamp) -> Timestamp {
        at.checked_sub(self.ahead).unwrap_or(at)
    }
}
