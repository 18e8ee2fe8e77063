//! What the pipeline asks of the ledger; every answer comes by an index.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use super::audit_file::OF_ANOTHER;
use super::change::{MailboxRecord, StageName};
use super::error::LedgerError;
use super::group::blob;
use super::open::Ledger;
use super::row::{self, SELECT, strange};
use crate::domain::decision::Action;
use crate::domain::digest::Digest;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::ticket::Ticket;

/// Items or digests asked for in one statement.
const PIECE: usize = 500;

/// A page of unfinished tickets.
pub(super) const UNFINISHED: &str =
    "WHERE t.mailbox = ? AND t.ended = 0 AND t.number > ? ORDER BY t.number LIMIT ?";

/// Deferred tickets whose time has come.
pub(super) const DUE: &str = "WHERE t.until IS NOT NULL AND t.until <= ? ORDER BY t.until LIMIT ?";

/// The first deferred ticket.
pub(super) const NEXT_DUE: &str = "SELECT min(until) FROM ticket WHERE until IS NOT NULL";

/// Which items have a ticket; they come as one JSON list.
pub(super) const KNOWN: &str = "SELECT t.item, t.id, t.stage FROM json_each(?3) AS asked \
     CROSS JOIN ticket t ON t.mailbox = ?1 AND t.generation = ?2 AND t.item = asked.value";

/// Tickets with one of the contents; they come as one JSON list of hexadecimal digests.
pub(super) const BY_DIGEST: &str = "SELECT t.digest, t.id, t.generation, t.item, t.stage, t.action, \
     t.attempts FROM json_each(?2) AS asked CROSS JOIN ticket t \
     ON t.digest = unhex(asked.value) AND t.mailbox = ?1 ORDER BY t.number";

/// The newest audit line that tells of a ledger that was lost or came from a backup, and the newest
/// that tells of a mailbox opened or accepted. The first condition is that of the index, word for
/// word.
pub(super) const REPLACED: &str = "SELECT max(seq) FROM event \
     WHERE kind IN ('repaired', 'mailbox-opened', 'mailbox-accepted') \
     AND kind = 'repaired' AND instr(body, ?)";
pub(super) const OPENED: &str = "SELECT max(seq) FROM event \
     WHERE kind IN ('repaired', 'mailbox-opened', 'mailbox-accepted') AND mailbox = ?";

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub(super) i64);

impl Cursor {
    /// Where the page behind `rows` begins, which hold their number first; `None` when they are
    /// fewer than `limit`: the last page.
    pub(super) fn behind(rows: &[SqliteRow], limit: u32) -> Result<Option<Self>, sqlx::Error> {
        let full = u32::try_from(rows.len()).is_ok_and(|found| found == limit);
        let last = rows.last().filter(|_| full);
        last.map(|last| last.try_get(0).map(Self)).transpose()
    }
}

/// A ticket whose content came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The content.
    pub digest: Digest,
    /// The ticket.
    pub ticket: TicketId,
    /// Where it was last found.
    pub locator: Locator,
    /// Where it stands.
    pub stage: StageName,
    /// What was decided; `None` before a decision.
    pub action: Option<Action>,
    /// How often sending it was begun.
    pub attempts: u32,
}

