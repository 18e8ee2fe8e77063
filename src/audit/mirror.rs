//! The file `audit.jsonl`: a copy of the audit log that people and their tools can read.
//!
//! The ledger is the truth. Lines are appended after the transaction that made them, without a
//! sync each time; what a crash takes from the file is written again from the ledger. A torn last
//! line is cut off, a file that vanished is begun anew, a file that is not of this ledger is set
//! aside and never overwritten. Rotated copies (`audit.jsonl.1`, `audit.jsonl-20260302`) beside it
//! are looked at, so that the new file goes on where the last one ended.
//!
//! Only the daemon writes it. Which lines are missing is told by the ledger, not here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::chain::{Head, LINE_MAX, Link};

/// The file's name in the state directory.
pub const FILE_NAME: &str = "audit.jsonl";

/// What the name of a file that was set aside goes on with.
const ASIDE: &str = ".set-aside-";

/// Most rotated copies that are looked at.
const ROTATED_MAX: usize = 100;

/// Bytes of lines handed to the file in one write.
const WRITE_MAX: usize = 256 << 10;

/// The open file.
#[derive(Debug)]
pub struct Mirror {
    path: PathBuf,
    file: File,
    inode: (u64, u64),
    length: u64,
    last: Head,
    unsynced: bool,
    repairs: Vec<String>,
}

impl Mirror {
    /// Opens or creates the file in `directory` and mends its end.
    ///
    /// # Errors
    /// Those of the file operations; also when the path is a symbolic link or no plain file.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE_NAME);
        let (file, inode, length) = open_plain(&path)?;
        let mut mirror = Self {
            path,
            file,
            inode,
            length,
            last: Head::GENESIS,
            unsynced: false,
            repairs: Vec::new(),
        };
        mirror.find_end()?;
        Ok(mirror)
    }

    /// The last line in the file, or in its newest rotated copy; [`Head::GENESIS`] without any.
    pub const fn last(&self) -> Head {
        self.last
    }

    /// Whether something was written since the last [`Self::sync`].
    pub const fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    /// What was mended since this was last asked, in words for the log.
    pub fn take_repairs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.repairs)
    }

    /// Looks whether the file is still the one that was written to, and opens it anew if not.
    pub fn refresh(&mut self) -> io::Result<()> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == self.inode && found.len() == self.length => {
                return Ok(());
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        (self.file, self.inode, self.length) = open_plain(&self.path)?;
        self.last = Head::GENESIS;
        self.find_end()
    }

    /// Adds lines, the last of which is `last`. On an error nothing of them is left in the file.
    pub fn append<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a str>,
        last: Head,
    ) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(WRITE_MAX.min(16 << 10));
        let mut written = 0;
        for line in lines {
            buffer.extend_from_slice(line.as_bytes());
            buffer.push(b'\n');
            if buffer.len() >= WRITE_MAX {
                written += self.write(&buffer)?;
                buffer.clear();
            }
        }
        written += self.write(&buffer)?;
        self.length += written;
        self.last = last;
        self.unsynced |= written > 0;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<u64> {
        if let Err(error) = self.file.write_all(bytes) {
            // A cut-off line would be taken for a torn one; when even this fails, it is.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        Ok(bytes.len() as u64)
    }

    /// Writes the file to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Renames the file, because it is not of this ledger, and begins another.
    pub fn set_aside(&mut self, why: &str, now: Timestamp) -> io::Result<()> {
        if self.length > 0 {
            let name = format!("{FILE_NAME}{ASIDE}{}", now.as_millisecond());
            let aside = self.path.with_file_name(&name);
            crate::system::fs::rename_new(&self.path, &aside)?;
            (self.file, self.inode, self.length) = open_plain(&self.path)?;
            self.repairs.push(format!("{why}; it is now `{name}`"));
        }
        self.last = Head::GENESIS;
        Ok(())
    }

    /// Learns where the file ends, cutting off a torn line.
    fn find_end(&mut self) -> io::Result<()> {
        if self.length == 0 {
            self.last = self.rotated();
            return Ok(());
        }
        match read_end(&mut self.file, self.length)? {
            End::Whole(last) => self.last = last,
            End::Torn { keep, last } => {
                self.file.set_len(keep)?;
                self.file.sync_data()?;
                let torn = self.length - keep;
                self.length = keep;
                self.last = last;
                self.repairs
                    .push(format!("{torn} bytes of a torn last line were cut off"));
            }
            End::Strange => {
                self.set_aside("the last line was no audit line", Timestamp::now())?;
            }
        }
        Ok(())
    }

    /// The highest last line of the rotated copies beside the file.
    fn rotated(&self) -> Head {
        let Some(entries) = self.path.parent().and_then(|d| fs::read_dir(d).ok()) else {
            return Head::GENESIS;
        };
        entries
            .filter_map(Result::ok)
            .filter(|entry| {
                let name = entry.file_name();
                let rest = name.to_str().and_then(|n| n.strip_prefix(FILE_NAME));
                rest.is_some_and(|r| r.starts_with(['.', '-']) && !r.starts_with(ASIDE))
            })
            .take(ROTATED_MAX)
            .filter_map(|entry| {
                let found = entry.metadata().ok().filter(fs::Metadata::is_file)?;
                let mut file = File::open(entry.path()).ok()?;
                match read_end(&mut file, found.len()).ok()? {
                    End::Whole(head) | End::Torn { last: head, .. } => Some(head),
                    End::Strange => None,
                }
            })
            .max_by_key(|head| head.seq)
            .unwrap_or(Head::GENESIS)
    }
}

