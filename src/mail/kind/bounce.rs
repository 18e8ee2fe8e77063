//! Delivery reports, read receipts and what mail systems write by hand.
//!
//! Charge: [`proven`] by structure, [`likely`] by many signs together. Reports of every age and make
//! are told; a person who asks about one, or forwards one, is not.

use crate::mail::message::Message;
use crate::mail::subject;

use super::look::{Look, Sender};
use super::marks;
use super::phrases::Sign;
use super::score::Score;

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
    marks::failure_comment(&message.headers)
}

/// What looks like a report although nothing marks it as one.
pub(super) fn likely(look: &Look<'_>) -> Option<String> {
    let heard = &look.heard;
    let mut score = Score::default();
    let spoken = || format!("sender `{}`", look.sender_text);
    match look.sender {
        Sender::Daemon => score.add(true, 4, spoken()),
        Sender::System => score.add(true, 2, spoken()),
        _ => {}
    }
    score.add(
        look.null_path(),
        2,
        "the envelope sender is empty or a mail system",
    );
    if !look.base.is_forward {
        score_subject(look, &mut score);
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
    let shape = &look.message.shape;
    let copy = shape.has("text/rfc822-headers")
        || shape.has("message/rfc822")
        || heard.has(Sign::ReturnedCopy);
    score.add(copy && !score.is_empty(), 1, "a message is enclosed");
    if marks::automatic(&look.message.headers).is_some() && !score.is_empty() {
        score.add(true, 1, "marked as automatic");
    }
    // Signs of a person. A mail system's own address outweighs them all.
    let person = look.sender != Sender::Daemon;
    score.add(
        person && (look.base.is_reply || look.base.is_forward),
        -2,
        "",
    );
    score.add(person && look.persons_mailer(), -3, "");
    score.add(person && greets(look), -3, "");
    score.add(person && heard.has(Sign::SignOff), -1, "");
    score.add(person && heard.has(Sign::Request), -1, "");
    score.add(person && heard.has(Sign::Fault), -2, "");
    score.add(person && heard.has(Sign::Away), -1, "");
    score.add(person && look.discussion_list(), -2, "");
    score.add(
        person && look.sender == Sender::Someone && question(look),
        -1,
        "",
    );
    score.reached(THRESHOLD)
}

/// A greeting, unless it is the mail system that greets.
fn greets(look: &Look<'_>) -> bool {
    look.heard.has(Sign::Greeting)
        && !look.text.starts_with("hi. this is the")
        && !(look.null_path() || look.sender == Sender::System)
}

fn question(look: &Look<'_>) -> bool {
    look.text.contains('?')
}

/// Subjects that are a report's as a whole.
const WHOLE: &[&str] = &[
    "undelivered mail returned to sender",
    "undelivered mail",
    "undeliverable mail",
    "undeliverable message",
    "undeliverable",
    "mail delivery failed",
    "mail delivery failure",
    "mail delivery problem",
    "mail delivery error",
    "mail delivery warning",
    "mail delivery report",
    "delivery failure",
    "delivery failure notification",
    "delivery failure notice",
    "delivery status notification",
    "delivery notification",
    "delivery report",
    "failure delivery",
    "failure notice",
    "message delivery failure",
    "message undeliverable",
    "mail could not be delivered",
    "mail not delivered",
    "mail error",
    "returned mail",
    "permanent delivery failure",
    "message status - undeliverable",
    "mail system error - returned mail",
    "delayed mail",
    "non-delivery report",
    "non delivery report",
    "nondeliverable mail",
    "olevererbart",
    "olevererbart meddelande",
    "leveransfel",
    "kunde inte levereras",
    "ikke levert",
    "ikke leveret",
    "leveringsfeil",
    "leveringsfejl",
    "toimitus epäonnistui",
    "unzustellbar",
    "fehler bei der zustellung",
    "zustellungsfehler",
    "non remis",
    "echec de remise",
    "échec de la remise",
    "no entregado",
    "mancato recapito",
    "onbestelbaar",
    "não entregue",
    "falha na entrega",
    "niedostarczone",
    "nedoručitelné",
    "kézbesíthetetlen",
    "недоставленное сообщение",
    "недоставленное",
    "配信不能",
    "未送达",
    "退信",
    "系统退信",
];

/// What subjects of reports begin with.
const START: &[&str] = &[
    "undeliverable",
    "undelivered",
    "non-delivery",
    "nondelivery",
    "nondeliverable",
    "mail delivery fail",
    "mail delivery system",
    "mail delivery subsystem",
    "mail delivery (",
    "mail delivery problem",
    "mail failure",
    "mail status",
    "delivery status",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery notification",
    "delivery report",
    "delivery problem",
    "delivery delay",
    "delivery error",
    "delivery unsuccessful",
    "delivery incomplete",
    "delivery warning",
    "email delivery fail",
    "e-mail delivery fail",
    "message delivery",
    "message not delivered",
    "message undeliver",
    "message could not be",
    "message delayed",
    "message status",
    "returned mail",
    "returned message",
    "returned email",
    "return receipt",
    "return to sender",
    "failure notice",
    "failed mail",
    "failed delivery",
    "failed to deliver",
    "delayed mail",
    "delayed delivery",
    "delayed:",
    "warning: message",
    "warning: could not send",
    "warning: mail",
    "warning - delayed",
    "warning: e-mail",
    "could not deliver",
    "couldn't deliver",
    "cannot deliver",
    "unable to deliver",
    "unable to send",
    "your message could not",
    "your message to",
    "your message cannot",
    "your message wasn't",
    "your mail could not",
    "your email could not",
    "your e-mail could not",
    "your e-mail message",
    "rejected:",
    "rejected mail",
    "rejected message",
    "mail rejected",
    "message rejected",
    "automatically rejected",
    "mail not delivered",
    "mail returned",
    "mail undeliverable",
    "mail could not be",
    "mail system error",
    "permanent delivery",
    "permanent failure",
    "permanent error",
    "user unknown",
    "unknown user",
    "address unknown",
    "recipient unknown",
    "invalid recipient",
    "disposition notification",
    "read receipt",
    "not read:",
    "mdn:",
    "relayed:",
    "deferred:",
    "bounced",
    "bounce:",
    "nachricht nicht",
    "spam rejected",
    "blocked:",
    "message blocked",
    "considered unsolicited",
    "banned file",
    "virus in mail",
    "virus found in",
    "olevererbar",
    "olevererad",
    "kunde inte leverera",
    "kan inte leverera",
    "kan inte levereras",
    "det går inte att leverera",
    "det gick inte att leverera",
    "leveransfel",
    "leverans misslyck",
    "leveransen misslyck",
    "e-postleverans misslyck",
    "ej levererat",
    "returnerad e-post",
    "returnerat meddelande",
    "leveransrapport",
    "leveransstatus",
    "leveransmeddelande",
    "försenat:",
    "leverans försenad",
    "kan ikke leveres",
    "kan ikke levere",
    "kunne ikke lever",
    "ikke levert",
    "ikke leveret",
    "ikke-leveret",
    "uleverbar",
    "uleveret",
    "levering mislyk",
    "leveringsfeil",
    "leveringsfejl",
    "leveringsstatus",
    "leveringsrapport",
    "meldingen ble ikke",
    "beskeden blev ikke",
    "ei voi toimittaa",
    "ei voitu toimittaa",
    "toimitus epäonnistu",
    "toimittamaton",
    "toimitusvirhe",
    "toimitusilmoitus",
    "viestiä ei voitu",
    "toimitus viivästy",
    "unzustellbar",
    "nicht zustellbar",
    "zustellung fehl",
    "zustellfehler",
    "zustellungsfehler",
    "fehler bei der",
    "mail konnte nicht",
    "ihre nachricht konnte nicht",
    "zustellbericht",
    "übermittlungsstatus",
    "benachrichtigung zum übermittlungsstatus",
    "verzögert",
    "non remis",
    "échec de",
    "echec de",
    "message non",
    "non délivr",
    "remise différée",
    "notification d'état",
    "courrier non",
    "no se puede entregar",
    "no se pudo entregar",
    "no se ha podido entregar",
    "no entregado",
    "error de entrega",
    "error en la entrega",
    "notificación del estado",
    "mensaje no entregado",
    "correo devuelto",
    "correo no entregado",
    "non recapitabile",
    "impossibile recapitare",
    "mancata consegna",
    "mancato recapito",
    "notifica sullo stato",
    "notifica di mancat",
    "avviso di mancat",
    "onbestelbaar",
    "niet bezorgd",
    "bezorging mislukt",
    "kan niet worden",
    "status van bezorging",
    "não entregue",
    "não foi possível entregar",
    "falha na entrega",
    "falha de entrega",
    "mensagem não",
    "notificação de status",
    "erro na entrega",
    "niedostarczone",
    "niedostarczalne",
    "nie można dostarczyć",
    "powiadomienie o stanie",
    "zwrot",
    "nedoručiteln",
    "nelze doručit",
    "nedoručené",
    "kézbesíthetetlen",
    "nem kézbesíthető",
    "teslim edilemedi",
    "iletilemedi",
    "nelivrabil",
    "недоставлен",
    "не доставлен",
    "не удается доставить",
    "не удалось доставить",
    "ваше сообщение не",
    "уведомление о",
    "відмова",
    "配信不能",
    "配達不能",
    "エラーメール",
    "未送达",
    "无法送达",
    "無法傳遞",
    "退信",
    "系统退信",
    "전송 실패",
    "배달되지 않음",
    "μη παραδοτέο",
    "لم يتم تسليم",
    "kohaletoimetamata",
    "nepristatyt",
    "nepiegādāt",
    "óafhendanlegt",
];

/// Subjects of read receipts begin with one of these and a colon.
const RECEIPT: &[&str] = &[
    "read",
    "läst",
    "lest",
    "læst",
    "luettu",
    "gelesen",
    "lu",
    "leído",
    "letto",
    "gelezen",
    "lida",
    "przeczytane",
];

/// What stands in brackets at a report's subject's end, or after its original's subject.
const END: &[&str] = &[
    "(delivery failed)",
    "(failure)",
    "(delay)",
    "(mail delivery failed)",
    "- user unknown!",
    "- user unknown",
    "(undeliverable)",
    "(bounce)",
    "[undeliverable]",
    "delivery failed",
    "undelivered mail returned to sender",
    "mail failed, returning to sender",
];

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
