//! What lies in a folder: the truth, read from the directory each time.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use super::locate::{Reached, Search};
use super::name::{self, FileName};
use super::steady;
use crate::domain::locator::Item;
use crate::domain::outcome::spoken;
use crate::mailbox::exchange::Entry;

/// How many messages one listing holds at most, the oldest; about 40 MB. The rest comes when
/// those are settled.
pub const LISTED_MAX: usize = 250_000;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Listed {
    /// Its messages, oldest first.
    pub entries: Vec<Entry>,
    /// How many were left out because somebody marked them as trash.
    pub deleted: u64,
    /// What lies there and is no message.
    pub refused: Refused,
}

/// What lies where messages lie and is none: left alone, and said once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// One of them: name and reason.
    pub example: Option<String>,
}

impl Refused {
    fn add(&mut self, name: &OsStr, why: &str) {
        self.count += 1;
        let say = || format!("`{}` is {why}", spoken(&name.to_string_lossy()));
        self.example.get_or_insert_with(say);
    }
}

/// Lists `folder`, a directory with `new/` and `cur/`.
///
/// `new/` is read first: a mail client moves from there to `cur/`, so what moves meanwhile is
/// seen twice, and counted once, rather than missed.
pub fn list(folder: &Path) -> io::Result<Listed> {
    list_at_most(folder, LISTED_MAX)
}

fn list_at_most(folder: &Path, most: usize) -> io::Result<Listed> {
    let mut listed = Listed::default();
    let mut trashed = Vec::new();
    let mut refused = Vec::new();
    let mut unsure = Vec::new();
    for part in ["new", "cur"] {
        steady::read(&folder.join(part), |file| {
            match judge(file)? {
                Judged::Message(entry) => listed.entries.push(entry),
                Judged::Trashed(base) => trashed.push(base),
                Judged::Refused(why) => {
                    if refused.len() < REFUSED_MAX {
                        refused.push((file.file_name(), why));
                    }
                }
                Judged::Moved(base) => {
                    if unsure.len() < UNSURE_MAX {
                        unsure.push(base);
                    }
                }
                Judged::Nothing => {}
            }
            if listed.entries.len() >= most.saturating_mul(2) {
                cut(&mut listed.entries, most);
            }
            Ok(())
        })?;
    }
    listed.entries.extend(look_again(folder, &unsure)?);
    cut(&mut listed.entries, most);
    trashed.sort_unstable();
    trashed.dedup();
    listed.deleted = trashed.len() as u64;
    refused.sort_unstable();
    refused.dedup();
    for (name, why) in refused {
        listed.refused.add(&name, why);
    }
    Ok(listed)
}

/// How many messages renamed before their size was read are looked for again; the others are
/// listed the next time.
const UNSURE_MAX: usize = 1_000;

/// The entries of messages that had another name when their size was to be read.
fn look_again(folder: &Path, bases: &[Box<str>]) -> io::Result<Vec<Entry>> {
    let mut search = Search::new(folder, bases.iter().map(AsRef::as_ref));
    let mut entries = Vec::new();
    for base in bases {
        let reached = search.reach(base, |folder, place| {
            let trashed = FileName::parse(&place.name).is_some_and(|name| name.is_trashed());
            let metadata = fs::symlink_metadata(place.path(folder))?;
            Ok((metadata.is_file() && !trashed).then_some(metadata.len()))
        })?;
        if let Reached::There(Ok(Some(size))) = reached {
            let item = Item::Base(base.as_ref().into());
            entries.push(Entry { item, size });
        }
    }
    Ok(entries)
}

/// How many refused names are kept apart in order to count each once.
const REFUSED_MAX: usize = 1_000;

/// Orders, drops what was seen twice, keeps the oldest.
fn cut(entries: &mut Vec<Entry>, most: usize) {
    entries.sort_unstable_by(|a, b| match (&a.item, &b.item) {
        (Item::Base(a), Item::Base(b)) => name::order(a).cmp(&name::order(b)),
        (a, b) => a.cmp(b),
    });
    entries.dedup_by(|a, b| a.item == b.item);
    entries.truncate(most);
}

enum Judged {
    Message(Entry),
    Trashed(Box<str>),
    Refused(&'static str),
    /// Gone, or renamed, while it was looked at.
    Moved(Box<str>),
    /// Hidden, or gone.
    Nothing,
}

fn judge(file: &DirEntry) -> io::Result<Judged> {
    let name = file.file_name();
    if name.as_encoded_bytes().starts_with(b".") {
        return Ok(Judged::Nothing);
    }
    let kind = match file.file_type() {
        Ok(kind) => kind,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Judged::Nothing),
        Err(error) => return Err(error),
    };
    if !kind.is_file() {
        return Ok(Judged::Refused("not a regular file"));
    }
    let Some(parsed) = name.to_str().and_then(FileName::parse) else {
        return Ok(Judged::Refused("no name a message can have"));
    };
    if parsed.is_trashed() {
        return Ok(Judged::Trashed(parsed.base.into()));
    }
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(Judged::Message(Entry {
            item: Item::Base(parsed.base.into()),
            size: metadata.len(),
        })),
        Ok(_) => Ok(Judged::Refused("not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Judged::Moved(parsed.base.into()))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;
    use crate::system::maildir;

    fn bases(listed: &Listed) -> Vec<String> {
        listed.entries.iter().map(|e| e.item.to_string()).collect()
    }

    #[test]
    fn messages_are_listed_oldest_first_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        let at = |name: &str| dir.path().join(name);
        for (name, text) in [
            ("new/30.c.h", "333"),
            ("cur/9.a.h:2,S", "1"),
            ("cur/20.b.h:2,", "22"),
            ("cur/40.d.h:2,ST", "trash"),
            ("cur/50.e.h:2,T", "trash"),
            // The same message, seen while a client moves it.
            ("new/20.b.h", "22"),
            ("new/.hidden", "x"),
            ("new/123", "reads back as a UID"),
            ("new/1.bad\u{7}.h", "x"),
            ("tmp/1.draft.h", "x"),
        ] {
            fs::write(at(name), text).unwrap();
        }
        symlink("/etc/passwd", at("new/1.link.h")).unwrap();
        symlink("/nowhere", at("cur/1.dangling.h:2,")).unwrap();
        fs::create_dir(at("new/1.directory.h")).unwrap();
        mknodat(CWD, at("new/1.fifo.h"), FileType::Fifo, 0o600.into(), 0).unwrap();
        let listed = list(dir.path()).unwrap();
        assert_eq!(bases(&listed), ["9.a.h", "20.b.h", "30.c.h"]);
        let sizes: Vec<_> = listed.entries.iter().map(|e| e.size).collect();
        assert_eq!(sizes, [1, 2, 3]);
        assert_eq!((listed.deleted, listed.refused.count), (2, 6));
        assert!(listed.refused.example.is_some());
    }

    #[test]
    fn of_too_many_the_oldest_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        for n in 0..50 {
            fs::write(dir.path().join(format!("new/{n}.a.h")), "x").unwrap();
        }
        let listed = list_at_most(dir.path(), 3).unwrap();
        assert_eq!(bases(&listed), ["0.a.h", "1.a.h", "2.a.h"]);
    }
}
