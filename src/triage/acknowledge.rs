//! Whether a message may be acknowledged at all: RFC 3834, and what operators of lists and helpdesks
//! learnt beside it.
//!
//! Pure; every no has its reason. How many acknowledgements go to one address, one domain and in
//! all is counted by whoever has the ledger.

use std::fmt;

use crate::domain::address::Address;
use crate::domain::decision::Decision;
use crate::domain::kind::Kind;
use crate::domain::reason::Reason;
use crate::domain::thread::Part;
use crate::mail::Message;
use crate::mail::envelope::ReturnPath;

use super::circle;
use super::policy::Policy;

/// Local parts that no person reads, in lower case (RFC 5230 §4.6).
const MACHINES: [&str; 12] = [
    "mailer-daemon",
    "postmaster",
    "listserv",
    "majordomo",
    "abuse",
    "root",
    "no-reply",
    "noreply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "bounce",
];

/// Why a message is not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Declined {
    /// It is no ticket, or one that came before.
    NoTicket,
    /// It belongs to a thread, whose first message was acknowledged.
    InThread,
    /// Our own server is not sure who sent it.
    NotAuthenticated,
    /// Its envelope sender is empty, missing, or of another domain than its author.
    ReturnPath,
    /// It came by a list, in bulk, or asks for no automatic answer.
    Automatic,
    /// Its author's address is that of a machine, a publisher or our own.
    Sender,
    /// None of our addresses stands in `To` or `Cc`.
    NotAddressed,
    /// It passed too many hosts.
    Hops,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTicket => "it is no new ticket",
            Self::InThread => "it belongs to a thread",
            Self::NotAuthenticated => "who sent it is not sure",
            Self::ReturnPath => "its envelope sender is empty or not the author's",
            Self::Automatic => "it came by a list, in bulk, or wants no automatic answer",
            Self::Sender => "its author's address takes no answer",
            Self::NotAddressed => "it was not addressed to us",
            Self::Hops => "it passed too many hosts",
        })
    }
}

/// Whom the acknowledgement of a message goes to.
///
/// # Errors
/// Why there is none.
pub fn recipient<'m>(
    message: &'m Message,
    decision: &Decision,
    policy: &Policy,
) -> Result<&'m Address, Declined> {
    let no_ticket = matches!(decision.reason, Reason::CopyOf { .. } | Reason::Loop { .. });
    if decision.kind != Kind::Ticket || no_ticket {
        return Err(Declined::NoTicket);
    }
    if matches!(decision.reason, Reason::InCase { .. }) {
        return Err(Declined::InThread);
    }
    if decision
        .link
        .as_ref()
        .is_some_and(|link| link.part != Part::Afresh)
    {
        return Err(Declined::InThread);
    }
    let [author] = message.from.as_slice() else {
        return Err(Declined::Sender);
    };
    let author = author.address.as_ref().ok_or(Declined::Sender)?;
    if is_machine(author) || is_known(author, policy) {
        return Err(Declined::Sender);
    }
    match &message.envelope.return_path {
        Some(ReturnPath::Address(path))
            if path.domain().eq_ignore_ascii_case(author.domain()) && !is_machine(path) => {}
        _ => return Err(Declined::ReturnPath),
    }
    if is_automatic(message) {
        return Err(Declined::Automatic);
    }
    let named = message.to.iter().chain(&message.cc);
    let addressed = named
        .filter_map(|one| one.address.as_ref())
        .any(|one| policy.routing.own.iter().any(|own| own.same_user(one)));
    if !addressed {
        return Err(Declined::NotAddressed);
    }
    if message.headers.all("Received").count() > circle::HOPS_MAX {
        return Err(Declined::Hops);
    }
    policy
        .senders
        .authenticated(message)
        .ok_or(Declined::NotAuthenticated)?;
    Ok(author)
}

fn is_machine(address: &Address) -> bool {
    let local = address.local().to_lowercase();
    let user = local.split('+').next().unwrap_or_default();
    MACHINES.contains(&user)
        || user.starts_with("owner-")
        || user.ends_with("-request")
        || user.ends_with("-owner")
        || user.starts_with("bounce-")
        || user.starts_with("bounces")
}

/// Our own, or a publisher's: they are no customers.
fn is_known(address: &Address, policy: &Policy) -> bool {
    let routing = &policy.routing;
    routing.own.iter().any(|own| own.same_user(address))
        || policy.allow.allows(address)
        || policy
            .registry
            .publisher_domains()
            .iter()
            .any(|domain| address.is_within(domain))
}

fn is_automatic(message: &Message) -> bool {
    let headers = &message.headers;
    let listed = headers
        .iter()
        .any(|field| field.name.to_ascii_lowercase().starts_with("list-"));
    let words = |name, wanted: &[&str]| {
        headers.all(name).any(|value| {
            value
                .split([',', ';', ' '])
                .any(|word| wanted.iter().any(|w| w.eq_ignore_ascii_case(word.trim())))
        })
    };
    let submitted = headers.all("Auto-Submitted").any(|value| {
        let word = value.split([';', '(']).next().unwrap_or_default();
        !word.trim().eq_ignore_ascii_case("no")
    });
    listed
        || submitted
        || words("Precedence", &["bulk", "list", "junk", "auto_reply"])
        || words("X-Auto-Response-Suppress", &["All", "AutoReply", "OOF"])
        || headers.has("X-Loop")
}
