//! The message of a ticket that is done, where it was filed: read again, or filed elsewhere.
//!
//! Rare, so each has a connection of its own, opened and closed for it. A message is told by its
//! size and its digest; what a person moved to another folder is not found.

use bytes::Bytes;

use crate::config::mailbox::MailboxConfig;
use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::domain::ticket::Ticket;
use crate::mailbox::exchange::{Content, Entry, Move, MoveEnd, Trouble};
use crate::mailbox::{Mailbox, ReadOnly};
use crate::oauth::Tokens;

/// Messages of the right size that are read at most.
const CANDIDATES_MAX: usize = 50;

/// The bytes of the ticket's message; `None` when it is not in its folder.
///
/// # Errors
/// When the mailbox cannot be asked.
pub(super) async fn original(
    config: &MailboxConfig,
    tokens: &Tokens,
    ticket: &Ticket,
) -> Result<Option<Bytes>, Trouble> {
    let Some(folder) = &ticket.folder else {
        return Ok(None);
    };
    let config = within(config, folder);
    let mailbox = match ReadOnly::open(&config, tokens).await {
        Ok(mailbox) => mailbox,
        Err(Trouble::MissingFolders(_)) => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let entries = candidates(mailbox.list().await?.entries, ticket);
    let mut fetched = mailbox.fetch(entries, config.max_size).await;
    let mut found = None;
    while let Some(next) = fetched.recv().await {
        if let Content::Whole(bytes) = next?.content
            && is_of(ticket, &bytes)
        {
            found = Some(bytes);
            break;
        }
    }
    drop(fetched);
    mailbox.close().await;
    Ok(found)
}

/// Files the ticket's message in `to`, and says whether it lies there now.
///
/// # Errors
/// When the mailbox cannot be asked.
pub(super) async fn refile(
    config: &MailboxConfig,
    tokens: &Tokens,
    ticket: &Ticket,
    to: &Folder,
) -> Result<bool, Trouble> {
    let Some(folder) = ticket.folder.as_ref().filter(|folder| *folder != to) else {
        return Ok(true);
    };
    let config = within(config, folder);
    let (mailbox, _) = Mailbox::open(&config, tokens, std::slice::from_ref(to)).await?;
    let entries = candidates(mailbox.list(None).await?.entries, ticket);
    let mut fetched = mailbox.fetch(entries, config.max_size).await;
    let mut found: Option<Item> = None;
    while let Some(next) = fetched.recv().await {
        let next = next?;
        if let Content::Whole(bytes) = next.content
            && is_of(ticket, &bytes)
        {
            found = Some(next.item);
            break;
        }
    }
    drop(fetched);
    let moved = match found {
        Some(item) => {
            let folder = to.clone();
            let moved = mailbox.settle(vec![Move { item, folder }]).await?;
            moved
                .first()
                .is_some_and(|moved| matches!(moved.end, MoveEnd::Proved(_)))
        }
        None => false,
    };
    mailbox.close().await;
    if moved {
        return Ok(true);
    }
    // An earlier try may have moved it and not have come to say so.
    let there = Ticket {
        folder: Some(to.clone()),
        ..ticket.clone()
    };
    Ok(original(&config, tokens, &there).await?.is_some())
}

fn within(config: &MailboxConfig, folder: &Folder) -> MailboxConfig {
    MailboxConfig {
        folder: folder.clone(),
        ..config.clone()
    }
}

fn candidates(entries: Vec<Entry>, ticket: &Ticket) -> Vec<Entry> {
    entries
        .into_iter()
        .filter(|entry| entry.size == ticket.size)
        .take(CANDIDATES_MAX)
        .collect()
}

fn is_of(ticket: &Ticket, bytes: &Bytes) -> bool {
    ticket.digest == Some(Digest::of(bytes))
}
