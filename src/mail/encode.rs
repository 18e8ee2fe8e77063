//! Text put into the 7-bit forms of a message: header fields, encoded words, quoted-printable.
//!
//! What comes in may be a stranger's words. Whatever they hold, a field written here is one field:
//! controls become spaces, marks that turn the direction of text are left out, length is bounded,
//! lines fold at 76 columns where a space allows it. The same input gives the same bytes.

use data_encoding::BASE64;

use crate::domain::outcome::is_bidi;

/// Longest text written into one field, in characters; what lies beyond is cut.
pub const FIELD_CHARS_MAX: usize = 400;
/// Longest value written without folding, in bytes: with a field name it stays below 998.
const VERBATIM_MAX: usize = 900;
/// Columns after which a line is folded (RFC 5322 §2.1.1 recommends 78).
const COLUMNS: usize = 76;
/// Longest encoded word (RFC 2047 §2).
const ENCODED_WORD_MAX: usize = 75;

/// `text` as one line fit for a header: controls and white space become single spaces, direction
/// marks are dropped, at most [`FIELD_CHARS_MAX`] characters stay.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut space = false;
    let mut count = 0;
    for c in text.chars().filter(|&c| !is_bidi(c)) {
        if c.is_whitespace() || c.is_control() {
            space = !line.is_empty();
            continue;
        }
        count += 1 + usize::from(space);
        if count >= FIELD_CHARS_MAX {
            line.push('…');
            break;
        }
        if space {
            line.push(' ');
            space = false;
        }
        line.push(c);
    }
    line
}

/// Writes `name: value` for a value made of our own plain parts; never folded, for some readers
/// take a folded Message-ID for two. Anything but printable ASCII and letters is left out.
pub fn verbatim(out: &mut Vec<u8>, name: &str, value: &str) {
    let fit = |c: &char| !c.is_control() && !c.is_whitespace() || *c == ' ';
    let mut text: String = value.chars().filter(fit).collect();
    while text.len() > VERBATIM_MAX {
        text.pop();
    }
    field(out, name, &text);
}

/// Writes a field of free text such as `Subject` (RFC 5322 §2.2.1, RFC 2047 §5 (1)).
pub fn unstructured(out: &mut Vec<u8>, name: &str, value: &str) {
    let text = one_line(value);
    let column = name.len() + 2;
    let folded = if is_plain(&text) {
        folded_at_spaces(&text, column)
    } else {
        encoded_words(&text, column)
    };
    field(out, name, &folded);
}

/// Writes a field with one named address (RFC 5322 §3.4). `address` must need no quoting.
pub fn mailbox(out: &mut Vec<u8>, name: &str, display: &str, address: &str) {
    let display = one_line(display);
    let column = name.len() + 2;
    let phrase = if display.is_empty() {
        String::new()
    } else if is_plain(&display) && display.len() < COLUMNS - column {
        format!("\"{}\"", display.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        encoded_words(&display, column)
    };
    // On a line of its own the longest address fits, whatever stands before it.
    let text = match phrase.as_str() {
        "" => address.to_owned(),
        _ if phrase.len() + address.len() + column + 3 > COLUMNS => {
            format!("{phrase}\r\n <{address}>")
        }
        _ => format!("{phrase} <{address}>"),
    };
    field(out, name, &text);
}

/// Writes a field of identifiers (RFC 5322 §3.6.4), one a line, each in its brackets.
pub fn ids(out: &mut Vec<u8>, name: &str, ids: &[String]) {
    let fit = |id: &&String| id.len() <= VERBATIM_MAX && id.bytes().all(|b| b.is_ascii_graphic());
    let ids: Vec<_> = ids.iter().filter(fit).map(|id| format!("<{id}>")).collect();
    field(out, name, &ids.join("\r\n "));
}

fn field(out: &mut Vec<u8>, name: &str, folded: &str) {
    for piece in [name, ": ", folded, "\r\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// Whether the text can stand in a header as it is: ASCII, nothing that reads as an encoded word,
/// and no word too long to be folded.
fn is_plain(text: &str) -> bool {
    text.is_ascii()
        && !text.contains("=?")
        && text.split(' ').all(|word| word.len() < ENCODED_WORD_MAX)
}

fn folded_at_spaces(text: &str, mut column: usize) -> String {
    let mut folded = String::new();
    for word in text.split(' ') {
        if !folded.is_empty() {
            if column + 1 + word.len() > COLUMNS {
                folded.push_str("\r\n");
                column = 0;
            }
            folded.push(' ');
            column += 1;
        }
        folded.push_str(word);
        column += word.len();
    }
    folded
}

/// Encoded words in UTF-8, each whole in its characters, one a line after the first.
fn encoded_words(text: &str, column: usize) -> String {
    let quoted: usize = text.chars().map(q_length).sum();
    let as_q = quoted <= text.len().div_ceil(3) * 4;
    let (open, length): (&str, fn(&str) -> usize) = if as_q {
        ("=?utf-8?q?", |chunk| chunk.chars().map(q_length).sum())
    } else {
        ("=?utf-8?b?", |chunk| chunk.len().div_ceil(3) * 4)
    };
    let mut folded = String::new();
    let mut room = COLUMNS.saturating_sub(column).min(ENCODED_WORD_MAX);
    let mut rest = text;
    while !rest.is_empty() {
        // A word of eleven characters or less is never too long, so every turn makes way.
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let next = at + c.len_utf8();
            let over = rest
                .get(..next)
                .is_none_or(|chunk| open.len() + length(chunk) + 2 > room);
            if over && end > 0 {
                break;
            }
            end = next;
            if over {
                break;
            }
        }
        let (chunk, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !folded.is_empty() {
            folded.push_str("\r\n ");
        }
        folded.push_str(open);
        if as_q {
            chunk.chars().for_each(|c| push_q(&mut folded, c));
        } else {
            folded.push_str(&BASE64.encode(chunk.as_bytes()));
        }
        folded.push_str("?=");
        room = ENCODED_WORD_MAX;
        rest = tail;
    }
    folded
}

/// Whether a character stands for itself in a `q` word, also in a phrase (RFC 2047 §5 (3)).
const fn is_q_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '!' | '*' | '+' | '-' | '/')
}

fn q_length(c: char) -> usize {
    if is_q_literal(c) || c == ' ' {
        1
    } else {
        c.len_utf8() * 3
    }
}

fn push_q(out: &mut String, c: char) {
    if c == ' ' {
        out.push('_');
    } else if is_q_literal(c) {
        out.push(c);
    } else {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            out.extend(hex(byte));
        }
    }
}

