//! Threads: to which ticket a later message belongs, and where it therefore goes.
//!
//! Pure. [`Marks`] are what a message bears; whoever has the ledger looks them up and brings what was
//! found as [`Past`]. A mark opens nothing by itself: who wrote must be of the thread, else the
//! message is a ticket of its own.

use std::collections::HashMap;

use crate::domain::address::Address;
use crate::domain::decision::{Action, Decision, Owner, ProductHit, Step, Zone};
use crate::domain::ids::{CategoryId, Folder, ProductId};
use crate::domain::kind::Kind;
use crate::domain::reason::{LoopSign, Reason};
use crate::domain::thread::{Key, Link, Mark, Part, Party, Replies, Standing, Thread};
use crate::mail::Message;
use crate::mail::desk_number;
use crate::mail::origin::{self, InstanceKey};
use crate::rules::Verdict;

use super::decide::{self, Ticket};
use super::policy::Policy;
use super::way::{Routes, leak};

/// Most identifiers of one message that are looked up, the nearest ancestors first.
const IDS_MAX: usize = 24;

/// What a message bears that may tell its thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The start of the identifier that our token names.
    case: Option<String>,
    /// What it answers, the nearest first.
    ids: Vec<String>,
    /// Numbers of a publisher's desk, with the desk's domain.
    numbers: Vec<(String, String)>,
}

impl Marks {
    /// What `message` bears.
    pub fn of(message: &Message, policy: &Policy, key: Option<&InstanceKey>) -> Self {
        let mut ids: Vec<String> = message.in_reply_to.clone();
        ids.extend(message.references.iter().rev().cloned());
        if let Some(report) = &message.report {
            ids.extend(report.ids.iter().cloned());
        }
        ids.truncate(IDS_MAX);
        let author = message.author().and_then(|author| author.address.as_ref());
        let publisher = author.filter(|author| {
            let mut domains = policy.registry.publisher_domains().iter();
            domains.any(|domain| author.is_within(domain)) || policy.allow.allows(author)
        });
        let numbers = publisher.map_or_else(Vec::new, |author| {
            let numbers = desk_number::all(&message.subject).into_iter();
            numbers
                .map(|number| (author.domain().to_owned(), number))
                .collect()
        });
        Self {
            case: key.and_then(|key| case(message, key)),
            ids,
            numbers,
        }
    }

    /// Whether there is nothing to look up.
    pub fn is_empty(&self) -> bool {
        self.case.is_none() && self.ids.is_empty() && self.numbers.is_empty()
    }

    /// What to look up.
    pub fn keys(&self) -> Vec<Key> {
        self.marks().map(|(key, _)| key).collect()
    }

    /// What is found for them, the strongest mark first: our token, then the nearest ancestor, then
    /// a desk's number.
    pub fn find(&self, found: &HashMap<Key, Thread>) -> Option<(Thread, Mark)> {
        self.marks()
            .find_map(|(key, mark)| Some((found.get(&key)?.clone(), mark)))
    }

    fn marks(&self) -> impl Iterator<Item = (Key, Mark)> {
        let case = self.case.iter().map(|c| (Key::of_case(c), Mark::Token));
        let ids = self.ids.iter().map(|id| {
            let id = id.clone();
            (Key::of_message(&id), Mark::Answers { id })
        });
        let numbers = self.numbers.iter().map(|(domain, number)| {
            let key = Key::of_number(domain, number);
            let number = number.clone();
            (key, Mark::Number { number })
        });
        case.chain(ids).chain(numbers)
    }
}

/// The case that an address or the text names by our token.
fn case(message: &Message, key: &InstanceKey) -> Option<String> {
    decide::recipients(message)
        .find_map(|address| origin::case_of(key, address))
        .or_else(|| origin::token_in_text(key, &message.subject))
        .or_else(|| origin::token_in_text(key, &message.plain))
}

/// What is known beside the message when it is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The thread whose mark it bears, and by which.
    pub thread: Option<(Thread, Mark)>,
    /// What the mailbox does with a publisher's answers.
    pub replies: Replies,
}

