//! Setting a ledger aside that cannot be used: renamed, never removed, so that it can be looked at
//! or brought back.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::LedgerError;
use super::open::Ledger;
use super::place;
use crate::system::fs::{rename_new, sync_dir};

impl Ledger {
    /// Renames the ledger's files in `dir`, so that the next daemon begins another; the answer is
    /// what they are called now.
    ///
    /// # Errors
    /// [`LedgerError::InUse`] while a daemon works there, and those of the file operations.
    pub fn set_aside(dir: &Path, now: Timestamp) -> Result<Vec<PathBuf>, LedgerError> {
        place::directory(dir, false)?;
        let _lock = place::lock(dir)?;
        let mut aside = Vec::new();
        for name in place::FILES {
            let from = dir.join(name);
            if fs::symlink_metadata(&from).is_err() {
                continue;
            }
            let to = dir.join(format!("{name}.set-aside-{}", now.as_millisecond()));
            rename_new(&from, &to).map_err(|e| LedgerError::io("set aside", &from, &e))?;
            aside.push(to);
        }
        sync_dir(dir).map_err(|e| LedgerError::io("sync", dir, &e))?;
        Ok(aside)
    }
}
