//! A message ready for a transport.

/// The bytes of a message: every line ended by CRLF and by nothing else, no bare CR or LF, the
/// last line ended too, no line above 998 bytes (RFC 5321 §4.5.3.1.6), no NUL. Not dot-stuffed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The whole message.
    pub bytes: Vec<u8>,
    /// Whether a byte above 127 occurs, so that the relay must offer 8BITMIME (RFC 6152).
    pub eight_bit: bool,
}
