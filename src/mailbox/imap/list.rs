//! Lists the source folder: UIDs, sizes and who is marked `\Deleted`.

use crate::domain::locator::Item;
use crate::mailbox::exchange::{Entry, Listing, Trouble};

use super::batch::{Batch, Step};
use super::idle;
use super::line::Line;
use super::open::PATIENCE;
use super::session::Session;

/// Lists messages with a UID of at least `from`; all of them for `None`.
pub(super) async fn list(session: &mut Session, from: Option<u32>) -> Result<Listing, Trouble> {
    let from = from.unwrap_or(1).max(1);
    if !session.talk.has_news() {
        // Some servers look at the folder only when they are asked for news.
        idle::poll(session).await?;
    }
    // What is announced from here on may miss in the answer.
    session.talk.forget_news();
    let mut entries: Vec<Entry> = Vec::new();
    let mut deleted = 0;
    let mut sorted = true;
    let mut last = 0;
    each(session, from, |uid, size, marked| {
        if marked {
            deleted += 1;
            return;
        }
        sorted &= uid > last;
        last = uid;
        let item = Item::Uid(uid);
        entries.push(Entry { item, size });
    })
    .await?;
    if !sorted {
        entries.sort_by(|a, b| a.item.cmp(&b.item));
        entries.dedup_by(|a, b| a.item == b.item);
    }
    Ok(Listing {
        generation: session.generation,
        entries,
        deleted,
    })
}

/// Shows UID, size and `\Deleted` of each message of the selected folder from UID `from` on, as
/// they come: nothing is kept here, however many they are.
pub(super) async fn each(
    session: &mut Session,
    from: u32,
    mut show: impl FnMut(u32, u64, bool),
) -> Result<(), Trouble> {
    let command = format!("UID FETCH {from}:* (UID RFC822.SIZE FLAGS)");
    let mut batch = Batch::new(std::iter::once(command), PATIENCE);
    while let Some(step) = batch.next(&mut session.talk).await? {
        match step {
            Step::Line {
                line: Line::Fetch(found),
                ..
            } => {
                // `n:*` always names the last message, even one below `n` (RFC 3501 §6.4.8).
                // A line without a size is news of flags, not an answer.
                if let (Some(uid), Some(size)) = (found.uid, found.size)
                    && uid >= from
                {
                    batch.progress();
                    show(uid, size, found.deleted);
                }
            }
            Step::Line { .. } => {}
            Step::Done { reply, .. } => reply.demand("UID FETCH")?,
        }
    }
    Ok(())
}
