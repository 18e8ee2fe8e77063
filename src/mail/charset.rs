//! Bytes to text: the declared character set where it holds, and what is done where it does not.
//!
//! Charge: never fail, never lose an ASCII letter, read Nordic letters right even under a wrong
//! label. Leaves transfer encodings to `transfer`. Linear in the input.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Reads `bytes` as text.
///
/// A label of the Latin-1 family gives way to UTF-8 when the bytes are UTF-8 beyond ASCII: two
/// such bytes in a row mean nothing in Latin-1 text, and the mislabelling is common. Without a
/// label, or with one nobody knows, the text is UTF-8, each byte that is not being Windows-1252.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(|label| label.trim().to_ascii_lowercase());
    match label.as_deref() {
        None | Some("" | "utf-8" | "utf8" | "us-ascii" | "ascii") => utf8_or_western(bytes),
        Some("utf-16" | "utf-16le" | "utf-16be") if !bytes.contains(&0) => utf8_or_western(bytes),
        Some("utf-16") => utf16(bytes),
        Some(label) => match charset_decoder(label.as_bytes()) {
            None => utf8_or_western(bytes),
            Some(_) if is_western(label) && std::str::from_utf8(bytes).is_ok() => {
                utf8_or_western(bytes)
            }
            Some(decoder) => decoder(bytes),
        },
    }
}

fn is_western(label: &str) -> bool {
    matches!(
        label,
        "iso-8859-1"
            | "iso8859-1"
            | "iso_8859-1"
            | "latin1"
            | "windows-1252"
            | "cp1252"
            | "iso-8859-15"
    )
}

/// UTF-8, each byte that is not part of it read as Windows-1252.
fn utf8_or_western(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let western = charset_decoder(b"windows-1252");
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        match western {
            Some(decoder) if !chunk.invalid().is_empty() => {
                text.push_str(&decoder(chunk.invalid()));
            }
            _ => text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER)),
        }
    }
    text
}

/// UTF-16 with its byte order told by a mark, or guessed from where the zeros stand.
fn utf16(bytes: &[u8]) -> String {
    let marked = matches!(bytes, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]);
    let first_is_zero = bytes.chunks_exact(2).filter(|pair| pair[0] == 0).count();
    let label: &[u8] = if marked {
        b"utf-16"
    } else if first_is_zero * 2 > bytes.len() / 2 {
        b"utf-16be"
    } else {
        b"utf-16le"
    };
    charset_decoder(label).map_or_else(|| utf8_or_western(bytes), |decoder| decoder(bytes))
}

/// The label in an HTML document's own `meta`, looked for in its first kibibyte.
pub(super) fn of_html(bytes: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"charset=";
    let head = bytes
        .get(..bytes.len().min(1024))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let at = head.windows(MARK.len()).position(|window| window == MARK)?;
    let label: String = head
        .get(at + MARK.len()..)?
        .iter()
        .skip_while(|byte| matches!(byte, b'"' | b'\''))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .map(|byte| char::from(*byte))
        .collect();
    (!label.is_empty()).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_wrong_and_missing_labels_all_give_the_letters() {
        for (bytes, label, text) in [
            (b"l\xf6sen".as_slice(), Some("iso-8859-1"), "lösen"),
            (b"l\xf6sen", Some("utf-8"), "lösen"),
            (b"l\xf6sen", None, "lösen"),
            (b"l\xf6sen", Some("x-no-such-set"), "lösen"),
            ("lösen".as_bytes(), Some("iso-8859-1"), "lösen"),
            ("lösen".as_bytes(), Some("US-ASCII"), "lösen"),
            (b"\x80 10", Some("windows-1252"), "€ 10"),
            (b"l\x94sen", Some("cp850"), "lösen"),
            (b"Zelo \x9a", Some("windows-1250"), "Zelo š"),
            (b"\xd4\xe5\xf1\xf2", Some("windows-1251"), "Фест"),
            (b"l+APY-sen", Some("utf-7"), "lösen"),
            (b"l\0\xf6\0", Some("utf-16"), "lö"),
            (b"\0l\0\xf6", Some("utf-16"), "lö"),
            (b"plain", Some("utf-16"), "plain"),
            ("å".as_bytes(), None, "å"),
        ] {
            assert_eq!(decode(bytes, label), text, "{label:?}");
        }
    }

    #[test]
    fn a_mixture_keeps_both_halves() {
        assert_eq!(decode(b"\xc3\xa5 och \xe5", None), "å och å");
    }

    #[test]
    fn the_label_inside_html_is_found() {
        let page = b"<META http-equiv=x content=\"text/html; charset=Windows-1250\">";
        assert_eq!(of_html(page).as_deref(), Some("windows-1250"));
        assert_eq!(of_html(b"<p>none"), None);
    }
}
