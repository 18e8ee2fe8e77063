//! Delivery reports, read receipts and what mail systems write by hand.
//!
//! Charge: [`proven`] by structure, [`likely`] by many signs together. Reports of every age and make
//! are told; a person who asks about one, or forwards one, is not.

use std::sync::LazyLock;

use crate::mail::message::Message;
use crate::mail::subject;

use super::look::Look;
use super::marks;
use super::phrases::Sign;
use super::score::Score;
use super::sender::Sender;
use super::words;

/// Points that make a bounce.
const THRESHOLD: i32 = 4;

/// Part types that only reports carry.
const REPORT_PARTS: &[&str] = &[
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/feedback-report",
    "message/tracking-status",
];

/// What by its structure can be nothing else (RFC 3464, RFC 8098, RFC 5965).
pub(super) fn proven(message: &Message) -> Option<String> {
    let shape = &message.shape;
    if shape.report_is_root {
        return Some(match shape.report.as_deref() {
            Some("") | None => "a `multipart/report`".to_owned(),
            Some(report) => format!("a report of type `{}`", marks::clipped(report)),
        });
    }
    // Below another root, a list's footer may hang on the report, or a person forwards it.
    let forwarded = subject::base(&message.subject).is_forward;
    if !forwarded {
        if shape.report.is_some() {
            return Some("a `multipart/report` inside".to_owned());
        }
        if let Some(part) = REPORT_PARTS.iter().find(|part| shape.has(part)) {
            return Some(format!("a part of type `{part}`"));
        }
    }
    for name in ["X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr"] {
        if message.headers.has(name) {
            return Some(format!("header `{name}`"));
        }
    }
    for class in message.headers.all("Content-Class") {
        let class = class.to_lowercase();
        if class.ends_with(":dsn") || class.ends_with(":mdn") {
            return Some(format!(
                "header `Content-Class: {}`",
                marks::clipped(&class)
            ));
        }
    }
    let subject = message.subject.to_lowercase();
    if subject.starts_with("report domain:") && subject.contains("submitter:") {
        return Some("subject of a DMARC report".to_owned());
    }
    if subject.starts_with("complaint about message from") && shape.has("message/rfc822") {
        return Some("subject of a complaint report".to_owned());
    }
    marks::failure_comment(&message.headers)
}

/// What looks like a report although nothing marks it as one.
pub(super) fn likely(look: &Look<'_>) -> Option<String> {
    let heard = &look.heard;
    let shape = &look.message.shape;
    let mut score = Score::default();
    let spoken = || format!("sender `{}`", look.sender_text);
    match look.sender {
        Sender::Daemon => score.add(true, 4, spoken()),
        Sender::System => score.add(true, 2, spoken()),
        _ => {}
    }
    let null_path = look.null_path();
    score.add(
        null_path,
        2,
        "the envelope sender is empty or a mail system",
    );
    let machine = !score.is_empty();
    if !look.base.is_forward {
        score_subject(look, &mut score);
    }
    let enclosed = shape.has("text/rfc822-headers") || shape.has("message/rfc822");
    let copy = enclosed || heard.has(Sign::ReturnedCopy);
    if !machine && (score.is_empty() || vetoed(look, copy)) {
        return None;
    }
    if let Some((words, at)) = heard.first(Sign::Undelivered) {
        score.add(true, 2, format!("body says `{words}`"));
        score.add(
            heard.count(Sign::Undelivered) > 1,
            1,
            "says so in several ways",
        );
        score.add(at < 200 && !heard.has(Sign::Greeting), 1, "says so first");
    }
    score.found(1, heard.named(Sign::ServerWords));
    score.add(
        status_code(&look.text),
        1,
        "body holds an enhanced status code",
    );
    score.add(copy, 1, "a message is enclosed");
    score.add(
        marks::automatic(&look.message.headers).is_some(),
        1,
        "marked as automatic",
    );
    // Signs of a person. A mail system's own address outweighs them all.
    if look.sender != Sender::Daemon {
        score.add(look.base.is_reply || look.base.is_forward, -2, "");
        score.add(look.persons_mailer(), -3, "");
        score.add(
            heard.has(Sign::Greeting) && !null_path && look.sender != Sender::System,
            -3,
            "",
        );
        score.add(heard.has(Sign::Farewell), -1, "");
        score.add(heard.has(Sign::Request), -1, "");
        score.add(heard.has(Sign::Fault), -2, "");
        score.add(heard.has(Sign::Away), -1, "");
        score.add(look.discussion_list(), -2, "");
    }
    score.reached(THRESHOLD)
}