/// Who wrote, for the thread; `answers` are those of our own messages that it answers directly.
///
/// A customer who answers what only the desk got is both at once, and a machine most likely: nobody
/// of the thread.
pub fn party(message: &Message, thread: &Thread, policy: &Policy, answers: &[&str]) -> Party {
    let Some(author) = message.author().and_then(|author| author.address.as_ref()) else {
        return Party::Stranger;
    };
    if policy.senders.is_forged(message) {
        return Party::Stranger;
    }
    let publishes = |product: &ProductId| {
        let product = policy.registry.product(product);
        product.is_some_and(|p| p.sender_domains.iter().any(|d| author.is_within(d)))
    };
    // A domain may be that of a mail provider, which everybody has: it counts for a desk only where
    // the operator says that it is the publisher's.
    let is_desk = |author: &Address| {
        let desks = thread.contact.iter().chain(&thread.tried);
        let colleague = |desk: &Address| author.is_within(desk.domain());
        thread.is_desk(author)
            || thread.product.as_ref().is_some_and(publishes)
            || (policy.allow.allows(author) && desks.into_iter().any(colleague))
    };
    // A thread that never went out has no desk.
    let asked = thread.contact.is_some() || !thread.tried.is_empty();
    let for_desk = |id: &&str| {
        thread
            .desk_ids
            .iter()
            .any(|sent| sent.eq_ignore_ascii_case(id))
    };
    if thread.knows(author) && answers.iter().any(for_desk) {
        Party::Stranger
    } else if thread.knows(author) {
        Party::Customer
    } else if asked && is_desk(author) {
        Party::Desk
    } else {
        Party::Stranger
    }
}

/// How mail that is no ticket stands to the thread whose mark it bears: a bounce of our mail, or an
/// automatic answer.
pub(super) fn report(
    decision: &Decision,
    message: &Message,
    policy: &Policy,
    past: &Past,
) -> Option<Link> {
    let (thread, mark) = past.thread.as_ref()?;
    matches!(decision.kind, Kind::Bounce | Kind::AutoReply).then(|| Link {
        thread: thread.root,
        mark: mark.clone(),
        party: party(message, thread, policy, &[]),
        part: Part::Report,
    })
}

/// What decides beside the decision that was made as if the message were new.
pub(super) struct Around<'a> {
    pub(super) policy: &'a Policy,
    pub(super) verdict: &'a Verdict,
    pub(super) routes: Routes<'a>,
    pub(super) ticket: &'a Ticket<'a>,
    pub(super) replies: Replies,
}

/// `decision`, made as if the message were new, turned into that of a message of `thread`.
pub(super) fn join(
    decision: Decision,
    thread: &Thread,
    mark: &Mark,
    party: Party,
    around: &Around<'_>,
) -> Decision {
    // What would go back to the desk that wrote it is that desk's answer.
    let circles = matches!(&decision.reason, Reason::Loop { sign } if *sign != LoopSign::Return);
    if circles {
        return decision;
    }
    let (part, decision) = match party {
        Party::Stranger => (Part::Apart, decision),
        Party::Desk => (Part::Answer, answer(decision, thread, mark, around)),
        Party::Customer if is_other_matter(&decision, thread) => (Part::Afresh, decision),
        Party::Customer => (Part::Follows, follow(decision, thread, around)),
    };
    let link = Link {
        thread: thread.root,
        mark: mark.clone(),
        party,
        part,
    };
    Decision {
        link: Some(link),
        ..decision
    }
}

/// Whether the rules say clearly that it is about something else than the thread. What they cannot
/// tell goes where the thread went.
fn is_other_matter(decision: &Decision, thread: &Thread) -> bool {
    let told = decision.product.as_ref().map(|hit| &hit.product);
    let other_product = told.is_some_and(|told| thread.product.as_ref().is_some_and(|p| p != told));
    let clear = matches!(decision.action, Action::Forward | Action::Keep);
    let other_category = clear && decision.category != thread.category;
    // Two products, or two matters: never as a whole to this desk.
    let several = matches!(
        decision.reason,
        Reason::SeveralProducts { .. } | Reason::Split { .. }
    );
    other_category || other_product || several
}

/// Where the thread went.
fn follow(decision: Decision, thread: &Thread, around: &Around<'_>) -> Decision {
    let policy = around.policy;
    if matches!(decision.reason, Reason::Unreadable { .. }) {
        return decision;
    }
    let ticket = thread.root;
    let product = thread.product.as_ref().map(|product| ProductHit {
        product: product.clone(),
        text: ticket.reference(),
        zone: Zone::Header,
        step: Step::Thread,
    });
    let category = thread.category.clone();
    let with_desk = matches!(
        thread.standing,
        Standing::Waiting | Standing::Answered | Standing::Closed
    );
    let Some(contact) = thread.contact.clone().filter(|_| with_desk) else {
        let review = category.as_ref().is_none_or(CategoryId::is_review);
        return Decision {
            action: if review { Action::Review } else { Action::Keep },
            category,
            product: decision.product.clone().or(product),
            recipient: None,
            folder: thread.folder.clone(),
            owner: owner(around, thread),
            reason: Reason::FollowUp { ticket },
            ..decision
        };
    };
    if thread.parted {
        let reason = Reason::FollowsPart { ticket };
        return decision.for_review(reason, around.review_folder());
    }
    if let Some(reason) = around.held_back(&decision) {
        return decision.for_review(reason, around.review_folder());
    }
    let known = product.as_ref().map(|hit| &hit.product);
    let Some(known) = known.and_then(|id| policy.registry.product(id)) else {
        return decision.for_review(Reason::NoProduct, around.review_folder());
    };
    let way = around.ticket.to_desk(policy, known, Some(contact));
    let route = category.as_ref().map(|category| around.routes.of(category));
    match way.action {
        Action::Forward => Decision {
            action: Action::Forward,
            category,
            product,
            recipient: way.recipient,
            folder: route.map_or_else(|| thread.folder.clone(), |route| route.folder.clone()),
            owner: Some(Owner::Isv),
            reason: Reason::FollowUp { ticket },
            ..decision
        },
        // We give first-line support for it by now.
        Action::Keep => Decision {
            action: Action::Keep,
            category,
            product,
            recipient: None,
            folder: route.map_or_else(|| thread.folder.clone(), |route| route.first_line.clone()),
            owner: Some(Owner::Partner),
            reason: way.reason,
            ..decision
        },
        Action::Review | Action::Ignore => decision.for_review(way.reason, around.review_folder()),
    }
}

