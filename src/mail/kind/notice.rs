//! A publisher's notice of health, outage or maintenance.
//!
//! Charge: tell it by sender and subject together. A person at the publisher who writes about an
//! incident writes to us, not to everybody: an answer, a forward or a person's mailer rules it out.

use std::sync::LazyLock;

use super::look::{Look, fold};
use super::marks;
use super::phrases::Sign;
use super::sender::Sender;
use super::words;
use crate::mail::message::Message;
use crate::mail::subject;

/// Subject words that hardly anything but a notice carries.
static STRONG: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-notice.txt")).collect());

/// Subject words that need a machine's sign beside them.
static WEAK: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-notice-weak.txt")).collect());

/// Subject words that say that it is over.
static ALL_CLEAR: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-all-clear.txt")).collect());

/// Words that take such words back.
static NOT_YET: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-not-yet.txt")).collect());

/// Whether the subject of a notice says that what it tells of is over.
pub(super) fn is_all_clear(message: &Message) -> bool {
    let subject = fold(subject::base(&message.subject).text);
    let holds = |list: &[&str]| list.iter().any(|words| contains_words(&subject, words));
    holds(&ALL_CLEAR) && !holds(&NOT_YET)
}

/// The words that make it a notice.
pub(super) fn told(look: &Look<'_>, publishers: &[String]) -> Option<String> {
    let author = look.message.author()?;
    let publisher = publishers.iter().find(|domain| author.is_within(domain))?;
    let answers = look.base.is_reply
        || look.base.is_forward
        || !look.message.in_reply_to.is_empty()
        || !look.message.references.is_empty();
    if answers || look.persons_mailer() || look.heard.has(Sign::Request) {
        return None;
    }
    let holds = |words: &&&str| contains_words(&look.subject, words);
    if let Some(words) = STRONG.iter().find(holds) {
        return Some(format!("publisher `{publisher}` writes of `{words}`"));
    }
    let words = WEAK.iter().find(holds)?;
    let headers = &look.message.headers;
    let machine = matches!(look.sender, Sender::Status | Sender::NoReply)
        || marks::automatic(headers).is_some()
        || marks::bulk_precedence(headers).is_some()
        || headers.has("List-Unsubscribe")
        || headers.has("List-Id")
        || look.heard.has(Sign::DeclaredMessage)
        || look.heard.has(Sign::Unsubscribe)
        || look.null_path();
    machine.then(|| format!("publisher `{publisher}` writes of `{words}` by machine"))
}

/// Whether `words` stand in `text` as whole words.
fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text
            .get(at + words.len()..)
            .and_then(|tail| tail.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_all_clear_is_told_from_what_is_not_over() {
        for (subject, over) in [
            ("[Resolved] Lumen CRM: outage", true),
            ("Scheduled maintenance completed", true),
            ("Driftstörningen är åtgärdad", true),
            ("Die Störung ist behoben", true),
            ("Lumen CRM: outage", false),
            ("Outage not yet resolved", false),
            ("Störningen är inte löst", false),
            ("Unresolved outage", false),
        ] {
            let raw = format!("From: status@isv.example\nSubject: {subject}\n\nx\n");
            let message = Message::parse(raw.as_bytes()).unwrap();
            assert_eq!(is_all_clear(&message), over, "{subject}");
        }
    }
}