fn hex(byte: u8) -> [char; 3] {
    let digit = |n: u8| char::from(if n < 10 { b'0' + n } else { b'A' + n - 10 });
    ['=', digit(byte >> 4), digit(byte & 15)]
}

/// `text` in quoted-printable (RFC 2045 §6.7), its lines ended by CRLF, the last one too.
pub fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 16);
    for line in text.lines() {
        let mut column = 0;
        let line = line.trim_end();
        for (at, byte) in line.bytes().enumerate() {
            // "From " and "." at the start of a line are changed by some mail systems on the way.
            let first = at == 0 && matches!(byte, b'.' | b'F');
            let literal = matches!(byte, b' '..=b'~') && byte != b'=' && !first;
            let width = if literal { 1 } else { 3 };
            if column + width >= COLUMNS {
                out.push_str("=\r\n");
                column = 0;
            }
            if literal {
                out.push(char::from(byte));
            } else {
                out.extend(hex(byte));
            }
            column += width;
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subject(value: &str) -> String {
        let mut out = Vec::new();
        unstructured(&mut out, "Subject", value);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn fields_as_they_are_written() {
        for (value, expected) in [
            ("", "Subject: \r\n"),
            ("Plain words", "Subject: Plain words\r\n"),
            ("a\r\nBcc: x@y.example", "Subject: a Bcc: x@y.example\r\n"),
            ("\u{202e}txt.exe", "Subject: txt.exe\r\n"),
            (
                "Går inte att logga in",
                "Subject: =?utf-8?q?G=C3=A5r_inte_att_logga_in?=\r\n",
            ),
            ("=?x?q?y?=", "Subject: =?utf-8?b?PT94P3E/eT89?=\r\n"),
            ("日本", "Subject: =?utf-8?b?5pel5pys?=\r\n"),
        ] {
            assert_eq!(subject(value), expected, "{value:?}");
        }
    }

    #[test]
    fn long_text_folds_between_words_and_is_cut_at_the_bound() {
        let folded = subject(&"word ".repeat(30));
        assert!(folded.lines().all(|line| line.len() <= COLUMNS), "{folded}");
        assert_eq!(one_line(&"å".repeat(1000)).chars().count(), FIELD_CHARS_MAX);
    }

    proptest! {
        #[test]
        fn a_field_is_one_field_of_ascii(value: String, display in "\\PC{0,200}") {
            let mut out = Vec::new();
            unstructured(&mut out, "Subject", &value);
            mailbox(&mut out, "From", &display, "support@partner.example");
            prop_assert!(out.is_ascii());
            let text = String::from_utf8(out).expect("ASCII");
            prop_assert!(text.ends_with("\r\n") && !text.contains("\r\n\r\n"));
            let lines: Vec<_> = text.trim_end_matches("\r\n").split("\r\n").collect();
            let heads = lines.iter().filter(|line| !line.starts_with(' ')).count();
            prop_assert_eq!(heads, 2);
            prop_assert!(lines.iter().all(|line| line.len() <= 76 + 1));
            prop_assert!(lines.iter().all(|line| !line.contains(['\r', '\n', '\0'])));
        }

        #[test]
        fn quoted_printable_stays_in_its_lines(text: String) {
            let out = quoted_printable(&text);
            prop_assert!(out.is_ascii() && !out.contains("=_"));
            prop_assert!(out.split("\r\n").all(|line| line.len() <= 76));
            prop_assert!(out.is_empty() || out.ends_with("\r\n"));
        }
    }
}
