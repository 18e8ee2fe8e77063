//! Where messages come from and where they are filed: IMAP accounts and Maildirs.
//!
//! Both kinds speak the values of [`exchange`]; the closed set is [`Mailbox`]. This layer moves
//! bytes and proves moves. What a message means, and when it may be moved, is decided above it.

pub mod exchange;
pub mod imap;
pub mod maildir;
pub mod utf7;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use self::exchange::{
    Entry, Fetched, Found, Hint, Listing, Mark, Move, Moved, Opened, Sought, Trouble,
};
use self::imap::ImapMailbox;
use self::maildir::MaildirMailbox;
use crate::config::mailbox::{MailboxConfig, Source};
use crate::domain::ids::Folder;
use crate::oauth::Tokens;

/// An open mailbox. Clones share one connection and may be used at the same time: what is asked
/// is done one after another.
#[derive(Debug, Clone)]
pub enum Mailbox {
    /// An IMAP account.
    Imap(ImapMailbox),
    /// A Maildir.
    Maildir(Arc<MaildirMailbox>),
}

impl Mailbox {
    /// Connects, makes sure that `folders` are there, and opens the source folder.
    pub async fn open(
        config: &MailboxConfig,
        tokens: &Tokens,
        folders: &[Folder],
    ) -> Result<(Self, Opened), Trouble> {
        match &config.source {
            Source::Imap(_) => {
                let (mailbox, opened) = ImapMailbox::open(config, tokens, folders).await?;
                Ok((Self::Imap(mailbox), opened))
            }
            Source::Maildir { .. } => {
                let (mailbox, opened) = MaildirMailbox::open(config, folders).await?;
                Ok((Self::Maildir(Arc::new(mailbox)), opened))
            }
        }
    }

    /// Lists the source folder; `from` leaves out UIDs below it, where there are UIDs.
    pub async fn list(&self, from: Option<u32>) -> Result<Listing, Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.list(from).await,
            Self::Maildir(mailbox) => mailbox.list().await,
        }
    }

    /// Fetches messages whole, those above `size_max` bytes by their head only. Every entry is
    /// answered once, unless trouble ends the stream; the channel has room for all of them.
    pub async fn fetch(
        &self,
        entries: Vec<Entry>,
        size_max: u64,
    ) -> mpsc::Receiver<Result<Fetched, Trouble>> {
        match self {
            Self::Imap(mailbox) => mailbox.fetch(entries, size_max).await,
            Self::Maildir(mailbox) => mailbox.fetch(entries, size_max).await,
        }
    }

    /// Moves messages out of the source folder; one answer for each.
    pub async fn settle(&self, moves: Vec<Move>) -> Result<Vec<Moved>, Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.settle(moves).await,
            Self::Maildir(mailbox) => mailbox.settle(moves).await,
        }
    }

    /// Whether a filing cannot be cut off between copy and removal. Where it can, what is still in
    /// the source folder after a crash must be looked for before it is filed again.
    pub fn files_in_one_step(&self) -> bool {
        match self {
            Self::Imap(mailbox) => mailbox.files_in_one_step(),
            Self::Maildir(_) => true,
        }
    }

    /// Removes from the source folder what [`Self::find`] found elsewhere: the rest of a filing
    /// that was cut off.
    pub async fn remove(&self, found: Vec<Found>) -> Result<(), Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.remove(found).await,
            Self::Maildir(_) => Ok(()),
        }
    }

    /// Looks for messages in the folders that are filed into, from each mark on.
    pub async fn find(&self, sought: Vec<Sought>, since: Vec<Mark>) -> Result<Vec<Found>, Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.find(sought, since).await,
            Self::Maildir(mailbox) => mailbox.find(sought, since).await,
        }
    }

    /// Waits until the source folder changes, at most `at_most`. May be dropped at any time.
    pub async fn hint(&self, at_most: Duration) -> Result<Hint, Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.hint(at_most).await,
            Self::Maildir(mailbox) => mailbox.hint(at_most).await,
        }
    }

    /// Says goodbye to the server.
    pub async fn close(self) {
        match self {
            Self::Imap(mailbox) => mailbox.close().await,
            Self::Maildir(_) => {}
        }
    }
}

/// A folder opened to be read only: it cannot be asked to move anything.
#[derive(Debug)]
pub struct ReadOnly(Mailbox);

impl ReadOnly {
    /// Connects and opens the source folder of `config`: with EXAMINE (RFC 3501 §6.3.2) where it
    /// is an IMAP account. Nothing is made, and no flag changes.
    ///
    /// # Errors
    /// [`Trouble::MissingFolders`] when there is no such folder, and any other [`Trouble`].
    pub async fn open(config: &MailboxConfig, tokens: &Tokens) -> Result<Self, Trouble> {
        let mailbox = match &config.source {
            Source::Imap(_) => Mailbox::Imap(ImapMailbox::examine(config, tokens).await?.0),
            Source::Maildir { .. } => {
                Mailbox::Maildir(Arc::new(MaildirMailbox::examine(config).await?.0))
            }
        };
        Ok(Self(mailbox))
    }

    /// See [`Mailbox::list`].
    pub async fn list(&self) -> Result<Listing, Trouble> {
        self.0.list(None).await
    }

    /// See [`Mailbox::fetch`].
    pub async fn fetch(
        &self,
        entries: Vec<Entry>,
        size_max: u64,
    ) -> mpsc::Receiver<Result<Fetched, Trouble>> {
        self.0.fetch(entries, size_max).await
    }

    /// See [`Mailbox::close`].
    pub async fn close(self) {
        self.0.close().await;
    }
}
