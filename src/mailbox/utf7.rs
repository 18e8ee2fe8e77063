//! Modified UTF-7: how IMAP, and Maildir++ directories, spell folder names that are not ASCII
//! (RFC 3501 §5.1.3).

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false),
);

/// Spells `name` in printable ASCII.
pub fn encode(name: &str) -> String {
    let mut spelled = String::with_capacity(name.len());
    let mut run = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            close(&mut spelled, &mut run);
            spelled.push(c);
            if c == '&' {
                spelled.push('-');
            }
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                run.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    close(&mut spelled, &mut run);
    spelled
}

fn close(spelled: &mut String, run: &mut Vec<u8>) {
    if !run.is_empty() {
        spelled.push('&');
        BASE64.encode_string(&run, spelled);
        spelled.push('-');
        run.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_the_rfc_says() {
        for (name, spelled) in [
            ("INBOX", "INBOX"),
            ("Ärenden", "&AMQ-renden"),
            ("Öppna", "&ANY-ppna"),
            ("Fråga & svar", "Fr&AOU-ga &- svar"),
            ("&", "&-"),
            ("台北", "&U,BTFw-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("☺!", "&Jjo-!"),
            ("🦀", "&2D7dgA-"),
            ("a\tb", "a&AAk-b"),
            ("åäö", "&AOUA5AD2-"),
            ("Sent Items", "Sent Items"),
            ("Ärenden/Öppna", "&AMQ-renden/&ANY-ppna"),
            ("åäö&åäö", "&AOUA5AD2-&-&AOUA5AD2-"),
            ("", ""),
        ] {
            assert_eq!(encode(name), spelled, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_printable_ascii_and_reads_back(name in ".{0,40}") {
            let spelled = encode(&name);
            proptest::prop_assert!(spelled.bytes().all(|b| matches!(b, b' '..=b'~')));
            proptest::prop_assert_eq!(decode(&spelled), name);
        }
    }

    /// Reads a spelled name back, by the RFC's grammar and not by the code above.
    fn decode(spelled: &str) -> String {
        let mut name = String::new();
        let mut rest = spelled;
        while let Some(at) = rest.find('&') {
            name.push_str(&rest[..at]);
            let end = at + rest[at..].find('-').unwrap();
            let run = &rest[at + 1..end];
            if run.is_empty() {
                name.push('&');
            }
            let bits: String = run
                .bytes()
                .map(|b| match b {
                    b'A'..=b'Z' => b - b'A',
                    b'a'..=b'z' => b - b'a' + 26,
                    b'0'..=b'9' => b - b'0' + 52,
                    b'+' => 62,
                    b',' => 63,
                    _ => panic!("{spelled}"),
                })
                .flat_map(|v| format!("{v:06b}").into_bytes())
                .map(char::from)
                .collect();
            let units: Vec<u16> = (0..bits.len() / 16)
                .map(|i| u16::from_str_radix(&bits[i * 16..i * 16 + 16], 2).unwrap())
                .collect();
            name.push_str(&String::from_utf16(&units).unwrap());
            rest = &rest[end + 1..];
        }
        name.push_str(rest);
        name
    }
}
