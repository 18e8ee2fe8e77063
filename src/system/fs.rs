//! Files that survive a power cut: what these functions return `Ok` for is on the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{CWD, FlockOperation, RenameFlags};

/// Writes a directory's entries to the disk, so that a rename or creation in it is durable.
pub fn sync_dir(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Moves `from` to `to`, refusing to overwrite: [`io::ErrorKind::AlreadyExists`] when `to` is
/// there. Neither directory is synced; see [`sync_dir`].
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(Into::into)
}

/// Replaces `path` by `bytes` so that a reader sees the old or the new content, never a part:
/// temporary file beside it, sync, rename, sync of the directory. Mode 0600.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_dir(directory)
}

/// Takes an exclusive lock that ends with the process, or says that another holds it.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] when another process has the lock.
pub fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}