/// Whether mail from an ordinary address cannot be a report, whatever its subject: a report speaks
/// to who sent the lost mail or encloses it; a person describes what is wrong, from a mailer.
fn vetoed(look: &Look<'_>, copy: bool) -> bool {
    let heard = &look.heard;
    let speaks_to_sender = heard.has(Sign::ToSender) || copy;
    !speaks_to_sender || look.persons_mailer() || heard.has(Sign::Fault)
}

/// Subjects that are a report's as a whole.
static WHOLE: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-report-whole.txt")).collect());

/// What subjects of reports begin with.
static START: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-report-start.txt")).collect());

/// Subjects of read receipts begin with one of these and a colon.
static RECEIPT: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-receipt.txt")).collect());

/// What stands in brackets at a report's subject's end, or after its original's subject.
static END: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-report-end.txt")).collect());

fn score_subject(look: &Look<'_>, score: &mut Score) {
    let subject = look
        .subject
        .trim_matches(|c: char| "*#-<>[]{}.! ".contains(c));
    let plain = strip_tags(subject);
    let named = |words: &str| format!("subject `{}`", marks::clipped(words));
    let whole = plain
        .split([':', '('])
        .next()
        .map(str::trim)
        .is_some_and(|head| WHOLE.contains(&head));
    if whole {
        score.add(true, 3, named(plain));
    } else if let Some(start) = START.iter().find(|start| plain.starts_with(*start)) {
        score.add(true, 2, format!("subject begins with `{start}`"));
    } else if let Some(end) = END.iter().find(|end| plain.ends_with(*end)) {
        score.add(true, 2, format!("subject ends with `{end}`"));
    } else if let Some((head, _)) = plain.split_once(':')
        && RECEIPT.contains(&head.trim())
    {
        score.add(true, 1, format!("subject begins with `{}:`", head.trim()));
    }
}

/// Takes off what a list or filter put before the subject: `[Postmaster] Delivery failure`.
fn strip_tags(subject: &str) -> &str {
    let mut rest = subject;
    for _ in 0..4 {
        match rest.split_once(']') {
            Some((tag, tail))
                if tag.len() < 40 && !tag.contains(' ') && !tail.trim().is_empty() =>
            {
                rest = tail.trim_start_matches([' ', ':']);
            }
            _ => break,
        }
    }
    rest
}

/// Whether the text holds a reply with an enhanced status code (RFC 3463): `550 5.1.1`.
fn status_code(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .any(|word| {
            let mut parts = word.trim_matches('.').split('.');
            let class = matches!(parts.next(), Some("4" | "5"));
            let digits = |part: Option<&str>| part.is_some_and(|p| (1..=3).contains(&p.len()));
            class && digits(parts.next()) && digits(parts.next()) && parts.next().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_told_from_versions_and_addresses() {
        for (text, wanted) in [
            ("550 5.1.1 user", true),
            ("said: 452-4.2.2", true),
            ("(#5.7.1)", true),
            ("version 4.12.1234", false),
            ("5.1", false),
            ("192.5.1.1", false),
            ("4.2.2.1", false),
            ("", false),
        ] {
            assert_eq!(status_code(text), wanted, "{text}");
        }
    }

    #[test]
    fn tags_before_a_subject_are_taken_off() {
        assert_eq!(strip_tags("[list] [x] failure notice"), "failure notice");
        assert_eq!(strip_tags("[all of it]"), "[all of it]");
    }
}