impl Ledger {
    /// Up to `limit` tickets of `mailbox` with something left to do, oldest first, and where the
    /// next page begins; `None` on the last page.
    pub async fn unfinished(
        &self,
        mailbox: &MailboxName,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<(Vec<Ticket>, Option<Cursor>), LedgerError> {
        let rows = sqlx::query(AssertSqlSafe(format!("{SELECT}{UNFINISHED}")))
            .bind(mailbox.as_str())
            .bind(after.map_or(0, |cursor| cursor.0))
            .bind(limit)
            .fetch_all(self.readers())
            .await;
        let read = |error| self.unreadable(&error);
        let rows = rows.map_err(read)?;
        let next = Cursor::behind(&rows, limit).map_err(read)?;
        let tickets = rows.iter().map(row::ticket).collect::<Result<_, _>>();
        Ok((tickets.map_err(read)?, next))
    }

    /// Which of `items` have a ticket, and where it stands.
    pub async fn known(
        &self,
        mailbox: &MailboxName,
        generation: Generation,
        items: &[Item],
    ) -> Result<HashMap<Item, (TicketId, StageName)>, LedgerError> {
        let mut known = HashMap::with_capacity(items.len());
        for piece in items.chunks(PIECE) {
            let rows = sqlx::query(KNOWN)
                .bind(mailbox.as_str())
                .bind(i64::from(generation.0))
                .bind(serde_json::to_string(piece).unwrap_or_default())
                .fetch_all(self.readers())
                .await
                .map_err(|error| self.unreadable(&error))?;
            for row in &rows {
                let (item, found) = known_row(row).map_err(|error| self.unreadable(&error))?;
                known.insert(item, found);
            }
        }
        Ok(known)
    }

    /// Tickets of `mailbox` with one of these contents, oldest first for each piece of 500
    /// digests. Whether one was or will be forwarded is for [`Earlier::is_forward`].
    pub async fn by_digest(
        &self,
        mailbox: &MailboxName,
        digests: &[Digest],
    ) -> Result<Vec<Earlier>, LedgerError> {
        let mut all = Vec::new();
        for piece in digests.chunks(PIECE) {
            let rows = sqlx::query(BY_DIGEST)
                .bind(mailbox.as_str())
                .bind(serde_json::to_string(piece).unwrap_or_default())
                .fetch_all(self.readers())
                .await
                .map_err(|error| self.unreadable(&error))?;
            for row in &rows {
                all.push(earlier(row).map_err(|error| self.unreadable(&error))?);
            }
        }
        Ok(all)
    }

    /// Whether this ledger may not know what was done to `mailbox`: an audit file that is not its
    /// own was found, and the mailbox was not opened anew since. Asked once, when it is opened.
    pub async fn was_replaced(&self, mailbox: &MailboxName) -> Result<bool, LedgerError> {
        let read = |error| self.unreadable(&error);
        let replaced = sqlx::query_scalar::<_, Option<i64>>(REPLACED).bind(OF_ANOTHER);
        let replaced = replaced.fetch_one(self.readers()).await.map_err(read)?;
        let opened = sqlx::query_scalar::<_, Option<i64>>(OPENED).bind(mailbox.as_str());
        let opened = opened.fetch_one(self.readers()).await.map_err(read)?;
        // Nothing is less than anything: a ledger that was not replaced is in no doubt.
        Ok(opened < replaced)
    }

    /// Deferred tickets of all mailboxes whose time has come by `now`, longest due first.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Ticket>, LedgerError> {
        sqlx::query(AssertSqlSafe(format!("{SELECT}{DUE}")))
            .bind(now.as_microsecond())
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(row::ticket).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// When the next deferred ticket is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, LedgerError> {
        sqlx::query(NEXT_DUE)
            .fetch_one(self.readers())
            .await
            .and_then(|row| row.try_get::<Option<i64>, _>(0)?.map(row::time).transpose())
            .map_err(|error| self.unreadable(&error))
    }

    /// What is known of a mailbox; `None` before its first lease.
    pub async fn mailbox(&self, name: &MailboxName) -> Result<Option<MailboxRecord>, LedgerError> {
        sqlx::query(
            "SELECT generation, baseline, accepted, marks, epoch FROM mailbox WHERE name = ?",
        )
        .bind(name.as_str())
        .fetch_optional(self.readers())
        .await
        .and_then(|row| row.map(|row| record(name, &row)).transpose())
        .map_err(|error| self.unreadable(&error))
    }
}

impl Earlier {
    /// Whether it was sent, may have been sent, or will be.
    pub fn is_forward(&self) -> bool {
        self.attempts > 0
            || (self.action == Some(Action::Forward) && self.stage != StageName::Withdrawn)
    }
}

fn known_row(row: &SqliteRow) -> Result<(Item, (TicketId, StageName)), sqlx::Error> {
    let item = Item::read(row.try_get(0)?);
    Ok((item, (TicketId::new(blob(row, 1)?), row::stage(row, 2)?)))
}

fn earlier(row: &SqliteRow) -> Result<Earlier, sqlx::Error> {
    let action = match row.try_get::<Option<&str>, _>(5)? {
        None => None,
        Some(word) => Some(
            [
                Action::Forward,
                Action::Keep,
                Action::Review,
                Action::Ignore,
            ]
            .into_iter()
            .find(|action| action.as_str() == word)
            .ok_or_else(|| strange("an unknown action"))?,
        ),
    };
    Ok(Earlier {
        digest: Digest::new(blob(row, 0)?),
        ticket: TicketId::new(blob(row, 1)?),
        locator: Locator {
            generation: row::generation(row, 2)?,
            item: Item::read(row.try_get(3)?),
        },
        stage: row::stage(row, 4)?,
        action,
        attempts: row.try_get(6)?,
    })
}

fn record(name: &MailboxName, row: &SqliteRow) -> Result<MailboxRecord, sqlx::Error> {
    Ok(MailboxRecord {
        name: name.clone(),
        generation: row.try_get::<Option<u32>, _>(0)?.map(Generation),
        baseline: row::json(row, 1)?,
        accepted: row.try_get(2)?,
        marks: row::json(row, 3)?.unwrap_or_default(),
        epoch: row.try_get::<i64, _>(4)?.cast_unsigned(),
    })
}
