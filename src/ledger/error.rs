//! What can go wrong with the ledger, classed by what the caller may do next.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::ids::MailboxName;

/// Why the ledger did not do what it was asked. None of what was asked was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Another daemon works on this state directory.
    #[error(
        "another `triaged run` works on `{}`: stop it first, or give this one its own state directory",
        dir.display()
    )]
    InUse {
        /// The state directory.
        dir: PathBuf,
    },
    /// The state directory or a file in it cannot be trusted.
    #[error("`{}` {why}", path.display())]
    Unsafe {
        /// Which path.
        path: PathBuf,
        /// What is wrong and what helps.
        why: String,
    },
    /// There is no ledger yet: only the daemon makes one.
    #[error("no ledger in `{}`: `triaged run` makes it", dir.display())]
    Missing {
        /// The state directory.
        dir: PathBuf,
    },
    /// A newer `triaged` wrote it.
    #[error(
        "`{}` has schema {found}, this program knows {known}: use the newer `triaged` that wrote it",
        path.display()
    )]
    Newer {
        /// The ledger file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The highest this program knows.
        known: i64,
    },
    /// An older `triaged` wrote it, and only the daemon brings it up to date.
    #[error(
        "`{}` has schema {found}, this program writes {known}: restart `triaged run` with this \
         version first",
        path.display()
    )]
    Older {
        /// The ledger file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The one this program writes.
        known: i64,
    },
    /// The file is damaged.
    #[error(
        "`{}` is damaged ({what}): move the ledger files aside and start again; unfinished \
         messages still lie in the mailbox",
        path.display()
    )]
    Damaged {
        /// The ledger file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// No room on the disk. No side effect may begin; the same call may be made again.
    #[error("no room for the ledger ({what}): free space on its disk, work goes on by itself")]
    Full {
        /// What could not be written.
        what: String,
    },
    /// Another process holds the ledger for too long. The same call may be made again.
    #[error("the ledger is locked by another process: {what}")]
    Busy {
        /// The database's words.
        what: String,
    },
    /// The audit file cannot be written. No side effect may begin; the same call may be made again.
    #[error("cannot write the audit file `{}` ({why}): nothing is begun until it can", path.display())]
    Audit {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// Writing failed in a way that leaves in doubt what is on the disk. Nothing is written any
    /// more: the daemon must stop, and reads the truth at its next start.
    #[error("the ledger stopped: {why}")]
    Stopped {
        /// What happened first.
        why: String,
    },
    /// Somebody else took the mailbox over: nothing may be done for it any more.
    #[error("the lease on mailbox `{mailbox}` was taken over (ours is epoch {ours}, now {now})")]
    Fenced {
        /// Which mailbox.
        mailbox: MailboxName,
        /// The epoch of the call.
        ours: u64,
        /// The epoch in the ledger; 0 when the mailbox is not known.
        now: u64,
    },
    /// Somebody else works on the mailbox.
    #[error("mailbox `{mailbox}` is leased to `{holder}` until {until}")]
    Leased {
        /// Which mailbox.
        mailbox: MailboxName,
        /// Who has it.
        holder: String,
        /// Until when.
        until: Timestamp,
    },
    /// The request itself cannot be stored; a fault of the caller.
    #[error("the ledger refuses: {what}")]
    Refused {
        /// Why.
        what: String,
    },
    /// A file operation beside the database failed.
    #[error("cannot {action} `{}`: {why}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
}

impl LedgerError {
    /// Whether the same call may succeed later without anybody restarting the daemon.
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Full { .. } | Self::Busy { .. } | Self::Audit { .. }
        )
    }

    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::Io {
            action,
            path: path.into(),
            why: error.to_string(),
        }
    }
}
