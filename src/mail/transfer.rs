//! Content-Transfer-Encoding (RFC 2045 §6) undone, as far as the bytes allow.
//!
//! Charge: bytes in, bytes out, linear, never failing. Leaves character sets to `charset`.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;

/// How a part's body was made fit for transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, and what nobody knows.
    #[default]
    Identity,
    /// RFC 2045 §6.7.
    QuotedPrintable,
    /// RFC 2045 §6.8.
    Base64,
}

impl Encoding {
    /// Reads the value of `Content-Transfer-Encoding`.
    pub(super) fn read(value: &str) -> Self {
        let word = value
            .split([';', '(', ' ', '\t'])
            .find(|word| !word.is_empty())
            .unwrap_or_default()
            .trim_matches('"');
        if word.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if word.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Identity
        }
    }

    /// The bytes that were encoded.
    pub(super) fn decode(self, body: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(body),
            Self::QuotedPrintable => Cow::Owned(quoted_printable(body)),
            Self::Base64 => base64(body),
        }
    }

    /// How many bytes [`Self::decode`] would give, without making them.
    pub(super) fn decoded_len(self, body: &[u8]) -> usize {
        match self {
            Self::Identity => body.len(),
            Self::QuotedPrintable => {
                let escapes = memchr::memchr_iter(b'=', body).count();
                body.len().saturating_sub(escapes * 2)
            }
            Self::Base64 => {
                let ends = |byte| memchr::memchr_iter(byte, body).count();
                (body.len() - ends(b'\n') - ends(b'\r')) / 4 * 3
            }
        }
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Mailing lists hang a plain footer under an encoded body: what follows the first line that
/// cannot be base64 is left out. When there is no such line at the top, the text was not encoded.
fn base64(body: &[u8]) -> Cow<'_, [u8]> {
    if let Some(decoded) = base64_decode(body) {
        return Cow::Owned(decoded);
    }
    let mut good = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if !line
            .iter()
            .all(|byte| is_base64(*byte) || byte.is_ascii_whitespace())
        {
            break;
        }
        good += line.len();
    }
    match base64_decode(body.get(..good).unwrap_or_default()) {
        Some(decoded) if !decoded.is_empty() => Cow::Owned(decoded),
        _ => Cow::Borrowed(body),
    }
}

/// A `=` that introduces nothing stays as it is (RFC 2045 §6.7 note 2 leaves this open).
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'=') {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at + 1..).unwrap_or_default();
        if let [high, low, after @ ..] = tail
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            let blank = tail
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
                .count();
            match tail.get(blank) {
                Some(b'\n') => rest = tail.get(blank + 1..).unwrap_or_default(),
                None => rest = &[],
                Some(_) => {
                    out.push(b'=');
                    rest = tail;
                }
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The value of one hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_are_undone_and_broken_ones_survive() {
        for (encoding, body, text) in [
            ("base64", "SGVq\r\nIQ==", "Hej!"),
            ("BASE64 (comment)", "SGVq", "Hej"),
            ("base64", "SGVqIQ==\n-- \nlist footer", "Hej!"),
            (
                "base64",
                "not encoded at all, it seems",
                "not encoded at all, it seems",
            ),
            ("quoted-printable", "a=3Db =\r\nc=\nd", "a=b cd"),
            ("quoted-printable", "a=b=zz =", "a=b=zz "),
            ("quoted-printable", "l=c3=B6s =  \r\nen", "lös en"),
            ("8bit", "a=3Db", "a=3Db"),
        ] {
            let encoding = Encoding::read(encoding);
            assert_eq!(
                encoding.decode(body.as_bytes()),
                text.as_bytes(),
                "{encoding:?} {body:?}"
            );
        }
    }

    #[test]
    fn sizes_are_told_without_decoding() {
        assert_eq!(Encoding::Base64.decoded_len(b"SGVq\r\nSGVq"), 6);
        assert_eq!(Encoding::QuotedPrintable.decoded_len(b"a=3Db"), 3);
        assert_eq!(Encoding::Identity.decoded_len(b"abc"), 3);
    }
}
