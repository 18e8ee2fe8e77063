//! Opening the ledger, and the door through which all writing goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::audit_file::AuditFile;
use super::change::{Change, Lease, Pen, Verdict};
use super::error::LedgerError;
use super::group::Call;
use super::lease::LeaseCall;
use super::prepare::Prepared;
use super::writer::{self, QUEUE_MAX, Request, Trouble, Writer};
use super::{fault, place, schema};
use crate::domain::ids::MailboxName;

/// Most changes of one call.
pub const CHANGES_MAX: usize = 4096;

/// How long a write waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(5);

/// Connections for reading.
const READERS: u32 = 2;

/// Pages the writer's connection keeps in memory, in KiB.
const WRITER_CACHE: &str = "-4096";

/// Pages a reading connection keeps in memory, in KiB.
const READER_CACHE: &str = "-1024";

/// Rows handed over at once between the database's thread and ours.
const ROW_BUFFER: usize = 256;

/// Who opens the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The one daemon: takes the lock, creates what is missing, keeps the audit file.
    Daemon,
    /// The command line, beside a daemon that may be running.
    Person,
}

/// The open ledger; clones share it.
#[derive(Debug, Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requests: mpsc::Sender<Request>,
    readers: SqlitePool,
    path: PathBuf,
    mode: Mode,
    trouble: Trouble,
}

impl Ledger {
    /// Opens the ledger in the state directory `dir`. A [`Mode::Daemon`] creates directory and
    /// ledger, migrates an older one and mends the audit file; a [`Mode::Person`] does none of it.
    ///
    /// # Errors
    /// Everything that makes the ledger unusable, before anything is done with it; among them
    /// [`LedgerError::InUse`], [`LedgerError::Newer`] and [`LedgerError::Damaged`].
    pub async fn open(dir: &Path, mode: Mode) -> Result<Self, LedgerError> {
        let daemon = mode == Mode::Daemon;
        place::directory(dir, daemon)?;
        let lock = daemon.then(|| place::lock(dir)).transpose()?;
        let path = place::file(dir, daemon)?;
        let failed = |error: sqlx::Error| fault::opening(&path, &error);

        let mut conn = connect(&path, daemon).await.map_err(failed)?;
        schema::migrate(&mut conn, &path, daemon).await?;
        schema::check(&mut conn, &path, daemon).await?;
        let audit = match mode {
            Mode::Daemon => Some(AuditFile::open(dir, &path, &mut conn).await?),
            Mode::Person => None,
        };
        let writer = Writer::new(conn, path.clone(), audit, lock)
            .await
            .map_err(failed)?;
        Ok(Self::start(writer, mode))
    }

    /// Sets the writer to work.
    pub(super) fn start(writer: Writer, mode: Mode) -> Self {
        let path = writer.path.clone();
        let trouble = writer.trouble.clone();
        let reading = options(&path, READER_CACHE).read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(reading);
        let (requests, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(writer.run(waiting));
        let shared = Shared {
            requests,
            readers,
            path,
            mode,
            trouble,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Takes or renews the lease on `mailbox` for `ttl`. The same `holder` keeps its epoch.
    ///
    /// # Errors
    /// [`LedgerError::Leased`] when another holder's lease is not over; never for a
    /// [`Mode::Daemon`], whose lock proves that the other is dead.
    pub async fn lease(
        &self,
        mailbox: &MailboxName,
        holder: &str,
        ttl: Duration,
    ) -> Result<Lease, LedgerError> {
        let now = Timestamp::now();
        let call = LeaseCall {
            mailbox: mailbox.clone(),
            holder: holder.to_owned(),
            now,
            until: writer::until(now, ttl),
            takes_over: self.shared.mode == Mode::Daemon,
        };
        self.ask(|answer| Request::Lease(call, answer)).await
    }

    /// Writes `changes`, at most [`CHANGES_MAX`], in one transaction, shared with whatever else waits, and answers once
    /// they are on the disk: one verdict per change, in order.
    ///
    /// Once called, it is written even if the returned future is dropped.
    ///
    /// # Errors
    /// Then nothing of `changes` was written. [`LedgerError::is_passing`] says whether the same
    /// call may be made again later; no side effect may begin until one succeeds.
    pub async fn record(
        &self,
        pen: &Pen,
        changes: Vec<Change>,
    ) -> Result<Vec<Verdict>, LedgerError> {
        self.post(pen, &Posting::of(changes)?).await
    }

    /// As [`Self::record`], for changes that may have to be offered again.
    pub async fn post(&self, pen: &Pen, posting: &Posting) -> Result<Vec<Verdict>, LedgerError> {
        let (pen, changes) = (pen.clone(), Arc::clone(&posting.0));
        self.ask(|answer| Request::Write(Call { pen, changes }, answer))
            .await
    }

    /// Whether another process wrote since the last time this was asked; then also the audit file
    /// is brought up to date. Reads one number from shared memory.
    pub async fn changed(&self) -> Result<bool, LedgerError> {
        self.ask(Request::Changed).await
    }

    /// Why the last write failed; nothing once one succeeds. Asks nobody: the daemon renews its
    /// leases three times a minute, so that the answer is not old.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.get()
    }

    /// Writes out what waits, syncs the audit file and closes; later calls fail.
    pub async fn close(&self) -> Result<(), LedgerError> {
        self.shared.readers.close().await;
        self.ask(Request::Close).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, LedgerError>>) -> Request,
    ) -> Result<T, LedgerError> {
        let (answer, end) = oneshot::channel();
        let closed = || LedgerError::Stopped {
            why: "it was closed".to_owned(),
        };
        let sent = self.shared.requests.send(request(answer)).await;
        sent.map_err(|_| closed())?;
        end.await.map_err(|_| closed())?
    }

    /// Where reads go.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.shared.readers
    }

    /// The ledger's file.
    pub(super) fn path(&self) -> &Path {
        &self.shared.path
    }

    /// What a failed read means.
    pub(super) fn unreadable(&self, error: &sqlx::Error) -> LedgerError {
        fault::reading(&self.shared.path, error)
    }
}

fn options(path: &Path, cache: &'static str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("cache_size", cache)
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        .row_buffer_size(ROW_BUFFER)
        .disable_statement_logging()
}

/// The writer's connection.
pub(super) async fn connect(path: &Path, daemon: bool) -> Result<SqliteConnection, sqlx::Error> {
    let options = options(path, WRITER_CACHE)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // The daemon carries the log over itself, where a failure is seen.
        .pragma("wal_autocheckpoint", if daemon { "0" } else { "1000" })
        .pragma("journal_size_limit", "67108864")
        // What was deleted or rewritten leaves nothing in the unused parts of a page.
        .pragma("secure_delete", "on");
    options.connect().await
}

/// Changes put into the ledger's own words, ready to be written as often as it takes.
#[derive(Debug, Clone)]
pub struct Posting(Arc<[Prepared]>);

impl Posting {
    /// Prepares `changes`, at most [`CHANGES_MAX`].
    ///
    /// # Errors
    /// [`LedgerError::Refused`] when they cannot be stored.
    pub fn of(changes: Vec<Change>) -> Result<Self, LedgerError> {
        if changes.len() > CHANGES_MAX {
            return Err(LedgerError::Refused {
                what: format!("{} changes at once, at most {CHANGES_MAX}", changes.len()),
            });
        }
        changes
            .into_iter()
            .map(Prepared::of)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}
