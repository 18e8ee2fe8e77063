//! `[alarm]`: who is told by mail when work stops, and how often.

use std::time::Duration;

use super::net::Server;
use crate::domain::address::Address;

/// Mail to the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// To whom; never empty.
    pub to: Vec<Address>,
    /// How long a matter that may pass by itself must last before it is told.
    pub after: Duration,
    /// Time between two reminders of a matter that lasts.
    pub every: Duration,
    /// A server that takes the mail without a log-in, in place of the way that forwards go.
    pub server: Option<Server>,
}
