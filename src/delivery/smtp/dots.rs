//! A message as it goes over the wire: dot-stuffed and ended (RFC 5321 §4.5.2).
//!
//! Nothing is copied: the pieces are slices of the message, and a line that begins with a dot is
//! cut so that its dot ends one piece and begins the next. What is not in canonical form is
//! refused here, whoever made it: a bare CR or LF is how one message is smuggled as two.

/// What ends a message. The CRLF before it belongs to the last line.
const END: &[u8] = b".\r\n";

/// Why bytes cannot be sent as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    /// A CR without LF or an LF without CR.
    #[error("the message holds a bare CR or LF")]
    BareLineEnd,
    /// The last line is not ended, or there is none.
    #[error("the message does not end with CRLF")]
    Unended,
}

/// The pieces of a message in the order they are written, the final dot last.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    /// From the start of the next piece; `None` once the final dot is given.
    rest: Option<&'a [u8]>,
    /// Line starts with a dot that are still to come, so that the rest of most messages need not
    /// be searched.
    dots: usize,
    /// Whether a piece was given: a dot at the start of `rest` is then already doubled.
    begun: bool,
    len: usize,
}

impl<'a> Pieces<'a> {
    /// The pieces of `message`.
    pub fn of(message: &'a [u8]) -> Result<Self, Unfit> {
        let (mut ends, mut dots) = (0, usize::from(message.starts_with(b".")));
        for at in memchr::memchr_iter(b'\n', message) {
            if at == 0 || message.get(at - 1) != Some(&b'\r') {
                return Err(Unfit::BareLineEnd);
            }
            ends += 1;
            dots += usize::from(message.get(at + 1) == Some(&b'.'));
        }
        // Every LF follows a CR: what more there are of these stand alone.
        if memchr::memchr_iter(b'\r', message).count() != ends {
            return Err(Unfit::BareLineEnd);
        }
        if !message.ends_with(b"\r\n") {
            return Err(Unfit::Unended);
        }
        Ok(Self {
            rest: Some(message),
            dots,
            begun: false,
            len: message.len() + dots + END.len(),
        })
    }

    /// Bytes of all pieces together, as at the start.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Where in `rest` the next line begins that starts with a dot not yet doubled.
    fn next_dot(&self, rest: &[u8]) -> Option<usize> {
        if self.dots == 0 {
            return None;
        }
        if !self.begun && rest.starts_with(b".") {
            return Some(0);
        }
        let end = memchr::memmem::find(rest, b"\n.")?;
        Some(end + 1)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        if rest.is_empty() {
            self.rest = None;
            return Some(END);
        }
        let (piece, left) = match self.next_dot(rest) {
            Some(at) => {
                self.dots -= 1;
                // The dot ends this piece and begins the next.
                (rest.get(..=at)?, rest.get(at..)?)
            }
            None => (rest, &[][..]),
        };
        self.begun = true;
        self.rest = Some(left);
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a server reads: lines until one that is a lone dot, the first dot of a line dropped.
    /// Returns the message and what stands behind its end.
    fn server_reads(wire: &[u8]) -> (Vec<u8>, &[u8]) {
        let mut message = Vec::new();
        let mut rest = wire;
        loop {
            let end = rest
                .windows(2)
                .position(|w| w == b"\r\n")
                .expect("a whole line");
            let (line, left) = rest.split_at(end + 2);
            rest = left;
            if line == b".\r\n" {
                return (message, rest);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
    }

    fn on_the_wire(message: &[u8]) -> Vec<u8> {
        let pieces = Pieces::of(message).expect("a canonical message");
        let len = pieces.len();
        let wire = pieces.collect::<Vec<_>>().concat();
        assert_eq!(wire.len(), len);
        wire
    }

    proptest! {
        #[test]
        fn a_server_reads_exactly_what_was_rendered(
            lines in prop::collection::vec("[.a\u{00}\u{e5} -]{0,6}", 1..40)
        ) {
            let message = lines.join("\r\n") + "\r\n";
            let wire = on_the_wire(message.as_bytes());
            let (read, behind) = server_reads(&wire);
            prop_assert_eq!(read, message.as_bytes());
            prop_assert!(behind.is_empty());
            // No server, however lenient about line ends, finds an end before the last bytes.
            for end in [&b"\n.\n"[..], b"\n.\r", b"\r.\r", b"\r.\n"] {
                let first = wire.windows(3).position(|w| w == end);
                prop_assert!(first.is_none_or(|at| at + 4 >= wire.len()));
            }
        }

        #[test]
        fn what_is_not_canonical_is_never_sent(
            parts in prop::collection::vec(prop_oneof!["\r", "\n", "\r\n", "\\.", "a"], 0..20)
        ) {
            let message = parts.concat();
            let canonical = message.ends_with("\r\n")
                && !message.replace("\r\n", "").contains(['\r', '\n']);
            prop_assert_eq!(Pieces::of(message.as_bytes()).is_ok(), canonical);
        }
    }

    #[test]
    fn dots_at_every_edge() {
        for (message, wire) in [
            (".\r\n", "..\r\n.\r\n"),
            ("..\r\n", "...\r\n.\r\n"),
            ("\r\n", "\r\n.\r\n"),
            ("a\r\n.\r\n.b\r\nc.\r\n", "a\r\n..\r\n..b\r\nc.\r\n.\r\n"),
        ] {
            assert_eq!(on_the_wire(message.as_bytes()), wire.as_bytes());
        }
    }

    #[test]
    fn a_message_without_dots_goes_in_two_pieces() {
        let pieces = Pieces::of(b"a\r\nb.\r\n").expect("a canonical message");
        assert_eq!(pieces.count(), 2);
    }
}
