//! Forwards written into a Maildir on this host, for trials and for hosts with their own pick-up.
//!
//! The bytes stay as rendered, so whoever picks one up reads the recipient in `To`. The file's
//! name follows from the message's own `Date`, `Message-ID` and recipient: the same forward
//! repeated after a crash meets its own file and makes no second one. That holds as long as the
//! file lies in `new/`, or in `cur/` unmarked or marked as read.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use crate::domain::address::Address;
use crate::domain::digest::Digest;
use crate::domain::outcome::{Cause, Outcome, spoken};
use crate::mail::rendered::Rendered;
use crate::system::fs::{open_regular, sync_dir};
use crate::system::maildir::{self, Draft};

/// Writes one forward at a time into a Maildir, which it makes when it is missing.
#[derive(Debug)]
pub struct MaildirLane {
    path: PathBuf,
}

impl MaildirLane {
    /// A lane into the Maildir `path`. Nothing is touched yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Writes `message`. [`Outcome::Delivered`] means that it is on the disk, file and name.
    ///
    /// A call that is dropped may still finish its file; a repeat finds it.
    pub async fn send(&mut self, recipient: &Address, message: &Rendered) -> Outcome {
        let path = self.path.clone();
        let recipient = recipient.clone();
        let bytes = message.bytes.clone();
        match spawn_blocking(move || keep(&path, &recipient, &bytes)).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Uncertain {
                reply: spoken(&format!("writing the file broke off: {error}")),
            },
        }
    }
}

fn keep(dir: &Path, recipient: &Address, bytes: &[u8]) -> Outcome {
    match place(dir, recipient, bytes) {
        Ok(Placed { path, how }) => {
            let shown = path.display();
            let synced = path.parent().map_or(Ok(()), sync_dir);
            match synced {
                Ok(()) => Outcome::Delivered {
                    reply: spoken(&format!("{how} `{shown}`")),
                },
                Err(error) => {
                    // A second sync of the same file might succeed without writing anything
                    //; the repeat must write it anew.
                    fs::remove_file(&path).ok();
                    Outcome::Uncertain {
                        reply: spoken(&format!("`{shown}` cannot be synced: {error}")),
                    }
                }
            }
        }
        Err(error) => Outcome::Deferred {
            cause: Cause::Server,
            reply: spoken(&format!("cannot write into `{}`: {error}", dir.display())),
        },
    }
}

struct Placed {
    path: PathBuf,
    how: &'static str,
}

fn place(dir: &Path, recipient: &Address, bytes: &[u8]) -> io::Result<Placed> {
    // The second name is for other bytes under the same Message-ID: kept too, rather than lost.
    for name in names(recipient, bytes) {
        match kept(dir, &name, bytes)? {
            Kept::These(path) => {
                let how = "already there:";
                return Ok(Placed { path, how });
            }
            Kept::Others => continue,
            Kept::Nothing => {}
        }
        let path = dir.join("new").join(&name);
        match draft(dir, bytes)?.publish(&path) {
            Ok(()) => {
                let how = "written as";
                return Ok(Placed { path, how });
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        ErrorKind::AlreadyExists,
        "other messages have the names it may take",
    ))
}

fn draft(dir: &Path, mut bytes: &[u8]) -> io::Result<Draft> {
    match Draft::write(dir, &mut { bytes }) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            maildir::create(dir, maildir::MODE_DEFAULT)?;
            Draft::write(dir, &mut bytes)
        }
        written => written,
    }
}

/// What lies under a name.
enum Kept {
    /// This very message, synced.
    These(PathBuf),
    /// Something else.
    Others,
    /// Nothing.
    Nothing,
}

fn kept(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<Kept> {
    let mut kept = Kept::Nothing;
    for place in [
        format!("new/{name}"),
        format!("cur/{name}:2,"),
        format!("cur/{name}:2,S"),
    ] {
        let path = dir.join(place);
        let (file, metadata) = match open_regular(&path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                kept = Kept::Others;
                continue;
            }
            Err(error) => return Err(error),
        };
        if metadata.len() == bytes.len() as u64 && holds(&file, bytes)? {
            file.sync_all()?;
            return Ok(Kept::These(path));
        }
        kept = Kept::Others;
    }
    Ok(kept)
}

fn holds(file: &File, bytes: &[u8]) -> io::Result<bool> {
    let mut read = Vec::with_capacity(bytes.len());
    file.take(bytes.len() as u64).read_to_end(&mut read)?;
    Ok(read == bytes)
}

