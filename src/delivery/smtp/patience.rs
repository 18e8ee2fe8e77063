//! How long each step of an SMTP session may take.
//!
//! The client library bounds nothing but the connect; every wait in this module tree takes its
//! bound from here. The values are those of RFC 5321 §4.5.3.2 or shorter, except that the wait
//! after the final dot keeps its full ten minutes: cutting it short makes duplicates.

use std::time::Duration;

/// The bounds of one session. Tests shorten them; the daemon uses [`Patience::DEFAULT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Looking up the name and connecting.
    pub connect: Duration,
    /// Each of: TLS handshake, greeting, EHLO, STARTTLS, every step of AUTH.
    pub login: Duration,
    /// The answer to MAIL and to RCPT, each.
    pub envelope: Duration,
    /// The answer to DATA.
    pub data: Duration,
    /// The caller's consent between DATA and the message.
    pub gate: Duration,
    /// Until the connection takes some more bytes of the message.
    pub block: Duration,
    /// All bytes of the message together.
    pub body: Duration,
    /// The answer to the final dot.
    pub end: Duration,
    /// Every wait that serves politeness only, such as the answer to a lone dot.
    pub courtesy: Duration,
    /// Age of an unused connection up to which it is used again.
    pub idle: Duration,
    /// Age of any connection after which it is replaced, so that a withdrawn password or a moved
    /// server is noticed.
    pub age: Duration,
}

impl Patience {
    /// What the daemon uses.
    pub const DEFAULT: Self = Self {
        connect: Duration::from_secs(30),
        login: Duration::from_mins(1),
        envelope: Duration::from_mins(5),
        data: Duration::from_mins(2),
        gate: Duration::from_mins(1),
        block: Duration::from_mins(3),
        body: Duration::from_mins(30),
        end: Duration::from_mins(10),
        courtesy: Duration::from_secs(5),
        idle: Duration::from_mins(1),
        age: Duration::from_hours(1),
    };
}
