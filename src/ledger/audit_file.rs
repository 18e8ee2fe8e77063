//! Keeps the audit file beside the ledger complete: adds what was just written, and whatever else
//! the ledger has and the file has not.
//!
//! When the file cannot be written, what is committed stays committed, but nothing new is begun
//! until the file has caught up: the audit log is part of what was promised.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::change::Pen;
use super::error::LedgerError;
use super::fault;
use super::group::{self, Call, blob};
use super::prepare::{Line, Prepared};
use crate::audit::chain::{self, Head};
use crate::audit::mirror::{FILE_NAME, Mirror};
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Entry, Happening};

/// Lines read from the ledger at once while catching up.
const PAGE: i64 = 512;

/// What the audit log says first when a file of another ledger was set aside: this ledger is new,
/// or an old one come back, and does not know what was done meanwhile.
pub(super) const OF_ANOTHER: &str = "the file was of another ledger";

/// The audit file, and whether it lacks something.
#[derive(Debug)]
pub(super) struct AuditFile {
    mirror: Mirror,
    path: PathBuf,
    ledger: PathBuf,
    behind: bool,
}

impl AuditFile {
    /// Opens the file in `dir` and adds what the ledger has and the file has not.
    pub(super) async fn open(
        dir: &Path,
        ledger: &Path,
        conn: &mut SqliteConnection,
    ) -> Result<Self, LedgerError> {
        let path = dir.join(FILE_NAME);
        let mirror = Mirror::open(dir).map_err(|e| LedgerError::io("open", &path, &e))?;
        let ledger = ledger.to_owned();
        let mut copy = Self {
            mirror,
            path,
            ledger,
            behind: true,
        };
        copy.catch_up(conn).await?;
        Ok(copy)
    }

    pub(super) fn is_unsynced(&self) -> bool {
        self.mirror.is_unsynced()
    }

    /// Writes the file to the disk. A failure is told, no more: the ledger has every line.
    pub(super) fn sync(&mut self) {
        if let Err(error) = self.mirror.sync() {
            tracing::warn!(file = %self.path.display(), "the audit file is not synced: {error}");
            self.behind = true;
        }
    }

    /// Whether something new may begin.
    pub(super) async fn ready(&mut self, conn: &mut SqliteConnection) -> Result<(), LedgerError> {
        if self.behind {
            self.catch_up(conn).await?;
        }
        Ok(())
    }

    /// Adds the lines of a transaction that went from `before` to `after`.
    pub(super) async fn add(
        &mut self,
        conn: &mut SqliteConnection,
        before: Head,
        after: Head,
        lines: &[String],
    ) {
        let added = match self.mirror.refresh() {
            Ok(()) if self.mirror.last() == before && !self.behind => self
                .mirror
                .append(lines.iter().map(String::as_str), after)
                .map_err(|error| self.trouble(&error)),
            Ok(()) => self.catch_up(conn).await,
            Err(error) => Err(self.trouble(&error)),
        };
        if let Err(error) = added {
            tracing::error!("{error}");
            self.behind = true;
        }
    }

    /// Adds all that the file lacks. A file that is not of this ledger is set aside first.
    pub(super) async fn catch_up(
        &mut self,
        conn: &mut SqliteConnection,
    ) -> Result<(), LedgerError> {
        self.behind = true;
        self.mirror.refresh().map_err(|e| self.trouble(&e))?;
        self.fill(conn).await?;
        let repairs = self.mirror.take_repairs();
        if !repairs.is_empty() {
            for what in &repairs {
                tracing::warn!(file = %self.path.display(), "the audit file was mended: {what}");
            }
            self.note(conn, repairs).await?;
            self.fill(conn).await?;
        }
        self.behind = false;
        Ok(())
    }

    async fn fill(&mut self, conn: &mut SqliteConnection) -> Result<(), LedgerError> {
        let ledger = self.ledger.clone();
        let read = |error: sqlx::Error| fault::reading(&ledger, &error);
        let head = group::head(conn).await.map_err(read)?;
        let last = self.mirror.last();
        if last != head && !holds(conn, last).await.map_err(read)? {
            self.mirror
                .set_aside(OF_ANOTHER, Timestamp::now())
                .map_err(|e| self.trouble(&e))?;
        }
        while self.mirror.last().seq < head.seq {
            let mut last = self.mirror.last();
            let rows =
                sqlx::query("SELECT seq, body, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?")
                    .bind(last.seq.cast_signed())
                    .bind(PAGE)
                    .fetch_all(&mut *conn)
                    .await
                    .map_err(read)?;
            if rows.is_empty() {
                return Err(LedgerError::Damaged {
                    path: self.ledger.clone(),
                    what: format!("audit entries after {} are missing", last.seq),
                });
            }
            let mut lines = Vec::with_capacity(rows.len());
            for row in &rows {
                let seq = row.try_get::<i64, _>(0).map_err(read)?.cast_unsigned();
                let hash = Digest::new(blob(row, 2).map_err(read)?);
                let body: &str = row.try_get(1).map_err(read)?;
                lines.push(chain::line(seq, body, &last.hash, &hash));
                last = Head { seq, hash };
            }
            self.mirror
                .append(lines.iter().map(String::as_str), last)
                .map_err(|e| self.trouble(&e))?;
        }
        Ok(())
    }

    /// Records in the ledger what was mended.
    async fn note(
        &self,
        conn: &mut SqliteConnection,
        repairs: Vec<String>,
    ) -> Result<(), LedgerError> {
        let changes = repairs
            .into_iter()
            .map(|what| {
                Line::of(&Entry {
                    at: Timestamp::now(),
                    actor: Actor::Triaged,
                    mailbox: None,
                    ticket: None,
                    happening: Happening::Repaired { what },
                })
                .map(Prepared::Note)
            })
            .collect::<Result<_, _>>()?;
        let call = Call {
            pen: Pen::Person,
            changes,
        };
        if let Err(error) = group::apply(conn, &[], &[call]).await {
            let _ = sqlx::query("ROLLBACK").execute(conn).await;
            return Err(fault::opening(&self.ledger, &error));
        }
        Ok(())
    }

    fn trouble(&self, error: &io::Error) -> LedgerError {
        LedgerError::Audit {
            path: self.path.clone(),
            why: error.to_string(),
        }
    }
}

/// Whether the chain in the ledger passes through `head`.
async fn holds(conn: &mut SqliteConnection, head: Head) -> Result<bool, sqlx::Error> {
    if head.seq == 0 {
        return Ok(true);
    }
    let row = sqlx::query("SELECT hash FROM event WHERE seq = ?")
        .bind(head.seq.cast_signed())
        .fetch_optional(conn)
        .await?;
    row.map_or(
        Ok(false),
        |row| Ok(Digest::new(blob(&row, 0)?) == head.hash),
    )
}
