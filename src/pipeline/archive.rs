//! The archive: what lies in the folders of a mailbox, read and never changed.
//!
//! One folder after another, one batch after another: memory is bounded by a batch, whatever the
//! archive holds.

use std::collections::HashMap;
use std::vec::IntoIter;

use crate::config::mailbox::MailboxConfig;
use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::mail::Message;
use crate::mailbox::ReadOnly;
use crate::mailbox::exchange::{Content, Entry, Trouble};
use crate::oauth::Tokens;

/// Messages fetched together.
const BATCH: usize = 50;

/// A message of the archive.
#[derive(Debug)]
pub struct Filed<'a> {
    /// The folder it lies in.
    pub folder: &'a Folder,
    /// How many messages lie there.
    pub total: u64,
    /// Which message of the folder.
    pub item: Item,
    /// Its size in bytes as it is listed.
    pub size: u64,
    /// SHA-256 of its bytes, unless it is too large to be fetched whole.
    pub digest: Option<Digest>,
    /// What it says.
    pub message: Message,
}

/// What one folder came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// Messages that were read.
    pub read: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
}

/// Shows every message of `folder`; nothing when there is no such folder.
///
/// # Errors
/// Any [`Trouble`] but a missing folder.
pub async fn walk(
    config: &MailboxConfig,
    tokens: &Tokens,
    folder: &Folder,
    mut show: impl FnMut(Filed<'_>),
) -> Result<Option<Walked>, Trouble> {
    let Some(mut shelf) = Shelf::open(config, tokens, folder).await? else {
        return Ok(None);
    };
    while let Some(batch) = shelf.next().await? {
        batch.into_iter().for_each(&mut show);
    }
    Ok(Some(shelf.close().await))
}

/// One folder of the archive, opened to be read.
#[derive(Debug)]
pub struct Shelf<'a> {
    folder: &'a Folder,
    size_max: u64,
    mailbox: ReadOnly,
    total: u64,
    entries: IntoIter<Entry>,
    walked: Walked,
}

impl<'a> Shelf<'a> {
    /// Opens `folder`; nothing when there is no such folder.
    ///
    /// # Errors
    /// As [`walk`].
    pub async fn open(
        config: &MailboxConfig,
        tokens: &Tokens,
        folder: &'a Folder,
    ) -> Result<Option<Self>, Trouble> {
        let config = MailboxConfig {
            folder: folder.clone(),
            ..config.clone()
        };
        let mailbox = match ReadOnly::open(&config, tokens).await {
            Ok(mailbox) => mailbox,
            Err(Trouble::MissingFolders(_)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        let listing = mailbox.list().await?;
        Ok(Some(Self {
            folder,
            size_max: config.max_size,
            mailbox,
            total: listing.entries.len() as u64,
            entries: listing.entries.into_iter(),
            walked: Walked::default(),
        }))
    }

    /// The next messages; `None` behind the last.
    ///
    /// # Errors
    /// As [`walk`].
    pub async fn next(&mut self) -> Result<Option<Vec<Filed<'a>>>, Trouble> {
        let batch: Vec<Entry> = self.entries.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(None);
        }
        let sizes: HashMap<Item, u64> = batch.iter().map(|e| (e.item.clone(), e.size)).collect();
        let mut filed = Vec::with_capacity(batch.len());
        let mut fetched = self.mailbox.fetch(batch, self.size_max).await;
        while let Some(next) = fetched.recv().await {
            let next = next?;
            let (digest, message) = match next.content {
                Content::Whole(bytes) => (Some(Digest::of(&bytes)), Message::parse(&bytes)),
                Content::Head(bytes) => (None, Message::from_head(&bytes)),
                Content::Gone => continue,
                Content::Unusable { .. } => {
                    self.walked.unreadable += 1;
                    continue;
                }
            };
            let Ok(message) = message else {
                self.walked.unreadable += 1;
                continue;
            };
            self.walked.read += 1;
            filed.push(Filed {
                folder: self.folder,
                total: self.total,
                size: sizes.get(&next.item).copied().unwrap_or_default(),
                item: next.item,
                digest,
                message,
            });
        }
        Ok(Some(filed))
    }

    /// Says goodbye, and what it came to.
    pub async fn close(self) -> Walked {
        self.mailbox.close().await;
        self.walked
    }
}
