//! The values that pass between a mailbox and the pipeline, the same for IMAP and Maildir.

use std::time::Duration;

use bytes::Bytes;

use crate::domain::digest::Digest;
use crate::domain::event::Proof;
use crate::domain::ids::Folder;
use crate::domain::locator::{Generation, Item};

/// A message as the source folder lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which message.
    pub item: Item,
    /// Its size in bytes: RFC822.SIZE (RFC 3501 §6.4.5) or the file's length.
    pub size: u64,
}

/// The source folder, or a part of it, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In which span the items hold.
    pub generation: Generation,
    /// The messages, oldest first. What is marked `\Deleted` by somebody is left out.
    pub entries: Vec<Entry>,
    /// How many were left out because somebody marked them `\Deleted`.
    pub deleted: u64,
}

/// A mailbox just opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The source folder's generation.
    pub generation: Generation,
    /// How many messages lie in it.
    pub messages: u64,
    /// The source folder's UIDNEXT; 0 for a Maildir.
    pub next: u32,
    /// Where each folder that is filed into stood at this moment.
    pub marks: Vec<Mark>,
}

/// A folder's UIDVALIDITY and UIDNEXT at some moment: what is filed later has a UID from `next` on,
/// so that a look for it need not read the whole folder. Both are 0 for a Maildir.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which folder.
    pub folder: Folder,
    /// Its generation.
    pub generation: Generation,
    /// Its UIDNEXT.
    pub next: u32,
}

/// What came of fetching one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Which message.
    pub item: Item,
    /// Its bytes, or why there are none.
    pub content: Content,
}

/// The bytes of a message, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// All of it; its length is the listed size.
    Whole(Bytes),
    /// Its header section only, because it is above `max-size`.
    Head(Bytes),
    /// It is not there any more: somebody moved or removed it.
    Gone,
    /// The server gave something that is not the message: no data, another length, a placeholder.
    Unusable {
        /// What it gave.
        what: String,
    },
}

/// A wish to file one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Which message of the source folder.
    pub item: Item,
    /// Where to.
    pub folder: Folder,
}

/// What came of one [`Move`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Which message.
    pub item: Item,
    /// How it ended.
    pub end: MoveEnd,
}

/// How a move ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveEnd {
    /// It lies in its folder, and this is how that is known.
    Proved(Proof),
    /// It is still in the source folder.
    Stayed {
        /// Why, in the server's words.
        why: String,
    },
    /// The answer proves nothing: [`Sought`] must be looked for.
    Unproved,
}

/// A message that is no longer in the source folder and may lie in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// What it was called in the source folder.
    pub item: Item,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes; `None` when it was never fetched whole (then never found by IMAP).
    pub digest: Option<Digest>,
}

/// Where a [`Sought`] message lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it was called in the source folder.
    pub item: Item,
    /// The folder that holds it.
    pub folder: Folder,
    /// How many copies of it lie there; more than one means that another mover was at work.
    pub copies: u32,
}

/// Why a wait for new mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Something changed in the folder.
    Changed,
    /// The time was over.
    Quiet,
}

/// Why a mailbox cannot be worked on. The mailbox is closed after any of these: the pipeline
/// opens it anew, later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The connection is gone, or the server broke the protocol, or a file operation failed.
    #[error("connection lost: {0}")]
    Lost(String),
    /// The server cannot be reached or its certificate is not trusted.
    #[error("cannot reach {server}: {why}")]
    Unreachable {
        /// `host:port`.
        server: String,
        /// Why.
        why: String,
    },
    /// The server asks for patience.
    #[error("the server asks to wait: {reply}")]
    Throttled {
        /// How long, when it said so.
        wait: Option<Duration>,
        /// Its words.
        reply: String,
    },
    /// Log-in refused.
    #[error("log-in as `{user}` refused: {reply}")]
    Denied {
        /// The log-in name.
        user: String,
        /// The server's words.
        reply: String,
    },
    /// The log-in held until now, and holds no more: a fresh one is as good as ever.
    #[error("the log-in has ended: {reply}")]
    Expired {
        /// The server's words.
        reply: String,
    },
    /// The log-in was taken, but the server does not open what lies behind it.
    #[error(
        "logged in, but the server opens no mailbox: {reply} (if it never worked: the mailbox \
         needs a licence and IMAP enabled, and who signs in needs `FullAccess` on it; if it did, \
         the server is busy)"
    )]
    NotConnected {
        /// The server's words.
        reply: String,
    },
    /// The secret cannot be read.
    #[error("{0}")]
    Secret(String),
    /// The server lacks what safe filing needs.
    #[error("{0}")]
    Unsafe(String),
    /// Folders are missing and `create-folders` is off.
    #[error("missing folders: {}", list(.0))]
    MissingFolders(Vec<Folder>),
    /// The source folder's UIDVALIDITY changed while it was open.
    #[error("the folder was rebuilt: UIDVALIDITY was {was}, is {is}")]
    Rebuilt {
        /// At opening.
        was: Generation,
        /// Now.
        is: Generation,
    },
}

fn list(folders: &[Folder]) -> String {
    let names: Vec<_> = folders.iter().map(|f| format!("`{f}`")).collect();
    names.join(", ")
}
