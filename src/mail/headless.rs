//! A message without the header fields that name people: what its text needs to be read stays, byte
//! for byte, and so does the whole body.
//!
//! Nothing inside the body is changed: who signs the text is named by it.

use super::headers::Block;

/// Fields that stay: what the message is about, when it was written, and how it is coded.
const KEPT: [&str; 3] = ["Subject", "Date", "MIME-Version"];

/// `original` with a header of the kept fields, written by `from`.
pub fn headless(original: &[u8], from: &str) -> Vec<u8> {
    let block = Block::read(original, 0, true);
    let mut out = Vec::with_capacity(original.len());
    out.extend_from_slice(format!("From: {from}\r\n").as_bytes());
    for field in &block.fields {
        let name = field.name.to_ascii_lowercase();
        let stays = name.starts_with("content-")
            || KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(&name));
        if !stays {
            continue;
        }
        out.extend_from_slice(field.name.as_bytes());
        out.push(b':');
        out.extend_from_slice(field.value);
        if !field.value.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(original.get(block.body..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wrote_is_gone_and_the_text_is_whole() {
        let raw = b"Received: from host.customer.example\r\nFrom: Anna <anna@customer.example>\r\n\
            To: support@partner.example\r\nSubject: =?utf-8?q?F=C3=A5r?=\r\n fel\r\n\
            Content-Type: text/plain; charset=utf-8\r\nX-Sender: anna@customer.example\r\n\r\n\
            Hello\r\n";
        let text = String::from_utf8(headless(raw, "support@partner.example")).unwrap();
        assert_eq!(
            text,
            "From: support@partner.example\r\nSubject: =?utf-8?q?F=C3=A5r?=\r\n fel\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"
        );
    }
}
