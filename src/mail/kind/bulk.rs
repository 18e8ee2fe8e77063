//! Newsletters and other bulk mail.
//!
//! Charge: tell mail sent to many from mail a person sends through a list. A list that people write
//! to (`List-Post`, a group inbox) makes nobody a newsletter; neither do `List-Unsubscribe` or
//! `Precedence: bulk` alone, which invoices and helpdesks carry.

use super::look::{Look, Sender};
use super::marks;
use super::phrases::Sign;
use super::score::Score;

/// Points that make a newsletter.
const THRESHOLD: i32 = 3;

/// Fields that programs for campaigns write.
const CAMPAIGN: &[&str] = &[
    "X-Campaign",
    "X-CampaignID",
    "X-Campaign-Id",
    "X-Campaignid",
    "X-MC-User",
    "X-Mailchimp-Campaign",
    "X-MailingID",
    "X-Mailing-Id",
    "X-Mailgun-Tag",
    "X-CSA-Complaints",
    "X-Newsletter",
    "X-NewsletterId",
    "X-BounceTracking-Id",
    "X-Rule-Campaign",
    "X-HS-Campaign",
    "X-rpcampaign",
    "X-job",
    "X-Sailthru-Message-Id",
    "X-Marketo-Id",
    "X-MKTArchive",
    "X-Klaviyo-Message-Id",
    "X-Get-A-Newsletter",
    "X-APSIS-Id",
    "X-Ungapped-Id",
    "X-EmailType-Id",
    "X-Mailer-Campaign",
    "X-Report-Abuse",
    "X-Elqpod",
    "X-SFMC-Stack",
    "X-PM-Campaign",
];

/// Subjects of mail that carries a business matter although it is sent by a machine to many.
const BUSINESS: &[&str] = &[
    "invoice",
    "faktura",
    "fakturan",
    "fakturor",
    "receipt",
    "kvitto",
    "kvittering",
    "payment",
    "betalning",
    "betaling",
    "lasku",
    "maksu",
    "rechnung",
    "zahlung",
    "order",
    "orderbekräftelse",
    "beställning",
    "ordre",
    "tilaus",
    "bestellung",
    "subscription",
    "renewal",
    "prenumeration",
    "förnyelse",
    "uppsägning",
    "påminnelse",
    "credit note",
    "kreditnota",
    "kreditfaktura",
    "past due",
    "förfallen",
    "contract",
    "avtal",
];

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
    score.add(headers.has("Feedback-ID"), 1, "header `Feedback-ID`");
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
