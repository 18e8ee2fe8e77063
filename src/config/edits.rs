//! How an edit of rules, products or categories comes to decide about mail.

use std::ops::Range;
use std::path::PathBuf;

/// What to do at a start when the rules are refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AtStart {
    /// Nothing: the exit code says that the configuration is wrong. No mail is lost by that, it
    /// stays in the inbox, and nobody works by rules that are not the ones on the disk.
    #[default]
    Stop,
    /// Work with the last rules and products that were taken, and say so loudly.
    LastGood,
}

/// The table `[edits]`.
#[derive(Debug, Clone)]
pub struct Edits {
    /// Whether an edit is seen by itself; else it is at SIGHUP only.
    pub watch: bool,
    /// What to do at a start.
    pub at_start: AtStart,
    /// Rules that run beside the live ones and act on nothing.
    pub shadow: Option<PathBuf>,
    /// Where that is written.
    pub(super) shadow_at: Option<Range<usize>>,
}
