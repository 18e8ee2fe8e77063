//! Stands between the socket and the parser, and lets through one response at a time.
//!
//! The parser takes 512 MiB at a server's word, recurses as deep as the parentheses go, and ends
//! the stream at any response it does not know. So here, before a byte reaches it: a line, a
//! literal and the number of parentheses have a bound; a literal where the grammar has none is
//! refused; and untagged responses we never ask the parser for are taken out (the last few lines
//! stay readable, NAMESPACE is one of them). What a response means is not judged here.
//!
//! Because one response goes up at a time, nothing lies in the parser's buffer when a response
//! has been read: [`Guard::pending`] tells all that came after it, which STARTTLS must know.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of our own read buffer at first.
const BUFFER_BYTES: usize = 64 << 10;
/// Longest line outside literals, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 256 << 10;
/// Largest literal, in bytes: messages above 1 MiB are asked for in parts.
pub(super) const LITERAL_BYTES_MAX: u64 = 16 << 20;
/// Most opening parentheses in one response; we ask for nothing that nests.
const PARENTHESES_MAX: usize = 256;
/// How many lines that were taken out stay readable.
const STRAYS_MAX: usize = 8;
/// How many bytes of such a line stay readable.
const STRAY_BYTES_MAX: usize = 1024;

/// The guarded connection.
pub(super) struct Guard<S> {
    stream: S,
    /// `buffer[start..clear]` may go up, `buffer[clear..end]` is not judged yet.
    buffer: Vec<u8>,
    start: usize,
    clear: usize,
    end: usize,
    /// How far from `clear` on no line end was found.
    searched: usize,
    /// Bytes of a literal that are still to come.
    literal: u64,
    /// What the response we are inside of is; `None` between two responses.
    inside: Option<Kind>,
    parentheses: usize,
    strays: VecDeque<String>,
    fault: Option<&'static str>,
}

/// What a response is, by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Free text for people to its end: status responses and continuations.
    Text,
    /// Data the parser is asked for.
    Data,
    /// Anything else untagged.
    Stray,
}

impl<S> Guard<S> {
    /// Guards `stream`.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            clear: 0,
            end: 0,
            searched: 0,
            literal: 0,
            inside: None,
            parentheses: 0,
            strays: VecDeque::new(),
            fault: None,
        }
    }

    /// How many bytes came after the responses that were read.
    pub(super) fn pending(&self) -> usize {
        self.end - self.start
    }

    /// The connection itself.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// What is guarded.
    pub(super) const fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Takes the lines that were kept from the parser since the last call, oldest first.
    pub(super) fn take_strays(&mut self) -> VecDeque<String> {
        std::mem::take(&mut self.strays)
    }

    /// Judges what is buffered, up to the end of one response.
    fn judge(&mut self) {
        while self.clear < self.end && self.fault.is_none() {
            if self.literal > 0 {
                let here = u64::try_from(self.end - self.clear).unwrap_or(u64::MAX);
                let part = usize::try_from(here.min(self.literal)).unwrap_or(usize::MAX);
                self.literal -= here.min(self.literal);
                self.pass(part);
                continue;
            }
            let Some(at) = self.line_end() else {
                if self.end - self.clear > LINE_BYTES_MAX {
                    self.fault = Some("a line is longer than 256 KiB");
                }
                return;
            };
            let line = self.buffer.get(self.clear..at).unwrap_or_default();
            let kind = self.inside.unwrap_or_else(|| classify(line));
            if self.inside.is_none() {
                self.parentheses = 0;
                if kind == Kind::Stray {
                    let kept = line.get(..STRAY_BYTES_MAX).unwrap_or(line);
                    let text = String::from_utf8_lossy(kept).into_owned();
                    self.strays.push_back(text);
                    if self.strays.len() > STRAYS_MAX {
                        self.strays.pop_front();
                    }
                }
            }
            let line = self.buffer.get(self.clear..at).unwrap_or_default();
            self.parentheses += line.split(|b| *b == b'(').count() - 1;
            let announced = announced(line);
            self.fault = match announced {
                _ if self.parentheses > PARENTHESES_MAX => Some("too many parentheses"),
                Some(_) if kind == Kind::Text => Some("a status text that ends like a literal"),
                Some(bytes) if bytes > LITERAL_BYTES_MAX => Some("a literal above 16 MiB"),
                _ => None,
            };
            if self.fault.is_some() {
                return;
            }
            self.inside = Some(kind);
            self.pass(at + 2 - self.clear);
            match announced {
                Some(bytes) => self.literal = bytes,
                None => self.inside = None,
            }
            if self.inside.is_none() && kind != Kind::Stray {
                return;
            }
        }
    }

    /// Position of the next CRLF.
    fn line_end(&mut self) -> Option<usize> {
        let from = self.searched.max(self.clear);
        let rest = self.buffer.get(from..self.end).unwrap_or_default();
        let found = rest.windows(2).position(|pair| pair == b"\r\n");
        self.searched = match found {
            Some(at) => from + at,
            None => self.end.saturating_sub(1).max(self.clear),
        };
        found.map(|at| from + at)
    }

    /// Lets the next `bytes` go up, or takes them out of a stray response.
    fn pass(&mut self, bytes: usize) {
        if self.inside == Some(Kind::Stray) {
            self.buffer
                .copy_within(self.clear + bytes..self.end, self.clear);
            self.end -= bytes;
        } else {
            self.clear += bytes;
        }
        self.searched = self.clear;
    }

    /// Makes room at the end of the buffer.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.clear -= self.start;
            self.searched = self.searched.saturating_sub(self.start);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // Only an unfinished line fills the buffer; `judge` has refused one above the bound.
            self.buffer.resize(self.buffer.len() * 2, 0);
        } else if self.end == 0 && self.buffer.len() > BUFFER_BYTES {
            self.buffer = vec![0; BUFFER_BYTES];
        }
    }
}

