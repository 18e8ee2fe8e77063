//! The journal's own protocol (systemd.io, "Native Journal Protocol"): one datagram an entry, a
//! line a field.

use std::io;
use std::os::unix::net::UnixDatagram;

use rustix::fs::fstat;

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";

/// Longest value of a field in bytes; the rest is cut off, so that an entry fits a datagram.
const VALUE_MAX: usize = 16 << 10;

/// Most fields of an entry.
const FIELDS_MAX: usize = 32;

/// Longest name of a field that the journal keeps, in bytes.
const NAME_MAX: usize = 64;

/// Whether standard error is the journal: `JOURNAL_STREAM` (`systemd.exec(5)`) names its device
/// and inode.
pub fn is_stderr() -> bool {
    let Ok(told) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    fstat(io::stderr()).is_ok_and(|is| told == format!("{}:{}", is.st_dev, is.st_ino))
}

/// A way to the journal.
#[derive(Debug)]
pub struct Journal(UnixDatagram);

impl Journal {
    /// Finds the journal.
    ///
    /// # Errors
    /// When nothing listens.
    pub fn connect() -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(SOCKET)?;
        Ok(Self(socket))
    }

    /// Writes one entry.
    ///
    /// # Errors
    /// When the journal does not take it.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        self.0.send(&entry.0).map(|_| ())
    }
}

/// One entry.
#[derive(Debug, Default)]
pub struct Entry(Vec<u8>, usize);

impl Entry {
    /// Adds a field. Of its name small letters become capitals, and what the journal does not take
    /// becomes `_`.
    pub fn add(&mut self, name: &str, value: &str) {
        if self.1 == FIELDS_MAX {
            return;
        }
        self.1 += 1;
        let name = name.bytes().take(NAME_MAX).map(|byte| match byte {
            b'A'..=b'Z' | b'0'..=b'9' => byte,
            b'a'..=b'z' => byte.to_ascii_uppercase(),
            _ => b'_',
        });
        self.0.extend(name);
        let value = &value[..value.floor_char_boundary(VALUE_MAX)];
        if value.contains('\n') {
            self.0.push(b'\n');
            self.0.extend((value.len() as u64).to_le_bytes());
        } else {
            self.0.push(b'=');
        }
        self.0.extend(value.bytes());
        self.0.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_line_ends_cannot_make_a_field_of_its_own() {
        let mut entry = Entry::default();
        entry.add("MESSAGE", "held");
        entry.add("TRIAGED_retry-in", "a\nPRIORITY=0");
        let wanted = b"MESSAGE=held\nTRIAGED_RETRY_IN\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n";
        assert_eq!(entry.0, wanted);
    }

    #[test]
    fn an_entry_is_bounded() {
        let mut entry = Entry::default();
        for _ in 0..100 {
            entry.add("X", &"å".repeat(20_000));
        }
        assert!(entry.0.len() <= FIELDS_MAX * (VALUE_MAX + 3));
        assert!(std::str::from_utf8(&entry.0).is_ok(), "cut within a letter");
    }
}
