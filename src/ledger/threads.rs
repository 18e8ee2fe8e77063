//! Threads in the ledger: each by its first ticket, found by keys made of identifiers.
//!
//! The daemon's session is the only one that writes them beside a person who closes one, so the last
//! word counts. What a step would have done to a thread is not done when the step is stale.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::error::LedgerError;
use super::group::blob;
use super::open::Ledger;
use super::prepare::{Line, json};
use super::privacy::Redaction;
use super::row::{self, SELECT, strange};
use super::statement as sql;
use crate::domain::event::Entry;
use crate::domain::ids::{Folder, MailboxName, TicketId};
use crate::domain::thread::{Key, Thread};
use crate::domain::ticket::Ticket;

/// Keys asked for in one statement.
const PIECE: usize = 500;

/// Threads by keys; they come as one JSON list of hexadecimal texts.
pub(super) const BY_KEY: &str = "SELECT k.key, h.body FROM json_each(?2) AS asked \
     CROSS JOIN thread_key k ON k.key = unhex(asked.value) JOIN thread h ON h.ticket = k.ticket \
     WHERE h.mailbox = ?1";

/// Threads whose clock must be looked at.
pub(super) const DUE: &str =
    "SELECT body FROM thread WHERE mailbox = ? AND due <= ? ORDER BY due LIMIT ?";

/// When the first clock must be looked at.
pub(super) const NEXT_DUE: &str =
    "SELECT min(due) FROM thread WHERE mailbox = ? AND due IS NOT NULL";

/// Threads that wait for a publisher, longest first: what was not sent yet waits for nobody.
pub(super) const WAITING: &str = "SELECT h.body FROM thread h JOIN ticket t ON t.number = h.ticket \
     WHERE h.waiting_since IS NOT NULL AND t.stage = 'settled' ORDER BY h.waiting_since LIMIT ?";

/// Threads that name an address and whose first ticket has ended; asked for by people only.
const NAMING: &str = "SELECT h.ticket, h.body FROM thread h JOIN ticket t ON t.number = h.ticket \
     WHERE t.ended = 1 AND instr(lower(h.body), lower(?)) > 0";

/// A thread in its columns.
#[derive(Debug)]
pub(super) struct Threaded {
    /// The ticket by which this becomes known.
    pub(super) of: TicketId,
    /// The thread's first ticket.
    pub(super) root: TicketId,
    /// Whether the ticket becomes one of the thread's.
    joins: bool,
    standing: &'static str,
    waiting_since: Option<i64>,
    due: Option<i64>,
    body: String,
    keys: Vec<Key>,
    refiled: Option<(Folder, Vec<TicketId>)>,
    pub(super) line: Option<Line>,
}

impl Threaded {
    pub(super) fn of(
        of: TicketId,
        thread: &Thread,
        joins: bool,
        keys: Vec<Key>,
        entry: Option<&Entry>,
    ) -> Result<Self, LedgerError> {
        Ok(Self {
            of,
            root: thread.root,
            joins: joins && of != thread.root,
            standing: thread.standing.as_str(),
            waiting_since: thread.waiting_since.map(Timestamp::as_microsecond),
            due: thread.due.map(Timestamp::as_microsecond),
            body: json("thread", thread)?,
            keys,
            refiled: None,
            line: entry.map(Line::of).transpose()?,
        })
    }

    /// The same with tickets whose messages were moved.
    pub(super) fn with_moved(self, refiled: Option<(Folder, Vec<TicketId>)>) -> Self {
        Self { refiled, ..self }
    }
}

