//! What a failure of the database means: try again, or stop for good.
//!
//! The line is drawn by one question: can it be known what is on the disk? When there was no room
//! or no lock, the database rolls back and all is as before. When a write or a sync failed, the system
//! may have dropped what it could not write and say yes the next time, so nothing is ever tried
//! again: <https://www.sqlite.org/rescode.html> has the codes.

use std::path::Path;

use super::error::LedgerError;

/// `SQLITE_BUSY`, `SQLITE_LOCKED`
const LOCKED: [i32; 2] = [5, 6];
/// `SQLITE_FULL`
const FULL: i32 = 13;
/// `SQLITE_IOERR_SHMSIZE`: the index of the write-ahead log cannot grow; happens before any write.
const SHM_SIZE: i32 = 0x0a | (19 << 8);
/// `SQLITE_CORRUPT`, `SQLITE_NOTADB`
const DAMAGED: [i32; 2] = [11, 26];
/// `SQLITE_TOOBIG`, `SQLITE_CONSTRAINT`, `SQLITE_MISMATCH`, `SQLITE_RANGE`: what was asked is
/// wrong.
const REFUSED: [i32; 4] = [18, 19, 20, 25];

/// The class of a failure while writing.
#[derive(Debug)]
pub(super) enum Class {
    /// Nothing was written; may be tried again.
    Passing(LedgerError),
    /// Nothing was written; this request will never be.
    Refused(LedgerError),
    /// The writer must stop.
    Final(String),
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// What a failed write means.
pub(super) fn class(error: &sqlx::Error) -> Class {
    let what = error.to_string();
    match code(error) {
        Some(SHM_SIZE) => Class::Passing(LedgerError::Full { what }),
        Some(code) if code & 0xff == FULL => Class::Passing(LedgerError::Full { what }),
        Some(code) if LOCKED.contains(&(code & 0xff)) => Class::Passing(LedgerError::Busy { what }),
        Some(code) if REFUSED.contains(&(code & 0xff)) => {
            Class::Refused(LedgerError::Refused { what })
        }
        None if matches!(error, sqlx::Error::Encode(_)) => {
            Class::Refused(LedgerError::Refused { what })
        }
        _ => Class::Final(what),
    }
}

/// What a failed read means. Reading harms nothing, so that it may always be tried again.
pub(super) fn reading(path: &Path, error: &sqlx::Error) -> LedgerError {
    let what = error.to_string();
    match (code(error), error) {
        (Some(code), _) if LOCKED.contains(&(code & 0xff)) => LedgerError::Busy { what },
        (None, sqlx::Error::PoolTimedOut) => LedgerError::Busy { what },
        (Some(code), _) if DAMAGED.contains(&(code & 0xff)) => damaged(path, what),
        (None, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => damaged(path, what),
        _ => LedgerError::Io {
            action: "read",
            path: path.to_owned(),
            why: what,
        },
    }
}

/// What a failure at opening means.
pub(super) fn opening(path: &Path, error: &sqlx::Error) -> LedgerError {
    match class(error) {
        Class::Passing(error) => error,
        Class::Refused(_) | Class::Final(_) => match reading(path, error) {
            LedgerError::Io { path, why, .. } => LedgerError::Io {
                action: "open",
                path,
                why,
            },
            other => other,
        },
    }
}

fn damaged(path: &Path, what: String) -> LedgerError {
    LedgerError::Damaged {
        path: path.to_owned(),
        what,
    }
}
