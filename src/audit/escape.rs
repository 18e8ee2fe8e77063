//! How text is written into an audit line: JSON in one canonical form, safe to print, and capped.
//!
//! A stranger's subject cannot move a cursor, turn the direction of a line or fill the disk:
//! control and bidirectional characters become `\u` escapes (RFC 8259 §7), and every text and the
//! whole line have a bound.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use crate::domain::outcome::is_bidi;

/// Most characters of one text; what is cut ends in `…`.
pub const TEXT_MAX: usize = 512;

/// Most bytes of all texts of a line together; beyond it only the first [`SHORT`] characters of a
/// text are written.
pub const TEXTS_MAX: usize = 48 << 10;

/// Characters of a text that are always written: digests, addresses' and rules' names fit in.
pub const SHORT: usize = 80;

/// `value` as JSON on one line.
///
/// # Errors
/// Only when `value` cannot be JSON at all, such as a map with keys that are no text.
pub fn canonical<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut out = Vec::with_capacity(512);
    let formatter = Canonical {
        inner: CompactFormatter,
        chars: 0,
        left: TEXTS_MAX,
        cut: false,
    };
    value.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    String::from_utf8(out).map_err(|e| serde::ser::Error::custom(e.utf8_error()))
}

/// Whether `c` must not reach a terminal or a page as it is.
fn is_unprintable(c: char) -> bool {
    c.is_control() || is_bidi(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

struct Canonical {
    inner: CompactFormatter,
    chars: usize,
    left: usize,
    cut: bool,
}

impl Canonical {
    /// Whether one more character of `bytes` bytes may be written; marks the cut once.
    fn room<W: ?Sized + Write>(&mut self, out: &mut W, bytes: usize) -> io::Result<bool> {
        let fits = self.left >= bytes || self.chars < SHORT;
        if self.chars < TEXT_MAX && fits && !self.cut {
            self.chars += 1;
            self.left = self.left.saturating_sub(bytes);
            return Ok(true);
        }
        if !self.cut {
            self.cut = true;
            out.write_all("…".as_bytes())?;
        }
        Ok(false)
    }
}

impl Formatter for Canonical {
    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.chars = 0;
        self.cut = false;
        out.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let plain = fragment.bytes().all(|b| (0x20..0x7f).contains(&b));
        if plain
            && !self.cut
            && self.chars + fragment.len() <= TEXT_MAX
            && fragment.len() <= self.left
        {
            self.chars += fragment.len();
            self.left -= fragment.len();
            return out.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if is_unprintable(c) {
                if self.room(out, 6)? {
                    write!(out, "\\u{:04x}", u32::from(c))?;
                }
            } else if self.room(out, c.len_utf8())? {
                out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        if self.room(out, 6)? {
            self.inner.write_char_escape(out, escape)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_capped_and_still_json() {
        for (text, wanted) in [
            ("plain", "\"plain\""),
            ("åäö \"x\" \\", "\"åäö \\\"x\\\" \\\\\""),
            ("a\u{1b}[31m", "\"a\\u001b[31m\""),
            ("a\nb\u{7f}\u{85}", "\"a\\nb\\u007f\\u0085\""),
            ("x\u{202e}fdp.exe\u{2028}", "\"x\\u202efdp.exe\\u2028\""),
        ] {
            let written = canonical(&text).unwrap();
            assert_eq!(written, wanted);
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
        for long in ["a".repeat(5000), "\u{202e}".repeat(5000), "\n".repeat(5000)] {
            let written = canonical(&long).unwrap();
            let read: String = serde_json::from_str(&written).unwrap();
            assert_eq!(read.chars().count(), TEXT_MAX + 1);
            assert!(read.ends_with('…'));
        }
    }

    #[test]
    fn a_whole_line_has_a_bound() {
        let many: Vec<String> = vec!["\u{7}".repeat(400); 500];
        let written = canonical(&many).unwrap();
        let most = TEXTS_MAX + 500 * (SHORT * 6 + 8);
        assert!(written.len() < most, "{}", written.len());
        let digest = "f".repeat(64);
        let last = canonical(&(&many, &digest)).unwrap();
        assert!(
            last.ends_with(&format!("\"{digest}\"]")),
            "what is short stays whole"
        );
        assert_eq!(
            serde_json::from_str::<Vec<String>>(&written).unwrap().len(),
            500
        );
    }
}