/// The file names the message may take, always the same for the same bytes and recipient.
fn names(recipient: &Address, bytes: &[u8]) -> [String; 2] {
    let content = Digest::of(bytes).to_string();
    let identity = field(bytes, "message-id").unwrap_or_else(|| content.clone());
    let identity = Digest::of(format!("{recipient}\n{identity}").as_bytes()).to_string();
    let date = field(bytes, "date").and_then(|date| {
        let parser = jiff::fmt::rfc2822::DateTimeParser::new();
        parser.parse_timestamp(&date).ok()
    });
    let time = date.map_or(0, |date| date.as_second().max(0));
    let (identity, content) = (&identity[..32], &content[..16]);
    [
        format!("{time}.F{identity}.triaged"),
        format!("{time}.F{identity}C{content}.triaged"),
    ]
}

/// The first header field called `name`, unfolded (RFC 5322 §2.2.3).
fn field(bytes: &[u8], name: &str) -> Option<String> {
    let mut value: Option<String> = None;
    for line in bytes.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = String::from_utf8_lossy(line);
        if let Some(value) = &mut value {
            if !line.starts_with([' ', '\t']) {
                break;
            }
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        if line.is_empty() {
            break;
        }
        if let Some((before, after)) = line.split_once(':')
            && before.trim_end().eq_ignore_ascii_case(name)
        {
            value = Some(after.trim().to_owned());
        }
    }
    value.map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> Rendered {
        Rendered {
            bytes: text.replace('\n', "\r\n").into_bytes(),
            eight_bit: !text.is_ascii(),
        }
    }

    fn message(body: &str) -> Rendered {
        rendered(&format!(
            "From: support@partner.example\n\
             Date: Sat, 1 Aug 2026 10:00:00 +0000\n\
             Message-ID:\n <abc@partner.example>\n\n{body}\n"
        ))
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let read = ["tmp", "new", "cur"].map(|part| fs::read_dir(dir.join(part)).unwrap());
        let entries = read.into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn isv() -> Address {
        "help@isv.example".parse().unwrap()
    }

    #[tokio::test]
    async fn a_repeat_finds_its_own_file_and_other_bytes_get_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox");
        let mut lane = MaildirLane::new(path.clone());
        let delivered = |outcome: &Outcome, how: &str| match outcome {
            Outcome::Delivered { reply } => reply.starts_with(how),
            _ => false,
        };
        let first = lane.send(&isv(), &message("one")).await;
        assert!(delivered(&first, "written as"), "{first:?}");
        let [file] = &files(&path)[..] else {
            panic!("{:?}", files(&path));
        };
        assert_eq!(fs::read(file).unwrap(), message("one").bytes);
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.starts_with("1785578400.F"), "{name}");

        // Before and after a mail client has seen it.
        for place in ["new/", "cur/:2,", "cur/:2,S"] {
            let (part, info) = place.split_once('/').unwrap();
            let to = path.join(part).join(format!("{name}{info}"));
            fs::rename(&files(&path)[0], to).unwrap();
            let again = lane.send(&isv(), &message("one")).await;
            assert!(delivered(&again, "already there"), "{place}: {again:?}");
            assert_eq!(files(&path).len(), 1, "{place}");
        }

        for how in ["written as", "already there"] {
            let other = lane.send(&isv(), &message("two")).await;
            assert!(delivered(&other, how), "{other:?}");
            assert_eq!(files(&path).len(), 2);
        }
        let else_to: Address = "help@other.example".parse().unwrap();
        let third = lane.send(&else_to, &message("one")).await;
        assert!(delivered(&third, "written as"), "{third:?}");
        assert_eq!(files(&path).len(), 3);
    }

    #[tokio::test]
    async fn where_nothing_can_be_written_the_forward_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "x").unwrap();
        let outcome = MaildirLane::new(path).send(&isv(), &message("one")).await;
        let Outcome::Deferred { cause, reply } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(cause, Cause::Server);
        assert!(reply.contains("cannot write into"), "{reply}");
    }

    #[test]
    fn fields_are_found_in_the_header_only() {
        let bytes = b"A: 1\r\nDate : now\r\nmessage-id:\r\n\t<x@y>\r\nA: 2\r\n\r\nB: 3\r\n";
        for (name, value) in [
            ("a", Some("1")),
            ("date", Some("now")),
            ("message-id", Some("<x@y>")),
            ("b", None),
        ] {
            assert_eq!(field(bytes, name).as_deref(), value, "{name}");
        }
        assert_eq!(field(b"", "a"), None);
        assert_eq!(field(b"a: b", "a").as_deref(), Some("b"));
    }
}
