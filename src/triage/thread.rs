//! Threads: to which ticket a later message belongs, and where it therefore goes.
//!
//! Pure. [`Clues`] are what a message bears; whoever has the ledger looks them up and brings what was
//! found as [`Past`]. A mark opens nothing by itself: who wrote must be of the thread, else the
//! message is a ticket of its own.

use std::collections::HashMap;

use crate::domain::address::Address;
use crate::domain::decision::{Action, Decision, Owner, ProductHit, Zone};
use crate::domain::ids::{CategoryId, ProductId};
use crate::domain::kind::Kind;
use crate::domain::reason::Reason;
use crate::domain::thread::{Key, Link, Mark, Part, Party, Replies, Standing, Thread};
use crate::mail::Message;
use crate::mail::desk_number;
use crate::mail::origin::{self, InstanceKey};
use crate::rules::{RuleSet, Verdict};

use super::policy::Policy;

/// Most identifiers of one message that are looked up, the nearest ancestors first.
const IDS_MAX: usize = 24;

/// What a message bears that may tell its thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// The start of the identifier that our token names.
    case: Option<String>,
    /// What it answers, the nearest first.
    ids: Vec<String>,
    /// Numbers of a publisher's desk, with the desk's domain.
    numbers: Vec<(String, String)>,
}

impl Clues {
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
    super::decide::recipients(message)
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

/// Who wrote, for the thread.
pub fn party(message: &Message, thread: &Thread, policy: &Policy) -> Party {
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
    // A thread that never went out has no desk.
    let asked = thread.contact.is_some() || !thread.tried.is_empty();
    if thread.knows(author) {
        Party::Customer
    } else if asked && (thread.is_desk(author) || thread.product.as_ref().is_some_and(publishes)) {
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
        party: party(message, thread, policy),
        part: Part::Report,
    })
}

/// What decides beside the decision that was made as if the message were new.
pub(super) struct Around<'a> {
    pub(super) policy: &'a Policy,
    pub(super) rules: &'a RuleSet,
    pub(super) verdict: &'a Verdict,
    pub(super) message: &'a Message,
    /// What its writer wrote now.
    pub(super) asked: &'a str,
    pub(super) replies: Replies,
}

/// `decision`, made as if the message were new, turned into that of a message of `thread`.
pub(super) fn join(
    decision: Decision,
    thread: &Thread,
    mark: &Mark,
    around: &Around<'_>,
) -> Decision {
    let party = party(around.message, thread, around.policy);
    let link = |part| {
        Some(Link {
            thread: thread.root,
            mark: mark.clone(),
            party,
            part,
        })
    };
    match party {
        Party::Stranger => Decision {
            link: link(Part::Apart),
            ..decision
        },
        Party::Desk => Decision {
            link: link(Part::Answer),
            ..answer(decision, thread, around)
        },
        Party::Customer if is_other_matter(&decision, thread) => Decision {
            link: link(Part::Afresh),
            ..decision
        },
        Party::Customer => Decision {
            link: link(Part::Follows),
            ..follow(decision, thread, around)
        },
    }
}

/// Whether the rules say clearly that it is about something else than the thread. What they cannot
/// tell goes where the thread went.
fn is_other_matter(decision: &Decision, thread: &Thread) -> bool {
    let told = decision.product.as_ref().map(|hit| &hit.product);
    let other_product = told.is_some_and(|told| thread.product.as_ref().is_some_and(|p| p != told));
    let clear = matches!(decision.action, Action::Forward | Action::Keep);
    let other_category = clear && decision.category != thread.category;
    // Two products, or one of another publisher: never to this desk.
    other_category || other_product || matches!(decision.reason, Reason::SeveralProducts { .. })
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
            owner: owner(policy, thread),
            reason: Reason::FollowUp { ticket },
            ..decision
        };
    };
    let review = super::decide::review_folder(policy);
    if let Some(reason) = super::decide::guarded(policy, around.rules, around.verdict) {
        return decision.for_review(reason, review);
    }
    if !policy.allow.allows(&contact) {
        let reason = Reason::NotAllowed { recipient: contact };
        return decision.for_review(reason, review);
    }
    let route = category
        .as_ref()
        .and_then(|category| policy.routing.categories.get(category));
    Decision {
        action: Action::Forward,
        category,
        product,
        recipient: Some(contact),
        folder: route.map_or_else(|| thread.folder.clone(), |route| route.folder.clone()),
        owner: Some(Owner::Isv),
        reason: Reason::FollowUp { ticket },
        ..decision
    }
}

fn owner(policy: &Policy, thread: &Thread) -> Option<Owner> {
    let category = thread.category.as_ref()?;
    let route = policy.routing.categories.get(category)?;
    Some(if route.action == Action::Forward {
        Owner::Partner
    } else {
        route.owner
    })
}

/// A publisher's answer: for the customer, or for a person to look at first.
fn answer(decision: Decision, thread: &Thread, around: &Around<'_>) -> Decision {
    let policy = around.policy;
    let product = thread.product.as_ref();
    let replies = product
        .and_then(|product| policy.registry.product(product))
        .and_then(|product| product.isv_replies)
        .unwrap_or(around.replies);
    let kept = match replies {
        Replies::Queue => Some("answers are kept for a person".to_owned()),
        Replies::Relay => unfit(thread, around),
    };
    Decision {
        action: Action::Keep,
        category: thread.category.clone(),
        product: product.map(|product| ProductHit {
            product: product.clone(),
            text: thread.root.reference(),
            zone: Zone::Header,
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
fn unfit(thread: &Thread, around: &Around<'_>) -> Option<String> {
    let message = around.message;
    let what = if thread.customer.is_none() {
        "nobody to send it to is known"
    } else if message.unreadable().is_some() {
        "it cannot be read"
    } else if !message.attachments.is_empty() {
        "something is attached"
    } else if around.asked.trim().is_empty() {
        "it has no text of its own"
    } else if addresses_others(message, thread, around.policy) {
        "others got it as well"
    } else {
        return None;
    };
    Some(what.to_owned())
}

/// Whether the desk wrote to the customer itself, so that a relayed copy would be a second one.
fn addresses_others(message: &Message, thread: &Thread, policy: &Policy) -> bool {
    let own = |address: &Address| policy.routing.own.iter().any(|own| own.same_user(address));
    super::decide::recipients(message)
        .filter(|address| !own(address))
        .any(|address| thread.knows(address))
}
