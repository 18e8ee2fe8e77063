//! What sort of mail a message is, before anybody asks what it is about.
//!
//! Charge: tell tickets from bounces, automatic answers, notices, newsletters and our own mail, with
//! the reason. Leaves to the caller to know our own signed mark, and who the publishers are.
//! What holds here: a header that only asks for something (`X-Auto-Response-Suppress`) proves
//! nothing; a phrase counts where a machine puts it, not wherever it occurs; a person who writes
//! *about* bounces or absence writes a ticket; a person behind a mailing list is a person.

mod bounce;
mod bulk;
mod look;
mod marks;
mod notice;
mod phrases;
mod reply;
mod score;
mod sender;
mod words;

use super::message::{Message, Note, ReturnPath};
use crate::domain::kind::Kind;
use look::Look;

/// A kind and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindTold {
    /// The kind.
    pub kind: Kind,
    /// The header or words that told it, fit for a log line.
    pub reason: String,
}

impl KindTold {
    fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }
}

/// Tells the kind of `message`.
///
/// `own` says why the caller knows it as our own mail; `publishers` are the domains that the
/// publishers of our products send from.
pub fn tell(message: &Message, own: Option<&str>, publishers: &[String]) -> KindTold {
    if let Some(why) = own {
        return KindTold::new(Kind::Own, why);
    }
    if message.notes.contains(&Note::Stub) {
        return KindTold::new(Kind::Ticket, "the server's stand-in for a message");
    }
    if let Some(reason) = bounce::proven(message) {
        return KindTold::new(Kind::Bounce, reason);
    }
    let look = Look::at(message);
    if let Some(reason) = bounce::likely(&look) {
        return KindTold::new(Kind::Bounce, reason);
    }
    let notice = notice::told(&look, publishers);
    if let Some(mark) = marks::automatic(&message.headers) {
        return if let Some(words) = notice {
            KindTold::new(Kind::Notice, format!("{words}; {mark}"))
        } else if let Some(bulk) = bulk::told(&look) {
            KindTold::new(Kind::Newsletter, format!("{bulk}; {mark}"))
        } else {
            KindTold::new(Kind::AutoReply, mark)
        };
    }
    if let Some(words) = notice {
        return KindTold::new(Kind::Notice, words);
    }
    if let Some(reason) = reply::told(&look) {
        return KindTold::new(Kind::AutoReply, reason);
    }
    if let Some(reason) = bulk::told(&look) {
        return KindTold::new(Kind::Newsletter, reason);
    }
    if message.envelope.return_path == Some(ReturnPath::Null) {
        // RFC 5321 §4.5.5: nobody may answer it, so nobody expects us to.
        let kind = if message.in_reply_to.is_empty() && !look.base.is_reply {
            Kind::Bounce
        } else {
            Kind::AutoReply
        };
        return KindTold::new(kind, "header `Return-Path: <>`");
    }
    KindTold::new(Kind::Ticket, "nothing says that a machine wrote it")
}

/// Whether a notice says that what it tells of is over.
pub fn is_all_clear(message: &Message) -> bool {
    notice::is_all_clear(message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        kind: Kind,
        head: String,
        text: String,
        #[serde(default)]
        publishers: Vec<String>,
    }

    #[derive(Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    #[test]
    fn every_case_is_told_as_its_kind() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/mail/kinds.toml");
        let cases: Cases = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut wrong = Vec::new();
        for case in cases.case {
            let head = case.head.trim();
            let from = if head.starts_with("From:") || head.contains("\nFrom:") {
                ""
            } else {
                "From: Anna Berg <anna@example.com>\n"
            };
            let raw = format!("{from}{head}\n\n{}\n", case.text.trim_start());
            let message = Message::parse(raw.as_bytes()).unwrap();
            let told = tell(&message, None, &case.publishers);
            if told.kind != case.kind || told.reason.is_empty() {
                wrong.push(format!("{}: {told:?}", case.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn our_own_mark_outweighs_everything() {
        let message = Message::parse(b"From: MAILER-DAEMON@x.example\n\nx").unwrap();
        let told = tell(&message, Some("the signed origin header"), &[]);
        assert_eq!(told, KindTold::new(Kind::Own, "the signed origin header"));
    }
}
