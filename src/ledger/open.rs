//! Opening, writing to and closing the ledger.

use std::path::Path;
use std::time::Duration;

use super::change::{Change, Lease, Pen, Verdict};
use super::error::LedgerError;
use crate::domain::ids::MailboxName;

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
pub struct Ledger {}

impl Ledger {
    /// Opens the ledger in the state directory `dir`.
    pub async fn open(dir: &Path, mode: Mode) -> Result<Self, LedgerError> {
        todo!("{dir:?} {mode:?}")
    }

    /// Takes or renews the lease on `mailbox` for `ttl`. The same `holder` keeps its epoch.
    pub async fn lease(
        &self,
        mailbox: &MailboxName,
        holder: &str,
        ttl: Duration,
    ) -> Result<Lease, LedgerError> {
        todo!("{mailbox} {holder} {ttl:?}")
    }

    /// Writes `changes` in one transaction, shared with whatever else waits, and answers once
    /// they are on the disk: one verdict per change, in order. On an error nothing of them is written.
    pub async fn record(
        &self,
        pen: &Pen,
        changes: Vec<Change>,
    ) -> Result<Vec<Verdict>, LedgerError> {
        todo!("{pen:?} {changes:?}")
    }

    /// Writes out what waits, syncs the audit file and closes; later calls fail.
    pub async fn close(&self) -> Result<(), LedgerError> {
        todo!()
    }
}