impl<S> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The buffer holds mail.
        f.debug_struct("Guard")
            .field("pending", &self.pending())
            .field("literal", &self.literal)
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.start == this.clear {
                this.judge();
            }
            if this.start < this.clear {
                let ready = this.buffer.get(this.start..this.clear).unwrap_or_default();
                let part = ready.len().min(buf.remaining());
                buf.put_slice(ready.get(..part).unwrap_or_default());
                this.start += part;
                return Poll::Ready(Ok(()));
            }
            if let Some(fault) = this.fault {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault)));
            }
            if this.start == this.end && this.literal > 0 && this.inside == Some(Kind::Data) {
                // The bulk of a message goes straight to the parser's buffer.
                let room = u64::try_from(buf.remaining()).unwrap_or(u64::MAX);
                let part = usize::try_from(this.literal.min(room)).unwrap_or(usize::MAX);
                let mut direct = ReadBuf::new(buf.initialize_unfilled_to(part));
                ready!(Pin::new(&mut this.stream).poll_read(cx, &mut direct))?;
                let got = direct.filled().len();
                if got == 0 {
                    return Poll::Ready(Err(torn()));
                }
                buf.advance(got);
                this.literal -= u64::try_from(got).unwrap_or(this.literal);
                return Poll::Ready(Ok(()));
            }
            this.make_room();
            let free = this.buffer.get_mut(this.end..).unwrap_or_default();
            let mut more = ReadBuf::new(free);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut more))?;
            let got = more.filled().len();
            if got == 0 {
                if this.pending() == 0 && this.inside.is_none() {
                    return Poll::Ready(Ok(()));
                }
                return Poll::Ready(Err(torn()));
            }
            this.end += got;
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

