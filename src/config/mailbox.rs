//! A `[[mailbox]]`: where tickets come in.

use std::path::PathBuf;
use std::time::Duration;

use super::login::Login;
use super::net::Server;
use crate::domain::address::Address;
use crate::domain::ids::{Folder, MailboxName};
use crate::domain::thread::Replies;

/// One watched mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxConfig {
    /// Its name in log, ledger and command line.
    pub name: MailboxName,
    /// The address customers write to; forwards carry it in `From`.
    pub address: Address,
    /// Where its mail lies.
    pub source: Source,
    /// The folder that is watched.
    pub folder: Folder,
    /// Whether missing folders are created, rather than named as missing.
    pub create_folders: bool,
    /// Whether what is decided is also done.
    pub mode: Mode,
    /// What is done with mail that lies there at the first run.
    pub first_run: FirstRun,
    /// How often the whole folder is listed, whatever the server announced.
    pub reconcile: Duration,
    /// Largest message fetched whole, in bytes.
    pub max_size: u64,
    /// What is done with publishers' answers, where a product says nothing else.
    pub isv_replies: Replies,
    /// Whether new tickets are acknowledged.
    pub acknowledge: bool,
}

/// The two kinds of mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An IMAP account.
    Imap(ImapConfig),
    /// A Maildir on this host; folders are Maildir++ directories (`.Name`) below it.
    Maildir {
        /// The directory that holds `new/` and `cur/`.
        path: PathBuf,
    },
}

/// An IMAP account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImapConfig {
    /// The server.
    pub server: Server,
    /// Who we are to it.
    pub login: Login,
}

/// Whether what is decided is also done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It is done.
    Live,
    /// It is recorded; nothing is sent or moved.
    Observe,
}

/// What is done with mail found at the first run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirstRun {
    /// It is all worked on.
    All,
    /// It is left alone; only what comes later is worked on.
    NewOnly,
    /// Above [`FirstRun::ASK_ABOVE`] messages a person must say so first.
    Ask,
}

impl FirstRun {
    /// Up to this many messages [`FirstRun::Ask`] does not ask.
    pub const ASK_ABOVE: u64 = 20;
}
