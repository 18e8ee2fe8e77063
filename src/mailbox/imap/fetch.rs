//! Fetches messages: small ones many to a command, large ones in parts, huge ones by their head.
//!
//! Only PEEK is used: `\Seen` stays people's. What was not asked for is not looked at. A message
//! counts as gone only when the server, asked for it alone, says OK and shows nothing; NIL is
//! never an empty mail.
//!
//! A length other than the listed one is asked for twice. The same bytes twice, and at least half
//! of what was listed, are taken for the message, because some servers only estimate RFC822.SIZE;
//! anything else, such as the short notice some servers send in a message's place, is unusable.

use std::collections::HashMap;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::domain::digest::Digest;
use crate::domain::locator::Item;
use crate::mailbox::exchange::{Content, Entry, Fetched, Trouble};

use super::batch::{Batch, Step};
use super::line::{Body, Line};
use super::open::PATIENCE;
use super::parts::{PART_BYTES, Want, fetch_parts};
use super::session::{Session, uid_of};
use super::uids::sets;

/// Most messages in one command: what is left to read when nobody wants the rest any more.
const TOGETHER_MAX: usize = 50;
/// Most bytes of a head.
const HEAD_BYTES_MAX: u64 = 256 << 10;

/// What an earlier question for a message brought.
#[derive(Debug, Clone, Copy)]
enum Earlier {
    /// There was none.
    NotAsked,
    /// No bytes.
    Nothing,
    /// Bytes of another length than listed.
    Odd(Digest),
}

type Sender = mpsc::Sender<Result<Fetched, Trouble>>;

/// Fetches `entries` into `to`, in no particular order; stops when nobody listens any more.
pub(super) async fn fetch(
    session: &mut Session,
    entries: Vec<Entry>,
    max_size: u64,
    to: &Sender,
) -> Result<(), Trouble> {
    let mut together = HashMap::new();
    let mut apart = Vec::new();
    for entry in entries {
        match uid_of(&entry.item) {
            None => give(to, entry.item, Content::Gone).await,
            Some(uid) if entry.size <= PART_BYTES.min(max_size) => {
                together.insert(uid, entry.size);
            }
            Some(uid) => apart.push((uid, entry.size)),
        }
    }
    let again = fetch_together(session, together, to).await?;
    for (uid, size, earlier) in again {
        if to.is_closed() {
            return Ok(());
        }
        let content = whole(session, uid, size, max_size, earlier).await?;
        give(to, Item::Uid(uid), content).await;
    }
    for (uid, size) in apart {
        if to.is_closed() {
            return Ok(());
        }
        let content = if size > max_size {
            head(session, uid).await?
        } else {
            whole(session, uid, size, max_size, Earlier::NotAsked).await?
        };
        give(to, Item::Uid(uid), content).await;
    }
    Ok(())
}

async fn give(to: &Sender, item: Item, content: Content) {
    // A closed channel is noticed before the next command.
    let _ = to.send(Ok(Fetched { item, content })).await;
}

/// Fetches many messages to a command, and tells which must be asked for again, each alone.
async fn fetch_together(
    session: &mut Session,
    mut wanted: HashMap<u32, u64>,
    to: &Sender,
) -> Result<Vec<(u32, u64, Earlier)>, Trouble> {
    let mut odd = HashMap::new();
    let sets = sets(wanted.keys().copied().collect(), TOGETHER_MAX);
    let commands = sets
        .iter()
        .map(|set| format!("UID FETCH {} (UID BODY.PEEK[])", set.text));
    let mut batch = Batch::new(commands, PATIENCE);
    while let Some(step) = batch.next(&mut session.talk).await? {
        match step {
            Step::Line { line, .. } => {
                let Some((uid, bytes)) = whole_body(line) else {
                    continue;
                };
                match wanted.get(&uid) {
                    Some(size) if *size == bytes.len() as u64 => {
                        wanted.remove(&uid);
                        batch.progress();
                        give(to, Item::Uid(uid), Content::Whole(bytes)).await;
                        batch.progress();
                    }
                    Some(_) => {
                        odd.insert(uid, Digest::of(&bytes));
                    }
                    None => {}
                }
                if to.is_closed() {
                    batch.stop();
                }
            }
            Step::Done { reply, .. } => {
                reply.patience()?;
                if !reply.ok() {
                    let reply = reply.text();
                    tracing::debug!(%reply, "the server refused to fetch some messages together");
                }
            }
        }
    }
    let mut again: Vec<_> = wanted
        .into_iter()
        .map(|(uid, size)| match odd.get(&uid) {
            Some(digest) => (uid, size, Earlier::Odd(*digest)),
            None => (uid, size, Earlier::Nothing),
        })
        .collect();
    again.sort_unstable_by_key(|(uid, ..)| *uid);
    Ok(again)
}

fn whole_body(line: Line) -> Option<(u32, Bytes)> {
    match line {
        Line::Fetch(found) => match (found.uid, found.body) {
            (
                Some(uid),
                Some(Body {
                    header: false,
                    offset: 0,
                    bytes: Some(bytes),
                }),
            ) => Some((uid, bytes)),
            _ => None,
        },
        _ => None,
    }
}

/// Fetches one message in parts, twice if the first answer is odd. `earlier` is what came when
/// it was asked for together with others.
async fn whole(
    session: &mut Session,
    uid: u32,
    size: u64,
    max_size: u64,
    earlier: Earlier,
) -> Result<Content, Trouble> {
    let want = Want {
        uid,
        header: false,
        expected: size,
        most: max_size,
    };
    let mut earlier = earlier;
    loop {
        let content = fetch_parts(&mut session.talk, &want).await?;
        let Content::Whole(bytes) = content else {
            match earlier {
                Earlier::NotAsked => earlier = Earlier::Nothing,
                Earlier::Nothing | Earlier::Odd(_) => return Ok(content),
            }
            continue;
        };
        let length = bytes.len() as u64;
        if length == size {
            return Ok(Content::Whole(bytes));
        }
        let digest = Digest::of(&bytes);
        match earlier {
            Earlier::Odd(before) if before == digest && length.saturating_mul(2) >= size => {
                tracing::debug!(uid, size, length, "the server listed another size");
                return Ok(Content::Whole(bytes));
            }
            Earlier::Odd(_) => {
                return Ok(Content::Unusable {
                    what: format!("{length} bytes where {size} were listed"),
                });
            }
            Earlier::NotAsked | Earlier::Nothing => earlier = Earlier::Odd(digest),
        }
    }
}

/// Fetches the header section of one message, at most [`HEAD_BYTES_MAX`] of it.
async fn head(session: &mut Session, uid: u32) -> Result<Content, Trouble> {
    let want = Want {
        uid,
        header: true,
        expected: HEAD_BYTES_MAX,
        most: HEAD_BYTES_MAX,
    };
    Ok(match fetch_parts(&mut session.talk, &want).await? {
        Content::Whole(bytes) if bytes.is_empty() => Content::Unusable {
            what: "no header".into(),
        },
        Content::Whole(bytes) => Content::Head(bytes),
        other => other,
    })
}
