//! The archive: what lies in the folders of a mailbox, read and never changed.
//!
//! One folder after another, one batch after another: memory is bounded by a batch, whatever the
//! archive holds.

use crate::config::mailbox::MailboxConfig;
use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::mail::Message;
use crate::mailbox::ReadOnly;
use crate::mailbox::exchange::{Content, Trouble};
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
    let total = listing.entries.len() as u64;
    let mut walked = Walked::default();
    for batch in listing.entries.chunks(BATCH) {
        let mut fetched = mailbox.fetch(batch.to_vec(), config.max_size).await;
        while let Some(next) = fetched.recv().await {
            let next = next?;
            let (digest, message) = match next.content {
                Content::Whole(bytes) => (Some(Digest::of(&bytes)), Message::parse(&bytes)),
                Content::Head(bytes) => (None, Message::from_head(&bytes)),
                Content::Gone => continue,
                Content::Unusable { .. } => {
                    walked.unreadable += 1;
                    continue;
                }
            };
            let Ok(message) = message else {
                walked.unreadable += 1;
                continue;
            };
            walked.read += 1;
            show(Filed {
                folder,
                total,
                item: next.item,
                digest,
                message,
            });
        }
    }
    mailbox.close().await;
    Ok(Some(walked))
}
