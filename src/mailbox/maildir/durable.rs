//! Whether a directory's entries are on the disk, and the one failure that must not be tried again.
//!
//! After a failed `fsync` the kernel may call the same pages clean, and a second `fsync` then
//! succeeds without having written anything. So a failed sync is never followed by a look that
//! would take it for done: it is said upwards as what it is.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a batch of work on a Maildir broke off.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A directory or file could not be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// The disk did not take what was written.
    #[error("`{}` cannot be synced to the disk ({error}); check the disk, then restart", .directory.display())]
    Unsynced {
        /// Which directory.
        directory: PathBuf,
        /// What the kernel said.
        error: io::Error,
    },
}

/// Syncs `directory`; `false` when it cannot even be opened, because somebody took it away.
///
/// # Errors
/// [`Broken::Unsynced`] when the sync itself fails.
pub fn durable(directory: &Path) -> Result<bool, Broken> {
    let Ok(open) = File::open(directory) else {
        return Ok(false);
    };
    match open.sync_all() {
        Ok(()) => Ok(true),
        Err(error) => Err(Broken::Unsynced {
            directory: directory.to_owned(),
            error,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_directory_and_a_failing_disk_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(durable(dir.path()).unwrap());
        assert!(!durable(&dir.path().join("absent")).unwrap());
        // The one directory at hand that has no sync.
        let failed = durable(Path::new("/proc")).unwrap_err();
        assert!(matches!(failed, Broken::Unsynced { .. }), "{failed}");
    }
}
