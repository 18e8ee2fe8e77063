//! `[delivery]`: how forwards leave, and to whom they may go.

use std::path::PathBuf;
use std::time::Duration;

use super::login::Login;
use super::net::Server;
pub use crate::domain::address::AllowList;

/// How forwards leave the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// The way out.
    pub transport: Transport,
    /// Who may receive at all.
    pub allow: AllowList,
    /// Messages a minute at most; `None` for no limit of our own.
    pub per_minute: Option<u32>,
    /// Mails begun in a day at most; beyond it sending pauses.
    pub per_day: u32,
    /// A forward not accepted for so long is held.
    pub expire: Duration,
}

/// The ways out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// A submission server or relay.
    Smtp(SmtpConfig),
    /// A Maildir on this host, for trials and for hosts with their own pick-up.
    Maildir {
        /// The directory that holds `new/`.
        path: PathBuf,
    },
    /// A local `sendmail` program, run without a shell; the message on its standard input.
    Sendmail {
        /// Absolute path of the program.
        program: PathBuf,
    },
}

/// A submission server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    /// The server.
    pub server: Server,
    /// Who we are to it; `None` for a relay that trusts our address.
    pub login: Option<Login>,
    /// Connections at most, at least 1.
    pub connections: usize,
    /// The name said in EHLO.
    pub hello: String,
}
