//! `[retention]`: how long what is stored about people stays.

use std::time::Duration;

/// How long records keep their person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// After how long the person is taken out of a ticket that has ended; `None` for never.
    pub persons: Option<Duration>,
}
