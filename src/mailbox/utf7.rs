//! Modified UTF-7: how IMAP, and Maildir++ directories, write folder names (RFC 3501 §5.1.3).

use std::fmt::Write as _;

/// `name` in modified UTF-7: printable ASCII stands for itself, `&` is `&-`, every run of
/// anything else is UTF-16 in a base64 of its own between `&` and `-`.
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut run = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut run, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                run.extend(unit.to_be_bytes());
            }
        }
    }
    flush(&mut run, &mut out);
    out
}

fn flush(run: &mut Vec<u8>, out: &mut String) {
    if !run.is_empty() {
        let base64 = data_encoding::BASE64_NOPAD.encode(run).replace('/', ",");
        // Writing to a `String` cannot fail.
        let _ = write!(out, "&{base64}-");
        run.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_standard_and_servers_do() {
        for (name, written) in [
            ("INBOX", "INBOX"),
            ("Sent Items", "Sent Items"),
            ("R&D", "R&-D"),
            ("&", "&-"),
            ("Ärenden/Öppna", "&AMQ-renden/&ANY-ppna"),
            // RFC 3501 §5.1.3
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Översikt å", "&ANY-versikt &AOU-"),
            ("åäö&åäö", "&AOUA5AD2-&-&AOUA5AD2-"),
            ("😀", "&2D3eAA-"),
            ("tab\there", "tab&AAk-here"),
        ] {
            assert_eq!(encode(name), written, "{name:?}");
        }
    }
}
