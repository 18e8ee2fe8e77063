//! Dropping one file into a Maildir so that it survives a power cut and is never seen in part.
//!
//! This is the writer's half of the Maildir protocol: a draft is written and synced in `tmp/`,
//! then named in `new/` or `cur/` without replacing anything. What a file name says about a
//! message (`:2,flags`) and where folders lie is known to those who read Maildirs.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::fs::{rename_new, sync_dir};

/// Permission bits of a Maildir nobody else made.
pub const MODE_DEFAULT: u32 = 0o700;

/// Makes `dir` a Maildir: itself, `new/`, `cur/` and `tmp/`, whichever are missing, with the
/// permission bits `mode` less the umask. Durable when it returns.
pub fn create(dir: &Path, mode: u32) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(mode);
    for part in ["tmp", "new", "cur"] {
        builder.create(dir.join(part))?;
    }
    sync_dir(dir)?;
    dir.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .map_or(Ok(()), sync_dir)
}

/// Delivers `bytes` as a new message, as a delivery agent does. The file is on the disk when this
/// returns its path.
pub fn deliver(dir: &Path, mut bytes: &[u8]) -> io::Result<PathBuf> {
    let to = dir.join("new").join(unique_name()?);
    Draft::write(dir, &mut bytes)?.publish(&to)?;
    sync_dir(&dir.join("new"))?;
    Ok(to)
}

/// A name no other delivery on any host has: time, microseconds, process, counter, 64 random
/// bits, host.
pub fn unique_name() -> io::Result<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let random = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!(
        "{}.M{:06}P{}Q{}R{random:016x}.{}",
        now.as_secs(),
        now.subsec_micros(),
        process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed),
        host(),
    ))
}

/// This host's name with what a Maildir name cannot hold written in octal, as is the custom.
fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name: String = name.chars().filter(char::is_ascii_graphic).collect();
        if name.is_empty() {
            return "localhost".to_owned();
        }
        name.replace('/', "\\057")
            .replace(':', "\\072")
            .replace(',', "\\054")
    })
}

/// A file written and synced in `tmp/` that nobody reads yet; removed again unless published.
#[derive(Debug)]
pub struct Draft {
    path: Option<PathBuf>,
}

impl Draft {
    /// Copies all of `from` into `dir/tmp`. Readable by whoever may read the directory, less the
    /// umask.
    pub fn write(dir: &Path, from: &mut impl Read) -> io::Result<Self> {
        let tmp = dir.join("tmp");
        let mode = fs::metadata(&tmp)?.mode() & 0o666;
        let path = tmp.join(unique_name()?);
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)?;
        let draft = Self { path: Some(path) };
        io::copy(from, &mut file)?;
        file.sync_all()?;
        Ok(draft)
    }

    /// Gives it its name, which must lie in the same Maildir. The directory is not synced yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken; the draft is then gone.
    pub fn publish(mut self, to: &Path) -> io::Result<()> {
        if let Some(path) = &self.path {
            rename_new(path, to)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What cannot be removed is swept from `tmp/` by the mail server after 36 hours.
            fs::remove_file(path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path, part: &str) -> Vec<String> {
        let read = fs::read_dir(dir.join(part)).unwrap();
        read.map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_delivery_is_whole_in_new_and_leaves_nothing_in_tmp() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = dir.path().join("a/b");
        create(&maildir, MODE_DEFAULT).unwrap();
        let path = deliver(&maildir, b"Subject: x\n\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"Subject: x\n\n");
        assert_eq!(names(&maildir, "new").len(), 1);
        assert!(names(&maildir, "tmp").is_empty() && names(&maildir, "cur").is_empty());
    }

    #[test]
    fn a_taken_name_is_not_overwritten_and_the_draft_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), MODE_DEFAULT).unwrap();
        let to = dir.path().join("new/1.x.example");
        fs::write(&to, "first").unwrap();
        let draft = Draft::write(dir.path(), &mut b"second".as_slice()).unwrap();
        let taken = draft.publish(&to).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"first");
        assert!(names(dir.path(), "tmp").is_empty());
    }

    #[test]
    fn names_differ_and_hold_nothing_a_reader_would_cut() {
        let names: Vec<_> = (0..100).map(|_| unique_name().unwrap()).collect();
        let mut distinct = names.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len());
        assert!(names.iter().all(|name| !name.contains([':', '/', ','])));
    }
}
