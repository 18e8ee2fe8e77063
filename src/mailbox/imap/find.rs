//! Looks for messages that left the source folder, by size and then by content.
//!
//! Only what came into a folder since its mark is looked at, unless the folder was rebuilt. A
//! header is never trusted to identify a message. Folders are opened for reading only; the source
//! folder is selected again at the end and must still be the same.

use std::collections::{BTreeMap, HashMap};

use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::mailbox::exchange::{Content, Found, Mark, Sought, Trouble};

use super::list::each;
use super::open::choose;
use super::parts::{Want, fetch_parts};
use super::session::Session;

/// Looks for `sought` in the folders of `since`.
pub(super) async fn find(
    session: &mut Session,
    sought: &[Sought],
    since: &[Mark],
) -> Result<Vec<Found>, Trouble> {
    let mut by_size: HashMap<u64, Vec<(&Item, Digest)>> = HashMap::new();
    for wanted in sought {
        if let Some(digest) = wanted.digest {
            let same_size = by_size.entry(wanted.size).or_default();
            same_size.push((&wanted.item, digest));
        }
    }
    if by_size.is_empty() {
        return Ok(Vec::new());
    }
    let mut copies: BTreeMap<(&Item, &Folder), u32> = BTreeMap::new();
    for mark in since {
        let name = session.name(&mark.folder)?.to_owned();
        let (reply, chosen, _) = choose(&mut session.talk, "EXAMINE", &name).await?;
        reply.patience()?;
        let (true, Some(chosen)) = (reply.ok(), chosen) else {
            let reply = reply.text();
            tracing::warn!(folder = %mark.folder, %reply, "cannot look into a folder");
            continue;
        };
        let from = if chosen.generation == mark.generation {
            mark.next.max(1)
        } else {
            1
        };
        let mut candidates = Vec::new();
        each(session, from, |uid, size, _| {
            if by_size.contains_key(&size) {
                candidates.push((uid, size));
            }
        })
        .await?;
        for (uid, size) in candidates {
            let want = Want {
                uid,
                header: false,
                expected: size,
                most: size.saturating_mul(2),
            };
            let Content::Whole(bytes) = fetch_parts(&mut session.talk, &want).await? else {
                continue;
            };
            let digest = Digest::of(&bytes);
            for (item, wanted) in by_size.get(&size).into_iter().flatten() {
                if *wanted == digest {
                    *copies.entry((item, &mark.folder)).or_default() += 1;
                }
            }
        }
    }
    session.return_to_source().await?;
    let found = copies.into_iter().map(|((item, folder), copies)| Found {
        item: item.clone(),
        folder: folder.clone(),
        copies,
    });
    Ok(found.collect())
}
