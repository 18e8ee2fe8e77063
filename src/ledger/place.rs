//! The state directory and its files, as far as they must be trusted before they are opened.
//!
//! Whoever can write to the directory can make the daemon forward anything, so it must belong to
//! us alone; whoever can read it reads customers' subjects. Nothing is followed that is a link.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::LedgerError;

/// The ledger's file in the state directory; the database keeps `-wal` and `-shm` beside it.
pub(super) const FILE_NAME: &str = "ledger.sqlite";

/// All of its files, in the order in which they are renamed: a log without its file is nothing, a
/// file without its log is an older ledger.
pub(super) const FILES: [&str; 3] = [FILE_NAME, "ledger.sqlite-wal", "ledger.sqlite-shm"];

/// The file whose lock the daemon holds.
const LOCK_NAME: &str = "lock";

/// The first bytes of every database of this kind.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

fn distrust(path: &Path, why: &str) -> LedgerError {
    LedgerError::Unsafe {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

/// Checks the directory, making it when `create` says so.
pub(super) fn directory(dir: &Path, create: bool) -> Result<(), LedgerError> {
    if create {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| LedgerError::io("create", dir, &e))?;
    }
    let found = match fs::symlink_metadata(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let dir = dir.to_owned();
            return Err(LedgerError::Missing { dir });
        }
        Err(error) => return Err(LedgerError::io("look at", dir, &error)),
    };
    if found.is_symlink() {
        return Err(distrust(
            dir,
            "is a symbolic link: name the directory itself as state directory",
        ));
    }
    if !found.is_dir() {
        return Err(distrust(dir, "is no directory"));
    }
    ours(dir, &found)?;
    // What root makes there the directory's owner could not open.
    if create && rustix::process::geteuid().is_root() && found.uid() != 0 {
        return Err(distrust(
            dir,
            "belongs to another user: run the daemon as that user, not as root, for example with \
             `systemctl start triaged` or `sudo -u triaged`",
        ));
    }
    if found.mode() & 0o022 != 0 {
        return Err(distrust(
            dir,
            "can be written by others: `chmod 0700` it, and look at what lies in it",
        ));
    }
    Ok(())
}

fn ours(path: &Path, found: &fs::Metadata) -> Result<(), LedgerError> {
    let me = rustix::process::geteuid();
    if me.is_root() || found.uid() == me.as_raw() {
        return Ok(());
    }
    Err(distrust(
        path,
        "belongs to another user: run this as that user, for example with `sudo -u`",
    ))
}

/// Takes the lock that only one daemon can hold.
pub(super) fn lock(dir: &Path) -> Result<File, LedgerError> {
    let path = dir.join(LOCK_NAME);
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(distrust(&path, "is no plain file"));
    }
    crate::system::fs::lock(&path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => LedgerError::InUse {
            dir: dir.to_owned(),
        },
        _ => LedgerError::io("lock", path, &error),
    })
}

/// The ledger's file: made empty with mode 0600 when `create` says so, else checked.
///
/// The database gives its side files the mode of this one.
pub(super) fn file(dir: &Path, create: bool) -> Result<PathBuf, LedgerError> {
    let path = dir.join(FILE_NAME);
    for name in FILES {
        let path = dir.join(name);
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        if !found.is_file() {
            return Err(distrust(&path, "is no plain file"));
        }
        ours(&path, &found)?;
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
                .map_err(|e| LedgerError::io("take the rights of others from", &path, &e))?;
        }
    }
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let dir = dir.to_owned();
            return Err(LedgerError::Missing { dir });
        }
        Err(error) => return Err(LedgerError::io("open", path, &error)),
    };
    let mut begin = Vec::new();
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut begin)
        .map_err(|e| LedgerError::io("read", &path, &e))?;
    if !begin.is_empty() && begin != MAGIC {
        let what = "it does not begin as a database does".to_owned();
        return Err(LedgerError::Damaged { path, what });
    }
    Ok(path)
}
