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
