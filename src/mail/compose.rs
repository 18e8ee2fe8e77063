//! The forward as it goes out: the case sheet first, then the original, byte for byte.
//!
//! Rendering is pure: the same plan and original give the same bytes in every attempt. Words for
//! the sheet are [`super::sheet`]'s charge, single header fields [`super::encode`]'s, sending is
//! `delivery`'s.
//!
//! Invariants: the result keeps the promises of [`Rendered`]; whoever decodes the second part has
//! the original again, also when it has no line end at its end, or bare ones; the boundary occurs
//! nowhere in the original; one buffer of the final size is the only copy made.

use data_encoding::{BASE32_NOPAD, BASE64_MIME};
use jiff::Timestamp;
use memchr::memmem;
use sha2::{Digest as _, Sha256};

use super::encode;
use super::headless::headless;
use super::origin::ORIGIN_HEADER;
use super::rendered::Rendered;
use crate::domain::digest::Digest;
use crate::domain::ids::TicketId;
use crate::domain::letter::Purpose;
use crate::domain::plan::{Enclosure, Plan};

/// Longest line sent, in bytes without its CRLF (RFC 5321 §4.5.3.1.6).
const LINE_MAX: usize = 998;

/// What travels through a mail system unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Lines of ASCII.
    SevenBit,
    /// Lines with bytes above 127.
    EightBit,
    /// Bare CR or LF, a NUL, a long line, or nothing at all.
    Neither,
}

/// How `original` can travel byte for byte (RFC 2046 §5.2.1 forbids base64 for
/// `message/rfc822`); `None` when that depends on the relay, see [`enclosure_by`].
pub fn enclosure(original: &[u8]) -> Option<Enclosure> {
    match fit(original) {
        Fit::SevenBit => Some(Enclosure::Rfc822),
        Fit::EightBit => None,
        Fit::Neither => Some(Enclosure::Eml),
    }
}

/// How an original with bytes above 127 travels; `eight_bit` says that the relay offers 8BITMIME.
pub const fn enclosure_by(eight_bit: bool) -> Enclosure {
    if eight_bit {
        Enclosure::Rfc822
    } else {
        Enclosure::Eml
    }
}

fn fit(original: &[u8]) -> Fit {
    if original.is_empty() {
        return Fit::Neither;
    }
    // Each pass is one that the processor does many bytes at a time.
    if memchr::memchr(0, original).is_some() {
        return Fit::Neither;
    }
    let (mut start, mut ends) = (0, 0);
    for at in memchr::memchr_iter(b'\n', original) {
        if at == 0 || original.get(at - 1) != Some(&b'\r') || at - start > LINE_MAX + 1 {
            return Fit::Neither;
        }
        start = at + 1;
        ends += 1;
    }
    if original.len() - start > LINE_MAX || memchr::memchr_iter(b'\r', original).count() != ends {
        return Fit::Neither;
    }
    let ascii = original.is_ascii();
    if ascii { Fit::SevenBit } else { Fit::EightBit }
}

/// Renders the forward.
///
/// An original that cannot be a `message/rfc822` travels as `.eml`, whatever `enclosure` says. Where
/// the plan holds a copy, that is enclosed and nothing of the original.
pub fn render(plan: &Plan, original: &[u8], enclosure: Enclosure) -> Rendered {
    let concealed =
        (plan.headless && plan.copy.is_none()).then(|| headless(original, plan.from.as_str()));
    let original = match &plan.copy {
        Some(copy) => copy.as_bytes(),
        None => concealed.as_deref().unwrap_or(original),
    };
    let fit = match enclosure {
        Enclosure::Rfc822 => fit(original),
        Enclosure::Eml => Fit::Neither,
    };
    let boundary = boundary(&plan.message_id, original, fit);
    let top = top(plan, &boundary, &file_name(plan, original), fit);
    let bottom = format!("\r\n--{boundary}--\r\n");
    let enclosed = match fit {
        Fit::Neither => BASE64_MIME.encode_len(original.len()),
        Fit::SevenBit | Fit::EightBit => original.len(),
    };
    let start = top.len();
    let mut bytes = Vec::with_capacity(start + enclosed + bottom.len());
    bytes.extend_from_slice(&top);
    if fit == Fit::Neither {
        bytes.resize(start + enclosed, 0);
        BASE64_MIME.encode_mut(original, &mut bytes[start..]);
    } else {
        bytes.extend_from_slice(original);
    }
    bytes.extend_from_slice(bottom.as_bytes());
    Rendered {
        // A name or domain outside ASCII stands in an address as it is (RFC 6532).
        eight_bit: fit == Fit::EightBit || !top.is_ascii(),
        bytes,
    }
}

