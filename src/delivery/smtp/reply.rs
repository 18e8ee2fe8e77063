//! One reply of an SMTP server, read leniently and within bounds (RFC 5321 §4.2).
//!
//! Leniency has a reason: what cannot be read after the final dot leaves a message in doubt and
//! costs a duplicate. So a bare `250`, a line ended by LF alone and words in any charset are
//! taken; what is not taken is a reply whose code is unclear or that does not end.

use std::fmt;

/// Longest line taken, in bytes with its line end; RFC 5321 §4.5.3.1.5 allows 512.
pub(super) const LINE_BYTES_MAX: usize = 4096;
/// Most lines of one reply.
pub(super) const LINES_MAX: usize = 128;

/// An enhanced status code (RFC 3463): class, subject, detail.
pub(super) type Status = (u8, u16, u16);

/// A complete reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The three digits.
    pub code: u16,
    /// What follows them in each line, without line ends.
    pub lines: Vec<String>,
}

impl Reply {
    /// The first digit.
    pub const fn class(&self) -> u16 {
        self.code / 100
    }

    /// The enhanced status code at the start of the first line that agrees with the reply's
    /// class (RFC 2034 §4).
    pub fn status(&self) -> Option<Status> {
        let word = self.lines.first()?.split_ascii_whitespace().next()?;
        let mut parts = word.splitn(3, '.').map(|part| {
            let sound = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            part.parse::<u16>().ok().filter(|_| sound)
        });
        let status = (parts.next()??, parts.next()??, parts.next()??);
        let class = u8::try_from(status.0).ok()?;
        (status.0 == self.class()).then_some((class, status.1, status.2))
    }

    /// All lines as one.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for line in self.lines.iter().filter(|line| !line.is_empty()) {
            write!(f, " {line}")?;
        }
        Ok(())
    }
}

/// Why bytes are no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoReply {
    /// A line that does not start with a reply code, or whose code differs from the line before.
    #[error("the server sent what is no SMTP reply: `{0}`")]
    Garbage(String),
    /// A line or the whole reply passes its bound.
    #[error(
        "the server's reply does not end within {LINE_BYTES_MAX} bytes a line and {LINES_MAX} lines"
    )]
    Endless,
}

/// A reply under construction, fed line by line.
#[derive(Debug, Default)]
pub(super) struct Partial {
    code: Option<u16>,
    lines: Vec<String>,
}

impl Partial {
    /// Takes the next line, with or without its line end; gives the reply once it is complete.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, NoReply> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let garbage = || {
            let head = line.get(..40).unwrap_or(line);
            NoReply::Garbage(String::from_utf8_lossy(head).into_owned())
        };
        if self.lines.len() == LINES_MAX {
            return Err(NoReply::Endless);
        }
        let (digits, rest) = line.split_at_checked(3).ok_or_else(garbage)?;
        let code = match digits {
            [a @ b'2'..=b'5', b, c] if b.is_ascii_digit() && c.is_ascii_digit() => {
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
            }
            _ => return Err(garbage()),
        };
        if self.code.is_some_and(|before| before != code) {
            return Err(garbage());
        }
        let (more, text) = match rest {
            [] => (false, rest),
            [b' ', text @ ..] => (false, text),
            [b'-', text @ ..] => (true, text),
            _ => return Err(garbage()),
        };
        self.code = Some(code);
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        if more {
            return Ok(None);
        }
        self.code = None;
        let lines = std::mem::take(&mut self.lines);
        Ok(Some(Reply { code, lines }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Reply>, NoReply> {
        let mut partial = Partial::default();
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            if let Some(reply) = partial.line(line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    #[test]
    fn replies_are_read_as_written() {
        for (bytes, shown, status) in [
            (
                &b"250 2.0.0 Ok: queued\r\n"[..],
                "250 2.0.0 Ok: queued",
                Some((2, 0, 0)),
            ),
            (b"250\r\n", "250", None),
            (b"250 ok\n", "250 ok", None),
            (b"250-a\r\n250-b\r\n250 c\r\n", "250 a b c", None),
            (
                b"550-5.1.1 gone\r\n550 5.1.1 away\r\n",
                "550 5.1.1 gone 5.1.1 away",
                Some((5, 1, 1)),
            ),
            (b"250 k\xf6ad\r\n", "250 k\u{fffd}ad", None),
            (
                b"550 4.7.1 classes differ\r\n",
                "550 4.7.1 classes differ",
                None,
            ),
            (b"452 4.5.3.1 x\r\n", "452 4.5.3.1 x", None),
            (b"451 4.+7.1 x\r\n", "451 4.+7.1 x", None),
        ] {
            let reply = read(bytes).unwrap().unwrap();
            assert_eq!(
                (reply.to_string().as_str(), reply.status()),
                (shown, status)
            );
        }
    }

    #[test]
    fn what_is_no_reply_is_named() {
        for bytes in [
            &b"\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\n",
            b"25x ok\r\n",
            b"150 early\r\n",
            b"600 late\r\n",
            b"250_ok\r\n",
            b"250-a\r\n550 b\r\n",
            b"\0\0\0\0\r\n",
        ] {
            assert!(matches!(read(bytes), Err(NoReply::Garbage(_))), "{bytes:?}");
        }
        assert_eq!(read(b"250-only begun\r\n"), Ok(None));
        assert_eq!(read(&b"250-x\r\n".repeat(1000)), Err(NoReply::Endless));
    }
}
