//! A ticket out of its columns.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::change::StageName;
use super::group::blob;
use crate::domain::digest::Digest;
use crate::domain::ids::{Folder, MailboxName, TicketId};
use crate::domain::life::{Life, Next, Stage};
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::ticket::{Summary, Ticket};

/// The columns [`ticket`] reads, and their tables; conditions follow.
pub(super) const SELECT: &str = "SELECT t.number, t.id, t.mailbox, t.generation, t.item, t.size, \
     t.digest, t.stage, t.next, t.hold, t.tries, t.attempts, t.until, t.folder, t.sender, \
     t.subject, t.seen_at, t.changed_at, d.body, p.body FROM ticket t \
     LEFT JOIN decision d ON d.ticket = t.number LEFT JOIN plan p ON p.ticket = t.number ";

/// A value that no program of ours wrote.
pub(super) fn strange(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("a ticket with {what}").into())
}

/// A row of [`SELECT`].
pub(super) fn ticket(row: &SqliteRow) -> Result<Ticket, sqlx::Error> {
    Ok(Ticket {
        id: TicketId::new(blob(row, 1)?),
        mailbox: MailboxName::from(row.try_get::<&str, _>(2)?),
        locator: Locator {
            generation: generation(row, 3)?,
            item: Item::read(row.try_get(4)?),
        },
        size: row.try_get::<i64, _>(5)?.cast_unsigned(),
        digest: digest(row, 6)?,
        life: life(row)?,
        summary: Summary {
            from: row.try_get(14)?,
            subject: row.try_get(15)?,
        },
        decision: json(row, 18)?,
        plan: json(row, 19)?,
        folder: row.try_get::<Option<&str>, _>(13)?.map(Folder::from),
        seen_at: time(row.try_get(16)?)?,
        changed_at: time(row.try_get(17)?)?,
    })
}

fn life(row: &SqliteRow) -> Result<Life, sqlx::Error> {
    let next = match row.try_get::<Option<&str>, _>(8)? {
        None => None,
        Some(word) => Some(
            [Next::Send, Next::File, Next::Quarantine]
                .into_iter()
                .find(|next| next.as_str() == word)
                .ok_or_else(|| strange("an unknown `next`"))?,
        ),
    };
    let stage = match stage(row, 7)? {
        StageName::Seen => Stage::Seen,
        StageName::Decided => Stage::Decided {
            next: next.ok_or_else(|| strange("no `next`"))?,
        },
        StageName::Sending => Stage::Sending,
        StageName::Delivered => Stage::Delivered,
        StageName::Deferred => Stage::Deferred {
            until: time(row.try_get(12)?)?,
        },
        StageName::Held => Stage::Held {
            next,
            reason: json(row, 9)?.ok_or_else(|| strange("no hold reason"))?,
        },
        StageName::Observed => Stage::Observed {
            next: next.ok_or_else(|| strange("no `next`"))?,
        },
        StageName::Settled => Stage::Settled,
        StageName::Quarantined => Stage::Quarantined,
        StageName::Withdrawn => Stage::Withdrawn,
    };
    Ok(Life {
        stage,
        tries: row.try_get(10)?,
        attempts: row.try_get(11)?,
    })
}

pub(super) fn stage(row: &SqliteRow, index: usize) -> Result<StageName, sqlx::Error> {
    row.try_get::<&str, _>(index)?
        .parse()
        .map_err(|_| strange("an unknown stage"))
}

pub(super) fn generation(row: &SqliteRow, index: usize) -> Result<Generation, sqlx::Error> {
    row.try_get(index).map(Generation)
}

pub(super) fn digest(row: &SqliteRow, index: usize) -> Result<Option<Digest>, sqlx::Error> {
    match row.try_get::<Option<&[u8]>, _>(index)? {
        None => Ok(None),
        Some(_) => Ok(Some(Digest::new(blob(row, index)?))),
    }
}

pub(super) fn time(microseconds: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_microsecond(microseconds).map_err(|_| strange("an impossible time"))
}

pub(super) fn json<T: DeserializeOwned>(
    row: &SqliteRow,
    index: usize,
) -> Result<Option<T>, sqlx::Error> {
    row.try_get::<Option<&str>, _>(index)?
        .map(|text| serde_json::from_str(text).map_err(|e| sqlx::Error::Decode(Box::new(e))))
        .transpose()
}