/// Writes threads; `numbers` are the rows of the tickets that the same group changed.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    threads: &[&Threaded],
    numbers: &HashMap<TicketId, i64>,
) -> Result<(), sqlx::Error> {
    let mut rows = Vec::with_capacity(threads.len());
    let mut keys = Vec::new();
    for threaded in threads {
        let Some(root) = number(conn, numbers, threaded.root).await? else {
            continue;
        };
        let (folder, moved) = match &threaded.refiled {
            Some((folder, moved)) => (folder.as_str(), moved.as_slice()),
            None => ("", &[][..]),
        };
        for moved in moved {
            sqlx::query("UPDATE ticket SET folder = ? WHERE id = ?")
                .bind(folder)
                .bind(&moved.bits()[..])
                .execute(&mut *conn)
                .await?;
        }
        // Its last word counts.
        rows.retain(|(number, _)| *number != root);
        rows.push((root, *threaded));
        keys.extend(threaded.keys.iter().map(|key| (root, *key)));
        if threaded.joins
            && let Some(own) = number(conn, numbers, threaded.of).await?
        {
            sqlx::query("UPDATE ticket SET thread = ? WHERE number = ?")
                .bind(root)
                .bind(own)
                .execute(&mut *conn)
                .await?;
        }
    }
    for (text, piece) in sql::THREAD.pieces(&rows) {
        let mut query = sqlx::query(text);
        for (root, threaded) in piece {
            query = query
                .bind(*root)
                .bind(threaded.standing)
                .bind(threaded.waiting_since)
                .bind(threaded.due)
                .bind(&threaded.body);
        }
        query.execute(&mut *conn).await?;
    }
    for (text, piece) in sql::THREAD_KEY.pieces(&keys) {
        let mut query = sqlx::query(text);
        for (root, key) in piece {
            query = query.bind(*root).bind(&key.bytes()[..]);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Takes a person out of threads: all of it where the thread's first ticket is erased, else who
/// takes part. Threads whose first ticket has not ended are left alone.
pub(super) async fn forget(
    conn: &mut SqliteConnection,
    redaction: &Redaction,
) -> Result<(), sqlx::Error> {
    let mut rows = Vec::new();
    for ticket in &redaction.tickets {
        let text = "SELECT h.ticket, h.body FROM thread h JOIN ticket t ON t.number = h.ticket \
                    WHERE t.id = ? AND t.ended = 1";
        let query = sqlx::query(text).bind(ticket.bits().to_vec());
        rows.extend(query.fetch_all(&mut *conn).await?);
    }
    let naming = sqlx::query(NAMING).bind(redaction.address.as_str());
    rows.extend(naming.fetch_all(&mut *conn).await?);
    for row in &rows {
        let mut thread = thread(row, 1)?;
        if redaction.tickets.contains(&thread.root) {
            thread.forget();
        } else {
            thread.forget_person(&redaction.address);
        }
        let body = serde_json::to_string(&thread).map_err(|_| strange("a thread"))?;
        sqlx::query("UPDATE thread SET body = ? WHERE ticket = ?")
            .bind(body)
            .bind(row.try_get::<i64, _>(0)?)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

async fn number(
    conn: &mut SqliteConnection,
    known: &HashMap<TicketId, i64>,
    id: TicketId,
) -> Result<Option<i64>, sqlx::Error> {
    match known.get(&id) {
        Some(number) => Ok(Some(*number)),
        None => super::group::number(conn, id).await,
    }
}

impl Ledger {
    /// The threads of `mailbox` with one of these keys.
    pub async fn threads(
        &self,
        mailbox: &MailboxName,
        keys: &[Key],
    ) -> Result<HashMap<Key, Thread>, LedgerError> {
        let mut found = HashMap::new();
        for piece in keys.chunks(PIECE) {
            let asked: Vec<String> = piece
                .iter()
                .map(|key| data_encoding::HEXLOWER.encode(key.bytes()))
                .collect();
            let rows = sqlx::query(BY_KEY)
                .bind(mailbox.as_str())
                .bind(serde_json::to_string(&asked).unwrap_or_default())
                .fetch_all(self.readers())
                .await
                .map_err(|error| self.unreadable(&error))?;
            for row in &rows {
                let key = blob(row, 0).map(Key::new);
                let (key, thread) = key
                    .and_then(|key| Ok((key, thread(row, 1)?)))
                    .map_err(|error| self.unreadable(&error))?;
                found.insert(key, thread);
            }
        }
        Ok(found)
    }

    /// The thread whose first ticket is `root`.
    pub async fn thread(&self, root: TicketId) -> Result<Option<Thread>, LedgerError> {
        sqlx::query(
            "SELECT h.body FROM ticket t JOIN thread h ON h.ticket = t.number WHERE t.id = ?",
        )
        .bind(&root.bits()[..])
        .fetch_optional(self.readers())
        .await
        .and_then(|row| row.map(|row| thread(&row, 0)).transpose())
        .map_err(|error| self.unreadable(&error))
    }

    /// The tickets that came later in the thread of `root`, oldest first, at most `limit`.
    pub async fn followers(&self, root: TicketId, limit: u32) -> Result<Vec<Ticket>, LedgerError> {
        let text = format!(
            "{SELECT}WHERE t.thread = (SELECT number FROM ticket WHERE id = ?) \
             ORDER BY t.number LIMIT ?"
        );
        sqlx::query(AssertSqlSafe(text))
            .bind(&root.bits()[..])
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(row::ticket).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// Threads of `mailbox` whose clock must be looked at by `now`, longest due first.
    pub async fn threads_due(
        &self,
        mailbox: &MailboxName,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Thread>, LedgerError> {
        sqlx::query(DUE)
            .bind(mailbox.as_str())
            .bind(now.as_microsecond())
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(|row| thread(row, 0)).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// When the first clock of `mailbox` must be looked at.
    pub async fn next_thread_due(
        &self,
        mailbox: &MailboxName,
    ) -> Result<Option<Timestamp>, LedgerError> {
        sqlx::query(NEXT_DUE)
            .bind(mailbox.as_str())
            .fetch_one(self.readers())
            .await
            .and_then(|row| row.try_get::<Option<i64>, _>(0)?.map(row::time).transpose())
            .map_err(|error| self.unreadable(&error))
    }

    /// Threads that name `address` and whose first ticket has ended.
    pub async fn threads_naming(&self, address: &str) -> Result<Vec<Thread>, LedgerError> {
        sqlx::query(NAMING)
            .bind(address)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(|row| thread(row, 1)).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// Threads that wait for a publisher, longest first, at most `limit`.
    pub async fn waiting(&self, limit: u32) -> Result<Vec<Thread>, LedgerError> {
        sqlx::query(WAITING)
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(|row| thread(row, 0)).collect())
            .map_err(|error| self.unreadable(&error))
    }
}

fn thread(row: &SqliteRow, index: usize) -> Result<Thread, sqlx::Error> {
    row::json(row, index)?.ok_or_else(|| strange("a thread without a body"))
}