/// Renders a letter: the plan's text alone.
pub fn letter(plan: &Plan, purpose: Purpose) -> Rendered {
    text(plan, purpose.auto_submitted())
}

/// Renders a mail that is about no ticket: the plan's text alone.
pub fn notice(plan: &Plan) -> Rendered {
    text(plan, "auto-generated")
}

fn text(plan: &Plan, auto_submitted: &str) -> Rendered {
    let mut bytes = head(plan, auto_submitted);
    let text = encode::quoted_printable(&plan.sheet);
    let rest = format!(
        "Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         {text}"
    );
    bytes.extend_from_slice(rest.as_bytes());
    Rendered {
        // A name or domain outside ASCII stands in an address as it is (RFC 6532).
        eight_bit: !bytes.is_ascii(),
        bytes,
    }
}

/// The fields that everything we send begins with.
fn head(plan: &Plan, auto_submitted: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024 + plan.sheet.len() * 2);
    encode::mailbox(&mut out, "From", &plan.from_name, plan.from.as_str());
    encode::verbatim(&mut out, "To", plan.recipient.as_str());
    encode::verbatim(&mut out, "Reply-To", plan.reply_to.as_str());
    encode::unstructured(&mut out, "Subject", &plan.subject);
    encode::verbatim(&mut out, "Date", &date(plan.date));
    encode::verbatim(&mut out, "Message-ID", &plan.message_id);
    if let Some(nearest) = plan.references.last() {
        encode::verbatim(&mut out, "In-Reply-To", &format!("<{nearest}>"));
        encode::ids(&mut out, "References", &plan.references);
    }
    encode::verbatim(&mut out, "MIME-Version", "1.0");
    encode::verbatim(&mut out, "Auto-Submitted", auto_submitted);
    encode::verbatim(&mut out, "X-Auto-Response-Suppress", "All");
    encode::verbatim(&mut out, ORIGIN_HEADER, &plan.origin);
    out
}

/// All that stands before the original's first byte.
fn top(plan: &Plan, boundary: &str, file: &str, fit: Fit) -> Vec<u8> {
    let mut out = head(plan, "auto-generated");
    let transfer = match fit {
        Fit::EightBit => "8bit",
        Fit::SevenBit | Fit::Neither => "7bit",
    };
    let enclosed = match fit {
        Fit::SevenBit | Fit::EightBit => {
            format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {transfer}")
        }
        Fit::Neither => format!(
            "Content-Type: application/octet-stream; name=\"{file}\"\r\n\
             Content-Transfer-Encoding: base64"
        ),
    };
    let sheet = encode::quoted_printable(&plan.sheet);
    let rest = format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\
         Content-Transfer-Encoding: {transfer}\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         {sheet}\r\n\
         --{boundary}\r\n\
         {enclosed}\r\n\
         Content-Disposition: attachment; filename=\"{file}\"\r\n\
         \r\n"
    );
    out.extend_from_slice(rest.as_bytes());
    out
}

/// RFC 5322 §3.3, in UTC.
fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The enclosed file's name: the case's reference or, when the reply address has none, the
/// content's digest.
fn file_name(plan: &Plan, original: &[u8]) -> String {
    let token = plan.reply_to.detail().unwrap_or_default();
    token
        .strip_prefix('t')
        .and_then(|rest| rest.split_once('-'))
        .and_then(|(reference, _)| TicketId::prefix(reference))
        .map_or_else(
            || format!("{}.eml", Digest::of(original)),
            |reference| format!("T-{}.eml", reference.to_ascii_uppercase()),
        )
}