fn torn() -> io::Error {
    let text = "closed in the middle of a reply";
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// What a response that begins with `line` is.
fn classify(line: &[u8]) -> Kind {
    let Some(rest) = line.strip_prefix(b"* ") else {
        return Kind::Text;
    };
    let mut words = rest.split(|b| *b == b' ');
    let first = words.next().unwrap_or_default();
    let is = |word: &[u8], of: &[&str]| of.iter().any(|o| word.eq_ignore_ascii_case(o.as_bytes()));
    if is(first, &["OK", "NO", "BAD", "BYE", "PREAUTH"]) {
        Kind::Text
    } else if is(first, &["CAPABILITY", "LIST", "STATUS"]) {
        Kind::Data
    } else if !first.is_empty() && first.iter().all(u8::is_ascii_digit) {
        match words.next() {
            Some(word) if is(word, &["FETCH", "EXISTS", "EXPUNGE"]) => Kind::Data,
            _ => Kind::Stray,
        }
    } else {
        Kind::Stray
    }
}

/// The literal that `line` announces at its end (`{123}`, RFC 3501 §4.3), in bytes.
fn announced(line: &[u8]) -> Option<u64> {
    let digits = line.strip_suffix(b"}")?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    let open = digits.iter().rposition(|b| *b == b'{')?;
    let digits = digits.get(open + 1..)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?;
    Some(number.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// What goes up when `input` comes in pieces of `step` bytes, the strays, and the error.
    async fn through(input: &[u8], step: usize) -> (Vec<u8>, Vec<String>, Option<String>) {
        let mut guard = pieces(input, step);
        let mut up = Vec::new();
        let error = guard.read_to_end(&mut up).await.err();
        let strays = guard.take_strays().into_iter().collect();
        (up, strays, error.map(|e| e.to_string()))
    }

    fn pieces(input: &[u8], step: usize) -> Guard<Pieces> {
        Guard::new(Pieces {
            left: input.to_vec(),
            step,
        })
    }

    #[derive(Debug)]
    struct Pieces {
        left: Vec<u8>,
        step: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let part = self.step.min(self.left.len()).min(buf.remaining());
            let rest = self.left.split_off(part);
            buf.put_slice(&self.left);
            self.left = rest;
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_the_parser_knows_goes_up_unchanged_and_the_rest_is_taken_out() {
        let known = b"* OK hello\r\n* 3 EXISTS\r\n\
            * 1 FETCH (UID 7 BODY[] {16}\r\n* NAMESPACE {3}\r\n)\r\nT1 OK done\r\n+ go\r\n";
        let mut mixed = b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n".to_vec();
        mixed.extend_from_slice(known);
        mixed.extend_from_slice(b"* XFOO {4}\r\nab\r\n tail\r\n* FLAGS (\\Seen)\r\n* 9 RECENT\r\n");
        for step in [1, 2, 3, 7, 64, 100_000] {
            let (up, strays, error) = through(&mixed, step).await;
            assert_eq!(String::from_utf8_lossy(&up), String::from_utf8_lossy(known));
            assert_eq!(error, None);
            assert_eq!(strays.len(), 4, "{strays:?}");
            assert_eq!(strays[0], "* NAMESPACE ((\"\" \"/\")) NIL NIL");
        }
    }

    #[tokio::test]
    async fn what_could_exhaust_us_is_refused_before_it_is_taken() {
        let deep = format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(300));
        let long = format!("* OK {}", "x".repeat(LINE_BYTES_MAX + 10));
        for (input, word) in [
            ("* 1 FETCH (UID 1 BODY[] {4294967295}\r\n", "literal"),
            (
                "* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\n",
                "literal",
            ),
            ("* OK text {500000000}\r\n", "ends like a literal"),
            (
                "* OK [BADCHARSET ({5}\r\nabcde)]\r\n",
                "ends like a literal",
            ),
            (&format!("{deep}\r\n"), "parentheses"),
            (&long, "longer than"),
            ("* 1 FETCH (UID 1 BODY[] {10}\r\nabc", "middle of a reply"),
            ("* OK half a li", "middle of a reply"),
        ] {
            for step in [1, 5, 100_000] {
                let (_, _, error) = through(input.as_bytes(), step).await;
                let error = error.unwrap_or_default();
                assert!(error.contains(word), "{word}: {error}");
            }
        }
    }

    #[tokio::test]
    async fn one_response_goes_up_at_a_time() {
        let mut guard = pieces(b"T1 OK begin TLS\r\n* OK injected\r\n", 1000);
        let mut up = vec![0; 4096];
        let got = guard.read(&mut up).await.unwrap();
        assert_eq!(&up[..got], b"T1 OK begin TLS\r\n");
        assert_eq!(guard.pending(), b"* OK injected\r\n".len());
    }
}
