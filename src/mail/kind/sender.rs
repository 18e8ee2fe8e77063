//! Who seems to send: a mail system, a robot, or somebody.
//!
//! Charge: read the author's address and, after it, the name. A name is anybody's choice, so that
//! it never counts as much as an address.

use std::sync::LazyLock;

use crate::mail::message::Message;

use super::look::fold;
use super::words;

static SYSTEM_LOCAL: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/sender-system.txt")).collect());
static SYSTEM_NAME: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/sender-system-name.txt")).collect());
static RESPONDER: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/sender-responder.txt")).collect());
static NO_REPLY: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/sender-no-reply.txt")).collect());
static CAMPAIGN: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/sender-campaign.txt")).collect());
static STATUS: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/sender-status.txt")).collect());

/// Who seems to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// A mail system's own address: `MAILER-DAEMON` and its kin.
    Daemon,
    /// An address or name mail systems use, and now and then a person.
    System,
    /// An address that announces an automatic answer.
    Responder,
    /// An address nobody reads.
    NoReply,
    /// An address newsletters come from.
    Campaign,
    /// An address status notices come from.
    Status,
    /// Anything else.
    Someone,
}

/// Letters and digits alone, in lower case: `MAILER-DAEMON` and `Mailer Daemon` are one.
pub(super) fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether the squeezed name is a mail system's.
pub(super) fn is_daemon(local: &str) -> bool {
    const NAMES: &[&str] = &[
        "mailerdaemon",
        "maildaemon",
        "maildeliverysubsystem",
        "maildeliverysystem",
        "maildelivery",
    ];
    // Exchange sends from `MicrosoftExchange` and a long number.
    let exchange = local.strip_prefix("microsoftexchange").is_some_and(|tail| {
        tail.len() >= 16 && tail.bytes().take(16).all(|b| b.is_ascii_hexdigit())
    });
    exchange || local == "mdaemon" || NAMES.iter().any(|name| local.starts_with(name))
}

/// Looks at the first author.
pub(super) fn of(message: &Message) -> Sender {
    let Some(author) = message.author() else {
        return Sender::Someone;
    };
    let local = author
        .text
        .rsplit_once('@')
        .map_or(author.text.as_str(), |(local, _)| local);
    let squeezed_local = squeezed(local);
    if is_daemon(&squeezed_local) {
        return Sender::Daemon;
    }
    let name = fold(&author.name);
    let nameless = !author.text.contains('@') && author.address.is_none();
    let system_local = SYSTEM_LOCAL.iter().any(|known| squeezed_local == *known)
        || squeezed_local.starts_with("postmaster")
        || squeezed_local.contains("smtpgateway")
        || squeezed_local.contains("mailservice");
    if nameless && is_daemon(&squeezed(&author.text)) {
        return Sender::Daemon;
    }
    if system_local || SYSTEM_NAME.iter().any(|known| name.contains(known)) {
        return Sender::System;
    }
    let starts = |marks: &[&str]| marks.iter().any(|mark| squeezed_local.starts_with(mark));
    if starts(&RESPONDER) {
        Sender::Responder
    } else if starts(&NO_REPLY)
        || squeezed_local.ends_with("noreply")
        || squeezed_local.ends_with("donotreply")
    {
        Sender::NoReply
    } else if STATUS.contains(&squeezed_local.as_str()) {
        Sender::Status
    } else if CAMPAIGN.contains(&squeezed_local.as_str()) {
        Sender::Campaign
    } else {
        Sender::Someone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_told_by_their_address_before_their_name() {
        for (from, wanted) in [
            ("MAILER-DAEMON@mx.example.com", Sender::Daemon),
            (
                "Mail Delivery Subsystem <mailer-daemon@example.com>",
                Sender::Daemon,
            ),
            ("MAILER-DAEMON (Mail Delivery System)", Sender::Daemon),
            (
                "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>",
                Sender::Daemon,
            ),
            (
                "Microsoft Exchange <microsoftexchange@example.com>",
                Sender::Someone,
            ),
            ("postmaster@example.com", Sender::System),
            ("Mail Delivery System <x@example.com>", Sender::System),
            ("Anna <no-reply@example.com>", Sender::NoReply),
            ("Nyheter <nyhetsbrev@example.com>", Sender::Campaign),
            ("status@isv.example", Sender::Status),
            ("Anna Mailer <anna@example.com>", Sender::Someone),
            ("daemon.berg@example.com", Sender::Someone),
        ] {
            let message = Message::from_head(format!("From: {from}\n\n").as_bytes()).unwrap();
            assert_eq!(of(&message), wanted, "{from}");
        }
    }
}
