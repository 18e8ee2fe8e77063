//! Header text: unfolded, encoded words (RFC 2047) read, control characters gone.
//!
//! Charge: one line of readable text from the raw bytes of a field. Words that stand side by side
//! in the same character set are joined before decoding, since many mailers cut a character in two.
//! Leaves addresses to `authors`. Linear in the input.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;

use super::charset;
use super::transfer::hex;

/// Longest character set label taken, in bytes.
const LABEL_MAX: usize = 64;

/// The field's text: one line, white space collapsed to what the writer meant, no controls.
pub(super) fn text(raw: &[u8]) -> String {
    let plain = raw
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~'))
        .then(|| std::str::from_utf8(raw).ok())
        .flatten();
    if let Some(plain) = plain
        && !plain.contains("=?")
    {
        return plain.trim().to_owned();
    }
    one_line(&words(&unfold(raw)))
}

/// RFC 5322 §2.2.3: the line ends of folding go, their white space stays.
pub(super) fn unfold(raw: &[u8]) -> Cow<'_, [u8]> {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    if !raw.iter().any(is_end) {
        return Cow::Borrowed(raw);
    }
    let mut line = Vec::with_capacity(raw.len());
    for piece in raw.split(is_end) {
        line.extend_from_slice(piece);
    }
    Cow::Owned(line)
}

/// Line ends and tabs become spaces, other control characters go, the ends are trimmed.
pub(super) fn one_line(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.trim().to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => line.push(' '),
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    let trimmed = line.trim();
    if trimmed.len() == line.len() {
        line
    } else {
        trimmed.to_owned()
    }
}

/// Reads every encoded word in unfolded bytes.
pub(super) fn words(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let (mut at, mut literal) = (0, 0);
    // Once no closing `?=` is ahead, no later word can be complete either.
    let mut closable = true;
    while closable && let Some(found) = find(raw, at, *b"=?") {
        match word(raw, found) {
            Word::Read { label, bytes, end } => {
                let between = raw.get(literal..found).unwrap_or_default();
                let joins = pending.is_some() && between.iter().all(u8::is_ascii_whitespace);
                match &mut pending {
                    Some((open, sofar)) if joins && *open == label => sofar.extend(bytes),
                    _ => {
                        flush(&mut out, pending.take());
                        if !joins {
                            out.push_str(&charset::decode(between, None));
                        }
                        pending = Some((label, bytes));
                    }
                }
                (at, literal) = (end, end);
            }
            Word::No => at = found + 2,
            Word::Unclosed => closable = false,
        }
    }
    flush(&mut out, pending);
    out.push_str(&charset::decode(
        raw.get(literal..).unwrap_or_default(),
        None,
    ));
    out
}

fn flush(out: &mut String, pending: Option<(String, Vec<u8>)>) {
    if let Some((label, bytes)) = pending {
        out.push_str(&charset::decode(&bytes, Some(&label)));
    }
}

enum Word {
    Read {
        label: String,
        bytes: Vec<u8>,
        end: usize,
    },
    No,
    Unclosed,
}

/// Reads the word that opens at `at`, `=?label?B?text?=`. Spaces inside it, which the RFC
/// forbids and mailers write, are taken.
fn word(raw: &[u8], at: usize) -> Word {
    let tail = raw.get(at + 2..).unwrap_or_default();
    let head = tail.get(..tail.len().min(LABEL_MAX)).unwrap_or_default();
    let Some(mark) = head.iter().position(|byte| *byte == b'?') else {
        return Word::No;
    };
    let (Some(label), Some(how), Some(b'?')) =
        (tail.get(..mark), tail.get(mark + 1), tail.get(mark + 2))
    else {
        return Word::No;
    };
    let known = matches!(how, b'B' | b'b' | b'Q' | b'q');
    if !known || label.is_empty() || !label.iter().all(u8::is_ascii_graphic) {
        return Word::No;
    }
    let start = mark + 3;
    let Some(stop) = find(tail, start, *b"?=") else {
        return Word::Unclosed;
    };
    let text = tail.get(start..stop).unwrap_or_default();
    let bytes = match how {
        b'B' | b'b' => base64_decode(text).unwrap_or_else(|| {
            let kept: Vec<u8> = text
                .iter()
                .copied()
                .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
                .collect();
            base64_decode(&kept).unwrap_or_default()
        }),
        _ => quoted(text),
    };
    // RFC 2231 §5: the label may carry a language.
    let label = label.split(|byte| *byte == b'*').next().unwrap_or_default();
    Word::Read {
        label: String::from_utf8_lossy(label).to_ascii_lowercase(),
        bytes,
        end: at + 2 + stop + 2,
    }
}

/// The Q encoding (RFC 2047 §4.2).
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'_', _) => out.push(b' '),
            (b'=', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    out.push(high << 4 | low);
                    rest = after;
                } else {
                    out.push(b'=');
                }
            }
            (byte, _) => out.push(*byte),
        }
    }
    out
}

fn find(hay: &[u8], from: usize, pair: [u8; 2]) -> Option<usize> {
    hay.get(from..)?
        .windows(2)
        .position(|window| window == pair.as_slice())
        .map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_text_comes_out_as_the_writer_meant_it() {
        for (raw, wanted) in [
            (b"plain text ".as_slice(), "plain text"),
            (b"folded\r\n  text", "folded  text"),
            (b"=?utf-8?Q?L=C3=B6sen?=", "Lösen"),
            (b"=?iso-8859-1?q?L=F6sen_ord?= nu", "Lösen ord nu"),
            (b"=?UTF-8?B?TMO2c2Vu?=", "Lösen"),
            // a character cut between two words, and white space between words
            (b"=?utf-8?q?L=C3?=\r\n =?utf-8?q?=B6sen?=", "Lösen"),
            (b"=?utf-8?q?a?= =?iso-8859-1?q?=E5?=", "aå"),
            (b"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
            (b"pris=?utf-8?q?_h=C3=B6jning?=en", "pris höjningen"),
            // raw bytes, no words
            (b"L\xf6senord", "Lösenord"),
            ("Lösenord".as_bytes(), "Lösenord"),
            // broken words stay or are read as far as they go
            (b"=?utf-8?q?open", "=?utf-8?q?open"),
            (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
            (b"a =? b ?= c", "a =? b ?= c"),
            (b"=?utf-8?q?with space?= x", "with space x"),
            (b"=?utf-8?b?TMO2c2V?=", "Löse"),
            (b"=?utf-8*sv?q?=C3=A5?=", "å"),
            // nothing decoded may start a new line or move a terminal's cursor
            (b"=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"),
            (b"=?utf-8?q?a=1B[2Jb=00c?=", "a[2Jbc"),
        ] {
            assert_eq!(text(raw), wanted, "{:?}", raw.escape_ascii().to_string());
        }
    }

    #[test]
    fn many_openings_cost_one_pass() {
        let raw = b"=?a?q?x".repeat(200_000);
        assert_eq!(text(&raw).len(), raw.len());
    }
}
