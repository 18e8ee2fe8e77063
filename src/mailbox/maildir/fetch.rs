//! Reading messages, whole or by their header section, exactly as they lie in their files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use super::locate::{Reached, Search};
use super::name::base_of;
use crate::mailbox::exchange::{Content, Entry, Fetched};

/// The most bytes of a header section that are given for a message above the size limit.
const HEAD_MAX: usize = 256 << 10;

/// How many bytes of a header section are read at once.
const HEAD_STEP: u64 = 16 << 10;

/// Reads `entries` of `folder` in their order, giving each to `pass`, until `pass` says that
/// nobody wants more.
///
/// # Errors
/// When the folder cannot be read. What is wrong with one message is its own [`Content`].
pub fn fetch(
    folder: &Path,
    entries: &[Entry],
    max_size: u64,
    mut pass: impl FnMut(Fetched) -> bool,
) -> io::Result<()> {
    let wanted = entries.iter().filter_map(|entry| base_of(&entry.item));
    let mut search = Search::new(folder, wanted);
    for entry in entries {
        let content = match base_of(&entry.item) {
            Some(base) => {
                let reached = search.reach(base, |folder, place| {
                    read(&place.path(folder), entry.size, max_size)
                })?;
                match reached {
                    Reached::There(Ok(content)) => content,
                    Reached::There(Err(error)) => unusable(error.to_string()),
                    Reached::Absent => Content::Gone,
                    Reached::Restless => unusable("it is renamed all the time"),
                }
            }
            None => Content::Gone,
        };
        let item = entry.item.clone();
        if !pass(Fetched { item, content }) {
            break;
        }
    }
    Ok(())
}

fn unusable(what: impl Into<String>) -> Content {
    Content::Unusable { what: what.into() }
}

fn read(path: &Path, listed: u64, max_size: u64) -> io::Result<Content> {
    let (mut file, metadata) = crate::system::fs::open_regular(path)?;
    let size = metadata.len();
    if size == 0 {
        return Ok(unusable("the file is empty"));
    }
    if size != listed {
        let what = format!("the file has {size} bytes where {listed} were listed");
        return Ok(unusable(what));
    }
    if size > max_size {
        return read_head(&mut file).map(Content::Head);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // One byte more than there should be shows that somebody is still writing.
    file.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size {
        Ok(Content::Whole(bytes.into()))
    } else {
        let what = format!("the file changed from {size} bytes while it was read");
        Ok(unusable(what))
    }
}

/// Everything up to and with the empty line, or [`HEAD_MAX`] bytes when there is none before.
fn read_head(file: &mut File) -> io::Result<Bytes> {
    let mut head: Vec<u8> = Vec::new();
    while head.len() < HEAD_MAX {
        // The empty line may begin in the step before: its first line end, and one more byte.
        let from = head.len().saturating_sub(2);
        if file.by_ref().take(HEAD_STEP).read_to_end(&mut head)? == 0 {
            break;
        }
        if let Some(end) = head_end(&head, from) {
            head.truncate(end);
            break;
        }
    }
    head.truncate(HEAD_MAX);
    Ok(head.into())
}

/// Where the header section with its empty line ends, looking from byte `from` on.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        if at == 0 && (rest.starts_with(b"\n") || rest.starts_with(b"\r\n")) {
            return Some(if rest.starts_with(b"\n") { 1 } else { 2 });
        }
        at += rest.iter().position(|&byte| byte == b'\n')? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::locator::Item;
    use crate::system::maildir;

    fn entry(base: &str, size: u64) -> Entry {
        let item = Item::Base(base.into());
        Entry { item, size }
    }

    fn contents(folder: &Path, entries: &[Entry], max_size: u64) -> Vec<Content> {
        let mut contents = Vec::new();
        fetch(folder, entries, max_size, |fetched| {
            contents.push(fetched.content);
            true
        })
        .unwrap();
        contents
    }

    #[test]
    fn each_message_is_itself_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        for (name, text) in [
            ("new/1.a.h", "A: lf\n\nbody\n"),
            ("cur/2.b.h:2,FRS", "A: crlf\r\n\r\nbody\r\n"),
            ("cur/3.c.h:2,", "0123456789"),
            ("new/4.d.h", ""),
            ("new/5.e.h", "A: large\n\nbody body body body body"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("new/6.f.h")).unwrap();
        let entries = [
            entry("1.a.h", 12),
            entry("2.b.h", 17),
            entry("3.c.h", 9),
            entry("4.d.h", 0),
            entry("5.e.h", 34),
            entry("6.f.h", 10),
            entry("7.g.h", 10),
            entry("../new/1.a.h", 12),
        ];
        let contents = contents(dir.path(), &entries, 20);
        assert_eq!(contents[0], Content::Whole("A: lf\n\nbody\n".into()));
        let crlf = "A: crlf\r\n\r\nbody\r\n";
        assert_eq!(contents[1], Content::Whole(crlf.into()));
        assert_eq!(contents[4], Content::Head("A: large\n\n".into()));
        for n in [2, 3, 5] {
            let unusable = matches!(&contents[n], Content::Unusable { .. });
            assert!(unusable, "{n}: {:?}", contents[n]);
        }
        assert_eq!(contents[6..], [Content::Gone, Content::Gone]);
    }

    #[test]
    fn a_head_ends_with_its_empty_line_wherever_that_falls() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("message");
        let step = usize::try_from(HEAD_STEP).unwrap();
        for end in ["\n", "\r\n"] {
            for length in [0, 1, step - 3, step - 2, step - 1, step, step + 1, 3 * step] {
                let mut head = "a".repeat(length);
                if length > 0 {
                    head.push_str(end);
                }
                head.push_str(end);
                fs::write(&path, format!("{head}b{end}{end}c{end}")).unwrap();
                let read = read_head(&mut File::open(&path).unwrap()).unwrap();
                assert_eq!(read.len(), head.len(), "{length} and {end:?}");
            }
        }
    }

    #[test]
    fn a_head_without_end_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("message");
        fs::write(&path, "a".repeat(HEAD_MAX * 2)).unwrap();
        let read = read_head(&mut File::open(&path).unwrap()).unwrap();
        assert_eq!(read.len(), HEAD_MAX);
        fs::write(&path, "a: b\n").unwrap();
        let read = read_head(&mut File::open(&path).unwrap()).unwrap();
        assert_eq!(read, "a: b\n");
    }
}
