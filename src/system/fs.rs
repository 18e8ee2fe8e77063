//! Files that survive a power cut: what these functions return `Ok` for is on the disk.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, RenameFlags, StatVfsMountFlags};
use rustix::io::Errno;
use rustix::process::Pid;

/// Longest number of a process with its line end, in bytes.
const PID_BYTES_MAX: u64 = 16;

/// Writes a directory's entries to the disk, so that a rename or creation in it is durable.
pub fn sync_dir(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Bytes that a user without privileges may still write to the file system of `path`; none on one
/// that is mounted for reading only.
pub fn free(path: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(path)?;
    if system.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Ok(0);
    }
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Moves `from` to `to`, refusing to overwrite: [`io::ErrorKind::AlreadyExists`] when `to` is
/// there. Neither directory is synced; see [`sync_dir`].
///
/// Where the file system does not know a rename without replacement (NFS), the file gets its new
/// name before it loses the old one: for a moment it has both, never neither.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_new(from, to),
        result => result.map_err(Into::into),
    }
}

fn link_new(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Opens a regular file for reading. Neither follows a symbolic link nor waits for the other end
/// of a FIFO.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] when `path` is anything else than a regular file.
pub fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => File::from(descriptor),
        // A link, or a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Err(refused()),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(refused())
    }
}

/// Whether two regular files hold the same bytes; true at once when they are one file under two
/// names. Reads both in pieces of 64 KiB.
pub fn same_content(one: &Path, other: &Path) -> io::Result<bool> {
    const PIECE: usize = 64 << 10;
    let (one, one_is) = open_regular(one)?;
    let (other, other_is) = open_regular(other)?;
    if (one_is.dev(), one_is.ino()) == (other_is.dev(), other_is.ino()) {
        return Ok(true);
    }
    if one_is.len() != other_is.len() {
        return Ok(false);
    }
    let mut one = BufReader::with_capacity(PIECE, one);
    let mut other = BufReader::with_capacity(PIECE, other);
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if length == 0 {
            return Ok(left.len() == right.len());
        }
        if left[..length] != right[..length] {
            return Ok(false);
        }
        one.consume(length);
        other.consume(length);
    }
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

/// Takes an exclusive lock that ends with the process, or says that another holds it. The file
/// then says which process has it.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] when another process has the lock.
pub fn lock(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    file.set_len(0)?;
    // On a full disk the lock holds all the same; only nobody can tell whose it is.
    let _untold = writeln!(file, "{}", rustix::process::getpid().as_raw_nonzero());
    Ok(file)
}

/// Who has a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nobody.
    Free,
    /// This process.
    By(Pid),
    /// A process that the file does not name.
    ByUnknown,
}

/// Who has the lock that [`lock`] takes.
///
/// # Errors
/// Those of opening and reading the file.
pub fn holder(path: &Path) -> io::Result<Held> {
    let (mut file, _) = open_regular(path)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => return Ok(Held::Free),
        Err(Errno::WOULDBLOCK) => {}
        Err(error) => return Err(error.into()),
    }
    let mut text = String::new();
    (&mut file).take(PID_BYTES_MAX).read_to_string(&mut text)?;
    let named = text.trim().parse().ok().and_then(Pid::from_raw);
    Ok(named.map_or(Held::ByUnknown, Held::By))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_moving_refuse_to_overwrite() {
        for moved in [rename_new, link_new] {
            let dir = tempfile::tempdir().unwrap();
            let [from, to] = ["from", "to"].map(|name| dir.path().join(name));
            fs::write(&from, "a").unwrap();
            fs::write(&to, "b").unwrap();
            let taken = moved(&from, &to).unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&to).unwrap(), b"b");
            fs::remove_file(&to).unwrap();
            moved(&from, &to).unwrap();
            assert_eq!(fs::read(&to).unwrap(), b"a");
            assert!(!from.exists());
        }
    }

    #[test]
    fn a_lock_says_whose_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        fs::write(&path, "4194304999\n").unwrap();
        assert_eq!(holder(&path).unwrap(), Held::Free);
        let held = lock(&path).unwrap();
        assert_eq!(holder(&path).unwrap(), Held::By(rustix::process::getpid()));
        held.set_len(0).unwrap();
        assert_eq!(holder(&path).unwrap(), Held::ByUnknown);
        drop(held);
        assert_eq!(holder(&path).unwrap(), Held::Free);
    }

    #[test]
    fn only_regular_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "a").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        fs::create_dir(at("directory")).unwrap();
        rustix::fs::mknodat(CWD, at("fifo"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert!(open_regular(&at("file")).is_ok());
        for name in ["link", "directory", "fifo", "socket"] {
            let error = open_regular(&at(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        let absent = open_regular(&at("absent")).unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn content_is_compared_to_the_last_byte() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let long = vec![7; 200_000];
        let mut other = long.clone();
        other[199_999] = 8;
        fs::write(at("a"), &long).unwrap();
        fs::write(at("b"), &long).unwrap();
        fs::write(at("c"), &other).unwrap();
        fs::write(at("d"), &long[1..]).unwrap();
        fs::hard_link(at("a"), at("e")).unwrap();
        for (name, same) in [
            ("a", true),
            ("b", true),
            ("c", false),
            ("d", false),
            ("e", true),
        ] {
            assert_eq!(same_content(&at("a"), &at(name)).unwrap(), same, "{name}");
        }
    }
}
