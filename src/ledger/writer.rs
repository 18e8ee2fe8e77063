//! The one task that writes: takes what waits, writes it in one transaction, answers.
//!
//! What holds:
//! - nobody is answered before the commit is on the disk (WAL, `synchronous = FULL`);
//! - after a failure that leaves in doubt what is on the disk nothing is written any more, and
//!   every later call fails; no sync is ever repeated in the hope of a better answer;
//! - lack of room or of the lock fails the waiting calls only; the next ones are tried anew;
//! - one wrong request does not take the others of its group with it.
//!
//! The log of the database is carried over (`wal_checkpoint`) here too, after the answers, so that
//! nobody waits for it and its failures are seen.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Connection, Row, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::audit_file::AuditFile;
use super::change::{Lease, Verdict};
use super::error::LedgerError;
use super::fault::{self, Class};
use super::group::{self, Call, Outcome};
use super::lease::LeaseCall;

/// Requests that may wait; callers beyond it wait for room.
pub(super) const QUEUE_MAX: usize = 256;

/// Changes after which no further request joins a transaction.
const GROUP_MAX: usize = 1024;

/// How long nothing must be asked before the audit file is synced.
const IDLE: Duration = Duration::from_secs(1);

/// Pages that may wait in the log before they are carried over: 8 MiB.
const LOG_PAGES_MAX: usize = 2048;

/// Pages a transaction rewrites beside those of its changes (head, tally, tree tops), about.
const GROUP_PAGES: usize = 8;

pub(super) type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

/// What can be asked of the writer.
#[derive(Debug)]
pub(super) enum Request {
    Write(Call, Answer<Vec<Verdict>>),
    Lease(LeaseCall, Answer<Lease>),
    Changed(Answer<bool>),
    Close(Answer<()>),
}

impl Request {
    fn weight(&self) -> usize {
        match self {
            Self::Write(call, _) => call.changes.len(),
            Self::Lease(..) | Self::Changed(_) | Self::Close(_) => 1,
        }
    }
}

/// The requests of one transaction.
#[derive(Debug, Default)]
struct Batch {
    calls: Vec<Call>,
    call_answers: Vec<Answer<Vec<Verdict>>>,
    leases: Vec<LeaseCall>,
    lease_answers: Vec<Answer<Lease>>,
}

impl Batch {
    fn len(&self) -> usize {
        self.calls.len() + self.leases.len()
    }

    fn fail(self, error: &LedgerError) {
        for answer in self.call_answers {
            let _ = answer.send(Err(error.clone()));
        }
        for answer in self.lease_answers {
            let _ = answer.send(Err(error.clone()));
        }
    }

    fn answer(
        self,
        answers: Vec<Result<Vec<Verdict>, LedgerError>>,
        leases: Vec<Result<Lease, LedgerError>>,
    ) {
        for (answer, end) in self.call_answers.into_iter().zip(answers) {
            let _ = answer.send(end);
        }
        for (answer, end) in self.lease_answers.into_iter().zip(leases) {
            let _ = answer.send(end);
        }
    }

    /// One batch per request.
    fn split(self) -> impl Iterator<Item = Self> {
        let calls = self.calls.into_iter().zip(self.call_answers);
        let leases = self.leases.into_iter().zip(self.lease_answers);
        let leases = leases.map(|(lease, answer)| Self {
            leases: vec![lease],
            lease_answers: vec![answer],
            ..Self::default()
        });
        leases.chain(calls.map(|(call, answer)| Self {
            calls: vec![call],
            call_answers: vec![answer],
            ..Self::default()
        }))
    }
}

/// The writing end of the ledger.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) conn: SqliteConnection,
    pub(super) path: PathBuf,
    /// The audit file; only the daemon keeps it.
    pub(super) audit: Option<AuditFile>,
    /// Held until the writer ends.
    pub(super) lock: Option<File>,
    /// Why the last write failed, for whoever asks how the ledger is.
    pub(super) trouble: Trouble,
    stopped: Option<String>,
    version: i64,
    log_pages: usize,
}