impl Around<'_> {
    fn review_folder(&self) -> Folder {
        self.routes.of(&CategoryId::review()).folder.clone()
    }

    /// What forbids sending a follow-up out. That it tells too little by itself is none: then it
    /// goes where the thread went, unless what little there is speaks for what we answer.
    fn held_back(&self, decision: &Decision) -> Option<Reason> {
        let routes = self.routes;
        let kept = self.verdict.strongest(|category| routes.keeps(category));
        if let Some(reason) = leak(self.policy, routes, kept, &self.verdict.evidence) {
            return Some(reason);
        }
        let tells_little = matches!(
            decision.reason,
            Reason::Forwarded
                | Reason::NoEvidence
                | Reason::TooWeak { .. }
                | Reason::NoProduct
                | Reason::CommonName { .. }
                | Reason::UnsureProduct { .. }
                | Reason::SeveralOwned { .. }
        );
        let outward = self.verdict.strongest(|category| !routes.keeps(category));
        let outward = outward.map_or(0.0, |score| score.points);
        let inward = kept.map_or(0.0, |score| score.points);
        let speaks_for_us = inward > 0.0 && inward >= outward;
        (!tells_little || speaks_for_us).then(|| decision.reason.clone())
    }
}

fn owner(around: &Around<'_>, thread: &Thread) -> Option<Owner> {
    let route = around.routes.of(thread.category.as_ref()?);
    Some(if route.goes_out() {
        Owner::Partner
    } else {
        route.owner
    })
}

/// A publisher's answer: for the customer, or for a person to look at first.
fn answer(decision: Decision, thread: &Thread, mark: &Mark, around: &Around<'_>) -> Decision {
    let policy = around.policy;
    let product = thread.product.as_ref();
    let replies = product
        .and_then(|product| policy.registry.product(product))
        .and_then(|product| product.isv_replies)
        .unwrap_or(around.replies);
    let kept = match replies {
        Replies::Queue => Some("answers are kept for a person".to_owned()),
        Replies::Relay => unfit(thread, mark, around),
    };
    Decision {
        action: Action::Keep,
        category: thread.category.clone(),
        product: product.map(|product| ProductHit {
            product: product.clone(),
            text: thread.root.reference(),
            zone: Zone::Header,
            step: Step::Thread,
        }),
        recipient: None,
        folder: policy.routing.replies.clone(),
        owner: Some(Owner::Isv),
        reason: Reason::Answer {
            ticket: thread.root,
            kept,
        },
        ..decision
    }
}

/// Why an answer cannot be relayed as it is, if it cannot.
fn unfit(thread: &Thread, mark: &Mark, around: &Around<'_>) -> Option<String> {
    let message = around.ticket.message;
    // Our token and our identifiers cannot be guessed; a number can, and a sender can be claimed.
    let guessable = matches!(mark, Mark::Number { .. });
    let senders = &around.policy.senders;
    let what = if thread.customer.is_none() {
        "nobody to send it to is known"
    } else if message.unreadable().is_some() {
        "it cannot be read"
    } else if !message.attachments.is_empty() {
        "something is attached"
    } else if around.ticket.asked.trim().is_empty() {
        "it has no text of its own"
    } else if addresses_others(message, thread, around.policy) {
        "others got it as well"
    } else if guessable && senders.authenticated(message).is_none() {
        "only a number tells the case, and who sent it is not sure"
    } else {
        return None;
    };
    Some(what.to_owned())
}

/// Whether the desk wrote to the customer itself, so that a relayed copy would be a second one.
fn addresses_others(message: &Message, thread: &Thread, policy: &Policy) -> bool {
    let own = |address: &Address| policy.routing.own.iter().any(|own| own.same_user(address));
    decide::recipients(message)
        .filter(|address| !own(address))
        .any(|address| thread.knows(address))
}
