//! Newsletters and other bulk mail.
//!
//! Charge: tell mail sent to many from mail a person sends through a list. A list that people write
//! to (`List-Post`, a group inbox) makes nobody a newsletter; neither do `List-Unsubscribe` or
//! `Precedence: bulk` alone, which invoices and helpdesks carry.

use std::sync::LazyLock;

use super::look::Look;
use super::marks;
use super::phrases::Sign;
use super::score::Score;
use super::sender::Sender;
use super::words;

/// Points that make a newsletter.
const THRESHOLD: i32 = 3;

/// Fields that programs for campaigns write.
static CAMPAIGN: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/fields-campaign.txt")).collect());

/// Subjects of mail that carries a business matter although it is sent by a machine to many.
static BUSINESS: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-business.txt")).collect());

/// Whether it is bulk mail, and by which signs.
pub(super) fn told(look: &Look<'_>) -> Option<String> {
    let headers = &look.message.headers;
    let mut score = Score::default();
    score.add(
        headers.has("List-Unsubscribe"),
        2,
        "header `List-Unsubscribe`",
    );
    score.add(
        headers.has("List-Unsubscribe-Post"),
        1,
        "header `List-Unsubscribe-Post`",
    );
    score.add(headers.has("List-Id"), 1, "header `List-Id`");
    if let Some(bulk) = marks::bulk_precedence(headers) {
        score.add(true, 1, bulk);
    }
    if let Some(name) = CAMPAIGN.iter().find(|name| headers.has(name)) {
        score.add(true, 1, format!("header `{name}`"));
    }
    // Words and names make nothing bulk on their own.
    if score.is_empty() {
        return None;
    }
    // Senders of single mails for others write this one as well.
    score.add(headers.has("Feedback-ID"), 1, "header `Feedback-ID`");
    match look.sender {
        Sender::Campaign => score.add(true, 2, format!("sender `{}`", look.sender_text)),
        Sender::NoReply => score.add(true, 1, format!("sender `{}`", look.sender_text)),
        _ => {}
    }
    score.found(1, look.heard.named(Sign::Unsubscribe));
    score.found(1, look.heard.named(Sign::DeclaredMessage));
    let answers =
        look.base.is_reply || look.base.is_forward || !look.message.in_reply_to.is_empty();
    score.add(answers, -4, "");
    score.add(look.persons_mailer(), -2, "");
    score.add(business(&look.subject), -3, "");
    if look.discussion_list() {
        // Only a campaign sent into a group is still one.
        let campaign = matches!(look.sender, Sender::Campaign | Sender::NoReply)
            && look.heard.has(Sign::Unsubscribe);
        score.add(!campaign, -9, "");
    }
    score.reached(THRESHOLD)
}

fn business(subject: &str) -> bool {
    subject
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| BUSINESS.contains(&word))
        || BUSINESS
            .iter()
            .any(|words| words.contains(' ') && subject.contains(words))
}
