//! A copy of a customer's message that stands in for the original: its text, and nothing else.
//!
//! Plain text in a message of its own (RFC 5322), 7-bit whatever the text, so that it travels and
//! is read anywhere. What may stand in it was settled before; here it is only written down. No
//! field of the original's header travels but those that are given, no attachment, no markup.

use jiff::Timestamp;

use super::encode;

/// Most bytes of text in a copy; what is beyond is cut, with a line that says so.
pub const TEXT_MAX: usize = 256 << 10;

/// What the copy holds.
#[derive(Debug, Clone, Copy)]
pub struct CopyOf<'a> {
    /// The writer's name; may be empty.
    pub name: &'a str,
    /// The writer's address.
    pub address: &'a str,
    /// When it came.
    pub received: Timestamp,
    /// The subject.
    pub subject: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Writes the copy: ASCII, lines ended by CR LF.
pub fn copy(of: &CopyOf<'_>) -> String {
    let mut out = Vec::with_capacity(512 + of.text.len() * 2);
    encode::mailbox(&mut out, "From", of.name, of.address);
    encode::unstructured(&mut out, "Subject", of.subject);
    let date = of.received.strftime("%a, %d %b %Y %H:%M:%S +0000");
    encode::verbatim(&mut out, "Date", &date.to_string());
    encode::verbatim(&mut out, "MIME-Version", "1.0");
    encode::verbatim(&mut out, "Content-Type", "text/plain; charset=utf-8");
    encode::verbatim(&mut out, "Content-Transfer-Encoding", "quoted-printable");
    out.extend_from_slice(b"\r\n");
    let mut text = of.text;
    let mut note = "";
    if text.len() > TEXT_MAX {
        let end = (0..=TEXT_MAX).rev().find(|&at| text.is_char_boundary(at));
        text = text.get(..end.unwrap_or_default()).unwrap_or_default();
        note = "\n(cut here)\n";
    }
    out.extend_from_slice(encode::quoted_printable(&format!("{text}{note}")).as_bytes());
    out.extend_from_slice(b"\r\n");
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::Enclosure;
    use crate::mail::Message;
    use crate::mail::compose::enclosure;

    fn of<'a>(text: &'a str, subject: &'a str) -> CopyOf<'a> {
        CopyOf {
            name: "Anna Öberg",
            address: "anna@customer.example",
            received: "2026-03-03T08:12:45Z".parse().expect("a time"),
            subject,
            text,
        }
    }

    #[test]
    fn a_copy_reads_back_and_travels_as_a_message() {
        let text = "Hej!\n\nDet går inte.\n.\nFrom mig\n";
        let written = copy(&of(text, "Går inte\r\nBcc: x@y.example"));
        assert_eq!(enclosure(written.as_bytes()), Some(Enclosure::Rfc822));
        let message = Message::parse(written.as_bytes()).expect("a message");
        assert_eq!(message.plain.trim(), text.trim());
        assert!(message.attachments.is_empty() && message.cc.is_empty());
        let author = message.author().expect("an author");
        assert_eq!(author.name, "Anna Öberg");
        assert_eq!(message.headers.first("Bcc"), None);
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let text = "å".repeat(TEXT_MAX);
        let written = copy(&of(&text, "x"));
        assert!(written.trim_end().ends_with("(cut here)"));
        // Two bytes a letter, three characters a byte, and the soft line ends.
        assert!(written.len() < TEXT_MAX * 4);
    }
}