/// Why the last write failed; nothing once one succeeds.
#[derive(Debug, Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    pub(super) fn get(&self) -> Option<String> {
        let trouble = self.0.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trouble: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl Writer {
    pub(super) async fn new(
        mut conn: SqliteConnection,
        path: PathBuf,
        audit: Option<AuditFile>,
        lock: Option<File>,
    ) -> Result<Self, sqlx::Error> {
        let version = version(&mut conn).await?;
        Ok(Self {
            conn,
            path,
            audit,
            lock,
            trouble: Trouble::default(),
            stopped: None,
            version,
            log_pages: 0,
        })
    }

    /// Serves until everybody who could ask is gone, or somebody closes.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut closing = Vec::new();
        while closing.is_empty() {
            let Some(first) = self.next(&mut requests).await else {
                break;
            };
            let mut weight = first.weight();
            let mut batch = Batch::default();
            let mut asked = Vec::new();
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Write(call, answer) => {
                        batch.calls.push(call);
                        batch.call_answers.push(answer);
                    }
                    Request::Lease(call, answer) => {
                        batch.leases.push(call);
                        batch.lease_answers.push(answer);
                    }
                    Request::Changed(answer) => asked.push(answer),
                    Request::Close(answer) => closing.push(answer),
                }
                next = (weight < GROUP_MAX && closing.is_empty())
                    .then(|| requests.try_recv().ok())
                    .flatten();
                weight += next.as_ref().map_or(0, Request::weight);
            }
            if batch.len() > 0 {
                self.write(batch).await;
            }
            for answer in asked {
                let _ = answer.send(self.changed().await);
            }
            self.carry_over().await;
        }
        if let Some(audit) = &mut self.audit {
            audit.sync();
        }
        requests.close();
        let ended = self.conn.close().await;
        let ended = ended.map_err(|error| fault::reading(&self.path, &error));
        drop(self.lock);
        for answer in closing {
            let _ = answer.send(ended.clone());
        }
    }

    /// The next request; syncs the audit file when none comes for a while.
    async fn next(&mut self, requests: &mut mpsc::Receiver<Request>) -> Option<Request> {
        if let Some(audit) = &mut self.audit
            && audit.is_unsynced()
        {
            if let Ok(next) = tokio::time::timeout(IDLE, requests.recv()).await {
                return next;
            }
            audit.sync();
        }
        requests.recv().await
    }

    fn stop(&mut self, why: String) -> LedgerError {
        tracing::error!(ledger = %self.path.display(), "the ledger stops: {why}");
        self.stopped = Some(why.clone());
        self.trouble.set(Some(why.clone()));
        LedgerError::Stopped { why }
    }

    async fn write(&mut self, batch: Batch) {
        match self.attempt(&batch).await {
            Ok(outcome) => self.written(batch, outcome).await,
            Err(Class::Refused(_)) if batch.len() > 1 => {
                for one in batch.split() {
                    match self.attempt(&one).await {
                        Ok(outcome) => self.written(one, outcome).await,
                        Err(class) => self.failed(one, class),
                    }
                }
            }
            Err(class) => self.failed(batch, class),
        }
    }

    async fn attempt(&mut self, batch: &Batch) -> Result<Outcome, Class> {
        if let Some(why) = &self.stopped {
            let why = why.clone();
            return Err(Class::Passing(LedgerError::Stopped { why }));
        }
        if let Some(audit) = &mut self.audit {
            audit.ready(&mut self.conn).await.map_err(Class::Passing)?;
        }
        match group::apply(&mut self.conn, &batch.leases, &batch.calls).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                // Fails when SQLite has rolled back by itself; if it is anything worse, the next
                // BEGIN says so.
                let _ = sqlx::query("ROLLBACK").execute(&mut self.conn).await;
                Err(fault::class(&error))
            }
        }
    }

    async fn written(&mut self, batch: Batch, outcome: Outcome) {
        self.trouble.set(None);
        self.log_pages += GROUP_PAGES + outcome.lines.len();
        if let Some(audit) = &mut self.audit {
            // Into the system's memory only, so that nobody waits for the disk a second time.
            audit
                .add(
                    &mut self.conn,
                    outcome.before,
                    outcome.after,
                    &outcome.lines,
                )
                .await;
        }
        batch.answer(outcome.answers, outcome.leases);
    }

    fn failed(&mut self, batch: Batch, class: Class) {
        let error = match class {
            Class::Passing(error) => {
                self.trouble.set(Some(error.to_string()));
                error
            }
            // That one request was wrong says nothing about the next.
            Class::Refused(error) => error,
            Class::Final(why) => self.stop(why),
        };
        batch.fail(&error);
    }

    async fn changed(&mut self) -> Result<bool, LedgerError> {
        let now = version(&mut self.conn)
            .await
            .map_err(|error| fault::reading(&self.path, &error))?;
        let changed = now != self.version;
        self.version = now;
        if changed && let Some(audit) = &mut self.audit {
            // What fails here is tried again before the next write, and said then.
            let _ = audit.catch_up(&mut self.conn).await;
        }
        Ok(changed)
    }

    /// Carries the log over into the database once it is long.
    async fn carry_over(&mut self) {
        if self.audit.is_none() || self.log_pages < LOG_PAGES_MAX || self.stopped.is_some() {
            return;
        }
        self.log_pages = 0;
        let done = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(&mut self.conn)
            .await;
        if let Err(error) = done
            && let Class::Final(why) = fault::class(&error)
        {
            self.stop(why);
        }
    }
}

/// A number that changes when another connection has written.
async fn version(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query("PRAGMA data_version")
        .fetch_one(conn)
        .await?
        .try_get(0)
}

/// The end of a lease of `ttl` that begins at `now`.
pub(super) fn until(now: Timestamp, ttl: Duration) -> Timestamp {
    now.checked_add(ttl).unwrap_or(Timestamp::MAX)
}
