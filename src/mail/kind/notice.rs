//! A publisher's notice of health, outage or maintenance.
//!
//! Charge: tell it by sender and subject together. A person at the publisher who writes about an
//! incident writes to us, not to everybody: an answer, a forward or a person's mailer rules it out.

use std::sync::LazyLock;

use super::look::Look;
use super::marks;
use super::phrases::Sign;
use super::sender::Sender;
use super::words;

/// Subject words that hardly anything but a notice carries.
static STRONG: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-notice.txt")).collect());

/// Subject words that need a machine's sign beside them.
static WEAK: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-notice-weak.txt")).collect());

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