fn open_plain(path: &Path) -> io::Result<(File, (u64, u64), u64)> {
    let file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    Ok((file, (found.dev(), found.ino()), found.len()))
}

enum End {
    Whole(Head),
    Torn { keep: u64, last: Head },
    Strange,
}

/// Reads the last two lines of a file at most.
fn read_end(file: &mut File, length: u64) -> io::Result<End> {
    let window = length.min(2 * LINE_MAX as u64);
    let start = length - window;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(window).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    if whole == 0 && start > 0 {
        return Ok(End::Strange);
    }
    let torn = whole < bytes.len();
    let lines = bytes.get(..whole.saturating_sub(1)).unwrap_or_default();
    let begin = lines.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let text = std::str::from_utf8(lines.get(begin..).unwrap_or_default()).unwrap_or_default();
    let last = match Link::read(text) {
        // Whether its content is sound is for verification: it may have been redacted. That it is
        // of this ledger is told by its hash.
        Some(link) => link.head(),
        // Nothing but a torn first line.
        None if whole == 0 => Head::GENESIS,
        _ => return Ok(End::Strange),
    };
    Ok(if torn {
        let keep = start + whole as u64;
        End::Torn { keep, last }
    } else {
        End::Whole(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::lines;

    fn head(line: &str) -> Head {
        Link::read(line).unwrap().head()
    }

    fn write(mirror: &mut Mirror, lines: &[String]) {
        let last = head(lines.last().unwrap());
        mirror
            .append(lines.iter().map(String::as_str), last)
            .unwrap();
    }

    #[test]
    fn the_end_is_found_again_however_the_file_was_left() {
        let all = lines(6);
        let text = |n: usize| all[..n].join("\n") + if n > 0 { "\n" } else { "" };
        let cases = [
            ("empty", String::new(), 0, 0),
            ("one line", text(1), 1, 0),
            ("six lines", text(6), 6, 0),
            (
                "torn after three",
                format!("{}{}", text(3), &all[3][..20]),
                3,
                1,
            ),
            ("no line end", format!("{}{}", text(3), all[3]), 3, 1),
            ("torn in the first", all[0][..9].to_owned(), 0, 1),
            (
                "zeros behind",
                format!("{}{}", text(3), "\0".repeat(4096)),
                3,
                1,
            ),
            ("a strange line", format!("{}hello\n", text(3)), 0, 1),
        ];
        for (name, content, seq, repairs) in cases {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(FILE_NAME), content).unwrap();
            let mut mirror = Mirror::open(dir.path()).unwrap();
            assert_eq!(mirror.last().seq, seq, "{name}");
            assert_eq!(mirror.take_repairs().len(), repairs, "{name}");
            let from = usize::try_from(seq).unwrap();
            if from < all.len() {
                write(&mut mirror, &all[from..]);
            }
            mirror.sync().unwrap();
            let now = fs::read_to_string(dir.path().join(FILE_NAME)).unwrap();
            assert_eq!(now, text(6), "{name}");
        }
    }

    #[test]
    fn a_file_rotated_or_removed_under_the_daemon_is_noticed() {
        let all = lines(6);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let mut mirror = Mirror::open(dir.path()).unwrap();
        write(&mut mirror, &all[..2]);

        fs::rename(&path, dir.path().join("audit.jsonl.1")).unwrap();
        mirror.refresh().unwrap();
        assert_eq!(mirror.last().seq, 2, "rotated: it goes on behind the copy");
        write(&mut mirror, &all[2..4]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);

        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(0)
            .unwrap();
        mirror.refresh().unwrap();
        assert_eq!(mirror.last().seq, 2, "emptied: as the copies have it");

        fs::remove_file(&path).unwrap();
        fs::remove_file(dir.path().join("audit.jsonl.1")).unwrap();
        mirror.refresh().unwrap();
        assert_eq!(mirror.last(), Head::GENESIS, "removed: all of it again");
    }

    #[test]
    fn a_planted_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("other");
        fs::write(&other, "precious").unwrap();
        std::os::unix::fs::symlink(&other, dir.path().join(FILE_NAME)).unwrap();
        assert!(Mirror::open(dir.path()).is_err());
        assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    }
}