/// A boundary that occurs nowhere in the parts.
///
/// `=_` can stand neither in quoted-printable nor in base64 (RFC 2045 §6.7), so only an original
/// enclosed as it is must be searched. The identifier holds a MAC: nobody can know the boundary
/// before the message is made, and an original can hold no more of them than its length allows.
fn boundary(message_id: &str, original: &[u8], fit: Fit) -> String {
    let mut turn: u32 = 0;
    loop {
        let seed = Sha256::digest(format!("boundary {turn} {message_id}").as_bytes());
        let mut boundary = format!("=_{}", BASE32_NOPAD.encode(&seed));
        boundary.truncate(32);
        if fit == Fit::Neither || memmem::find(original, boundary.as_bytes()).is_none() {
            return boundary;
        }
        turn = turn.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use mail_parser::{HeaderValue, MessageParser, MimeHeaders as _};
    use proptest::prelude::*;

    use super::*;
    use crate::mail::encode::one_line;

    fn plan() -> Plan {
        Plan {
            recipient: "desk@isv.example".parse().expect("an address"),
            from: "support@partner.example".parse().expect("an address"),
            from_name: "Anna Öberg via Example Partner".into(),
            reply_to: "support+t4f7k25qm-abcdefghijklmnop@partner.example"
                .parse()
                .expect("an address"),
            message_id: "<triaged.abc.def@partner.example>".into(),
            date: "2026-03-03T09:00:00Z".parse().expect("a time"),
            subject: "[T-4F7K25QM] Går inte att logga in".into(),
            sheet: "Support case T-4F7K25QM\n\n  What is asked: åäö = 1\n.\nFrom me\n".into(),
            origin: "v1 abcdefghijklmnop".into(),
            references: Vec::new(),
            headless: false,
            copy: None,
            enclosure: None,
        }
    }

    const PLAIN: &[u8] = b"From: anna@customer.example\r\nSubject: x\r\n\r\n.\r\nHello\r\n";

    #[test]
    fn the_whole_message_as_it_stands() {
        let rendered = render(&plan(), PLAIN, Enclosure::Rfc822);
        let text = String::from_utf8(rendered.bytes).expect("ASCII");
        insta::assert_snapshot!(text.replace("\r\n", "\n"));
    }

    #[test]
    fn only_what_survives_the_way_travels_as_a_message() {
        let long = [b"a".repeat(LINE_MAX + 1), b"\r\n".to_vec()].concat();
        let fits = [b"a".repeat(LINE_MAX), b"\r\n".to_vec()].concat();
        for (original, seven, eight) in [
            (PLAIN, Enclosure::Rfc822, Enclosure::Rfc822),
            (b"a: b\r\n\r\nno end", Enclosure::Rfc822, Enclosure::Rfc822),
            (b"a: \xe5\r\n\r\n", Enclosure::Eml, Enclosure::Rfc822),
            (&fits, Enclosure::Rfc822, Enclosure::Rfc822),
            (&long, Enclosure::Eml, Enclosure::Eml),
            (b"a: b\n\nfrom a Maildir\n", Enclosure::Eml, Enclosure::Eml),
            (b"a: b\r\n\r\nbare\rCR", Enclosure::Eml, Enclosure::Eml),
            (b"a: b\r\n\r\nends in\r", Enclosure::Eml, Enclosure::Eml),
            (b"a: b\r\n\r\r\n", Enclosure::Eml, Enclosure::Eml),
            (b"a: b\r\n\r\n\0", Enclosure::Eml, Enclosure::Eml),
            (b"", Enclosure::Eml, Enclosure::Eml),
        ] {
            for (eight_bit, wanted) in [(false, seven), (true, eight)] {
                let chosen = enclosure(original).unwrap_or(enclosure_by(eight_bit));
                assert_eq!(chosen, wanted, "{original:?}");
            }
        }
    }

    #[test]
    fn a_boundary_in_the_original_is_not_used() {
        let first = boundary(&plan().message_id, b"", Fit::SevenBit);
        let original = format!("a: b\r\n\r\n--{first}--\r\n");
        let second = boundary(&plan().message_id, original.as_bytes(), Fit::SevenBit);
        assert_ne!(first, second);
        check(&plan(), original.as_bytes(), Enclosure::Rfc822);
    }

    #[test]
    fn the_buffer_has_its_final_size_from_the_start() {
        let large = b"0123456789abcdef\r\n".repeat(60_000);
        for enclosure in [Enclosure::Rfc822, Enclosure::Eml] {
            let rendered = render(&plan(), &large, enclosure);
            assert_eq!(rendered.bytes.capacity(), rendered.bytes.len());
        }
    }

    #[test]
    fn a_reply_address_without_a_case_leads_to_a_digest_as_name() {
        let mut plan = plan();
        plan.reply_to = "support@partner.example".parse().expect("an address");
        assert_eq!(
            file_name(&plan, PLAIN),
            format!("{}.eml", Digest::of(PLAIN))
        );
    }

    /// Renders, holds the result against its promises, and reads it with an independent parser.
    fn check(plan: &Plan, original: &[u8], wanted: Enclosure) {
        let rendered = render(plan, original, wanted);
        assert_eq!(rendered, render(plan, original, wanted));
        let bytes = &rendered.bytes;
        assert_eq!(rendered.eight_bit, !bytes.is_ascii());
        assert!(bytes.ends_with(b"\r\n") && !bytes.contains(&0));
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            let text = line.strip_suffix(b"\r\n").expect("CRLF");
            assert!(text.len() <= LINE_MAX && !text.contains(&b'\r'));
        }
        let message = MessageParser::new().parse(bytes).expect("a message");
        let names: Vec<_> = message.headers().iter().map(|h| h.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Reply-To",
                "Subject",
                "Date",
                "Message-ID",
                "MIME-Version",
                "Auto-Submitted",
                "X-Auto-Response-Suppress",
                "X-Triaged-Origin",
                "Content-Type",
                "Content-Transfer-Encoding"
            ]
        );
        assert_eq!(
            message.subject().unwrap_or_default(),
            one_line(&plan.subject)
        );
        let from = message.from().and_then(|a| a.first()).expect("an author");
        assert_eq!(from.name().unwrap_or_default(), one_line(&plan.from_name));
        assert_eq!(from.address(), Some(plan.from.as_str()));
        for (header, address) in [
            (message.to(), &plan.recipient),
            (message.reply_to(), &plan.reply_to),
        ] {
            let list = header.expect("a header");
            assert_eq!(list.iter().count(), 1);
            assert_eq!(
                list.first().and_then(|a| a.address()),
                Some(address.as_str())
            );
        }
        assert_eq!(
            format!("<{}>", message.message_id().unwrap_or_default()),
            plan.message_id
        );
        let date = message.date().expect("a date").to_timestamp();
        assert_eq!(date, plan.date.as_second());
        let HeaderValue::Text(origin) = message.header("X-Triaged-Origin").expect("an origin")
        else {
            panic!("no text");
        };
        assert_eq!(origin, &plan.origin);
        assert_eq!(
            message.attachment(0).and_then(|p| p.attachment_name()),
            Some("T-4F7K25QM.eml")
        );
        let content_type = message.content_type().expect("a type");
        let boundary = content_type.attribute("boundary").expect("a boundary");
        let content = second_part(bytes, boundary);
        assert!(content == original, "{content:?} is not {original:?}");
    }

    /// Reads the second of two parts as RFC 2046 §5.1.1 has it: the CRLF before a delimiter
    /// belongs to the delimiter. The parser above takes nested messages apart and keeps no bytes.
    fn second_part(message: &[u8], boundary: &str) -> Vec<u8> {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        let mut parts = vec![Vec::new()];
        let mut rest = message;
        while let Some((first, tail)) = rest.split_first() {
            let last = parts.last_mut().expect("one");
            if let Some(behind) = rest.strip_prefix(delimiter.as_slice()) {
                parts.push(Vec::new());
                rest = behind;
            } else {
                last.push(*first);
                rest = tail;
            }
        }
        assert_eq!(parts.len(), 4, "two parts");
        assert_eq!(parts[3], b"--\r\n");
        let part = parts.swap_remove(2);
        let end = part
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("a body");
        let (head, body) = (String::from_utf8_lossy(&part[..end]), &part[end + 4..]);
        if head.contains("Content-Transfer-Encoding: base64") {
            let joined: Vec<u8> = body
                .iter()
                .copied()
                .filter(|b| !b"\r\n".contains(b))
                .collect();
            base64::engine::general_purpose::STANDARD
                .decode(joined)
                .expect("base64")
        } else {
            assert!(head.contains("Content-Type: message/rfc822"));
            body.to_vec()
        }
    }

    fn original() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            Just(b"\r\n".to_vec()),
            Just(b"--=_x\r\n".to_vec()),
            Just(b".\r\n".to_vec()),
            Just(b"From: a@b.example\r\n".to_vec()),
            Just(b"Content-Type: multipart/mixed; boundary=x\r\n".to_vec()),
            Just(b"--x\r\n".to_vec()),
            Just(b"bare\n".to_vec()),
            Just(b"\r".to_vec()),
            "[ -~]{0,80}".prop_map(String::into_bytes),
            "[ -~]{0,80}\r\n".prop_map(String::into_bytes),
            "\\PC{0,40}\r\n".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..60),
        ];
        prop::collection::vec(line, 1..12).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn any_forward_reads_back(
            original in original(),
            subject: String,
            from_name: String,
            wide in "\\PC{0,300}",
            sheet: String,
            use_wide: bool,
            second in -2_000_000_000_i64..4_000_000_000,
            eight_bit: bool,
        ) {
            let mut plan = plan();
            plan.subject = if use_wide { wide } else { subject };
            plan.from_name = from_name;
            plan.sheet = sheet;
            plan.date = Timestamp::from_second(second).expect("a time");
            check(&plan, &original, enclosure(&original).unwrap_or(enclosure_by(eight_bit)));
            check(&plan, &original, Enclosure::Eml);
            let _ = render(&plan, &original, Enclosure::Rfc822);
        }
    }
}
