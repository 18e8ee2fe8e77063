//! Decides about one message: kind, then case, then category, then product, then owner.
//!
//! Each step can only make the decision more careful: whatever cannot be told ends in review,
//! with the reason. Nothing is forwarded unless every step says so.

use crate::domain::address::Address;
use crate::domain::decision::{Action, Decision, Owner, Priority, ProductHit, Zone};
use crate::domain::ids::{CategoryId, Folder, ProductId};
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::domain::reason::Reason;
use crate::domain::thread::{Mark, Party, Thread};
use crate::mail::Message;
use crate::mail::kind::{self, KindTold};
use crate::mail::language;
use crate::mail::newtext::{self, Text};
use crate::mail::origin::{self, InstanceKey};
use crate::mail::subject;
use crate::registry::{Clues, ProductTold, Told};
use crate::rules::{Circumstances, FoldedZone, RuleSet, Top, Verdict, ZoneText};

use super::circle;
use super::policy::{Mixed, Policy};
use super::routing::Route;
use super::thread::{self, Past};
use super::way::{Routes, Way, review};

/// A decision and the text it was made on.
#[derive(Debug)]
pub struct Reading {
    /// What was decided.
    pub decision: Decision,
    /// The message's text as the rules saw it.
    pub text: Text,
    /// The rules' whole answer; absent for what is no ticket.
    pub verdict: Option<Verdict>,
    /// What the policy's shadow would have decided, on the same text.
    pub shadow: Option<Decision>,
}

impl Reading {
    /// The text that decides: what the writer wrote now or, where that is nothing, what is
    /// quoted. Evidence in the body points into it.
    pub fn asked(&self) -> &str {
        asked(&self.text)
    }
}

/// See [`Reading::asked`].
pub fn asked(text: &Text) -> &str {
    if text.whole_quoted {
        &text.quoted
    } else {
        &text.body
    }
}

/// Decides about `message`. Without `key`, our own marks are not recognised. Nothing is known of
/// what came before: see [`decide_in`].
pub fn decide(message: &Message, policy: &Policy, key: Option<&InstanceKey>) -> Reading {
    decide_in(message, policy, key, &Past::default())
}

/// Decides about `message` with what is known of its thread.
pub fn decide_in(
    message: &Message,
    policy: &Policy,
    key: Option<&InstanceKey>,
    past: &Past,
) -> Reading {
    let shadow = policy.shadow.as_deref();
    read(message, policy, &policy.rules, shadow, key, past)
}

/// The same with other `rules` than the policy's, and without its shadow.
pub(super) fn decide_with(
    message: &Message,
    policy: &Policy,
    rules: &RuleSet,
    key: Option<&InstanceKey>,
) -> Reading {
    read(message, policy, rules, None, key, &Past::default())
}

fn read(
    message: &Message,
    policy: &Policy,
    rules: &RuleSet,
    shadow: Option<&Policy>,
    key: Option<&InstanceKey>,
    past: &Past,
) -> Reading {
    let text = newtext::cut(&message.plain);
    let own = own_mark(message, policy, key);
    let told = kind::tell(message, own.as_deref(), policy.registry.publisher_domains());
    if told.kind != Kind::Ticket {
        let mut decision = no_ticket(policy, told);
        decision.link = thread::report(&decision, message, policy, past);
        return Reading {
            decision,
            text,
            verdict: None,
            shadow: None,
        };
    }
    let case = key.and_then(|key| case_token(message, &text, key));
    let lines = Lines::of(message);
    let texts = zones(message, &text, &lines);
    let mut ticket = Ticket {
        message,
        told,
        case,
        language: language::tell(&message.subject_base, asked(&text)),
        subject_inherited: inherited(message, &text),
        asked: asked(&text),
        past,
        answers: answers(message, key),
        zones: FoldedZone::all(&texts, rules.settings().fold),
    };
    let (decision, verdict) = ticket.decide(policy, rules);
    let shadow = shadow.map(|shadow| {
        let fold = shadow.rules.settings().fold;
        if fold != rules.settings().fold {
            ticket.zones = FoldedZone::all(&texts, fold);
        }
        ticket.decide(shadow, &shadow.rules).0
    });
    drop(ticket);
    Reading {
        decision,
        text,
        verdict: Some(verdict),
        shadow,
    }
}

/// A ticket's text, taken apart once for everybody who decides about it.
pub(super) struct Ticket<'a> {
    pub message: &'a Message,
    told: KindTold,
    case: Option<String>,
    pub language: Option<Language>,
    /// The subject was taken over from an earlier mail.
    subject_inherited: bool,
    /// The text that decides.
    pub asked: &'a str,
    /// What is known of its thread.
    past: &'a Past,
    /// Which of our own messages it answers directly.
    answers: Vec<&'a str>,
    zones: Vec<FoldedZone<'a>>,
}

/// The texts that rules look at, by zone. Where the writer added nothing, the quoted text is
/// what is asked.
fn zones<'a>(message: &'a Message, text: &'a Text, lines: &'a Lines) -> Vec<ZoneText<'a>> {
    let mut zones = vec![
        ZoneText {
            zone: Zone::Subject,
            text: &message.subject_base,
        },
        ZoneText {
            zone: Zone::Body,
            text: asked(text),
        },
        ZoneText {
            zone: Zone::Signature,
            text: &text.signature,
        },
        ZoneText {
            zone: Zone::Sender,
            text: &lines.sender,
        },
        ZoneText {
            zone: Zone::Recipient,
            text: &lines.recipients,
        },
        ZoneText {
            zone: Zone::Header,
            text: &lines.headers,
        },
        ZoneText {
            zone: Zone::Attachment,
            text: &lines.attachments,
        },
    ];
    if !text.whole_quoted {
        zones.push(ZoneText {
            zone: Zone::Quoted,
            text: &text.quoted,
        });
    }
    zones.retain(|zone| !zone.text.is_empty());
    zones
}

/// The zones that are put together from several fields, a line each.
struct Lines {
    sender: String,
    recipients: String,
    headers: String,
    attachments: String,
}

impl Lines {
    fn of(message: &Message) -> Self {
        let recipients: Vec<String> = recipients(message)
            .map(|address| address.as_str().to_owned())
            .collect();
        let names: Vec<&str> = message
            .attachments
            .iter()
            .map(|attachment| attachment.name.as_str())
            .collect();
        let sender: Vec<&str> = message
            .from
            .iter()
            .map(|author| author.text.as_str())
            .collect();
        Self {
            sender: sender.join("\n"),
            recipients: recipients.join("\n"),
            headers: header_lines(message),
            attachments: names.join("\n"),
        }
    }
}

fn header_lines(message: &Message) -> String {
    let mut lines = String::new();
    for field in message.headers.iter() {
        lines.push_str(&field.name);
        lines.push_str(": ");
        lines.push_str(&field.value);
        lines.push('\n');
    }
    lines
}

/// Every address it was sent to, as headers and delivery agents tell.
pub(super) fn recipients(message: &Message) -> impl Iterator<Item = &Address> {
    let named = message
        .to
        .iter()
        .chain(&message.cc)
        .filter_map(|author| author.address.as_ref());
    named
        .chain(&message.envelope.delivered_to)
        .chain(&message.envelope.original_to)
}

/// How we know that a message is our own, if it is.
fn own_mark(message: &Message, policy: &Policy, key: Option<&InstanceKey>) -> Option<String> {
    if let Some(key) = key
        && let Some(id) = &message.message_id
    {
        if origin::is_our_message_id(key, id) {
            return Some("its Message-ID is one of ours".to_owned());
        }
        let marked = message
            .headers
            .all(origin::ORIGIN_HEADER)
            .any(|value| origin::is_our_origin(key, value, &format!("<{id}>")));
        if marked {
            return Some(format!("its `{}` is ours", origin::ORIGIN_HEADER));
        }
    }
    // A web form may write in our name for a customer who stands in Reply-To.
    let ours = |address: &Address| policy.routing.own.iter().any(|own| own.same_user(address));
    let from = message.from.first()?.address.as_ref()?;
    let answers_to_us = message
        .reply_to
        .iter()
        .all(|author| author.address.as_ref().is_some_and(ours));
    (ours(from) && answers_to_us).then(|| format!("`From` is our own `{from}`"))
}

/// The mark by which a message belongs to a case of ours, if it has one.
fn case_token(message: &Message, text: &Text, key: &InstanceKey) -> Option<String> {
    let addressed = recipients(message).find_map(|address| origin::case_of(key, address));
    if let Some(reference) = addressed {
        return Some(format!("sent to case {}", reference.to_uppercase()));
    }
    let mut ancestors = message.in_reply_to.iter().chain(&message.references);
    if ancestors.any(|id| origin::is_our_message_id(key, id)) {
        return Some("answers our Message-ID".to_owned());
    }
    [&message.subject, &text.body, &text.quoted]
        .into_iter()
        .find_map(|part| origin::token_in_text(key, part))
        .map(|reference| format!("holds the token of case {}", reference.to_uppercase()))
}

/// Which of our own messages it answers directly.
fn answers<'a>(message: &'a Message, key: Option<&InstanceKey>) -> Vec<&'a str> {
    let ids = message.in_reply_to.iter().map(String::as_str);
    ids.filter(|id| key.is_some_and(|key| origin::is_our_message_id(key, id)))
        .collect()
}

fn no_ticket(policy: &Policy, told: KindTold) -> Decision {
    let folder = policy
        .routing
        .kinds
        .get(&told.kind)
        .cloned()
        .unwrap_or_else(|| policy.routing.quarantine.clone());
    Decision {
        kind: told.kind,
        kind_reason: told.reason,
        category: None,
        language: None,
        product: None,
        customer: None,
        owner: None,
        priority: Priority::Normal,
        action: Action::Ignore,
        recipient: None,
        folder,
        reason: Reason::NoTicket { kind: told.kind },
        link: None,
        confidence: 1.0,
        runner_up: None,
        scores: Vec::new(),
        evidence: Vec::new(),
        rules_digest: policy.rules.digest(),
    }
}

/// The thread that a message bears the mark of, which mark that is, and who wrote.
type Joined<'a> = (&'a Thread, &'a Mark, Party);

/// Where a ticket that goes this way is filed.
fn folder(policy: &Policy, routes: Routes<'_>, way: &Way, route: &Route) -> Folder {
    match (&way.reason, way.action) {
        (Reason::InCase { .. }, _) => policy.routing.replies.clone(),
        (Reason::Loop { .. }, _) => policy.routing.loops.clone(),
        (_, Action::Review) => routes.of(&CategoryId::review()).folder.clone(),
        // Whoever answers the rest finds the mail there.
        (Reason::Split { rest }, _) => routes.of(rest).folder.clone(),
        (Reason::FirstLine { .. }, _) => route.first_line.clone(),
        _ => route.folder.clone(),
    }
}

impl Ticket<'_> {
    fn joined(&self, policy: &Policy) -> Option<Joined<'_>> {
        let (thread, mark) = self.past.thread.as_ref()?;
        let party = thread::party(self.message, thread, policy, &self.answers);
        Some((thread, mark, party))
    }

    /// What it tells of product and customer. A stranger's mail gets nothing from the thread whose
    /// mark it bears.
    fn told(&self, policy: &Policy, joined: Option<Joined<'_>>) -> Told {
        let author = self.message.author();
        let case = joined
            .filter(|(.., party)| *party == Party::Customer)
            .and_then(|(thread, ..)| Some((thread.product.as_ref()?, thread.root.reference())));
        let clues = Clues {
            own: &policy.routing.own,
            author: author.and_then(|author| author.address.as_ref()),
            thread: case
                .as_ref()
                .map(|(product, case)| (*product, case.as_str())),
        };
        policy.registry.resolve(&self.zones, clues)
    }

    fn decide(&self, policy: &Policy, rules: &RuleSet) -> (Decision, Verdict) {
        let message = self.message;
        // Names and addresses tell the product, no rule does; so it is there for rules to ask.
        let author = message.author().and_then(|author| author.address.as_ref());
        let joined = self.joined(policy);
        let told = self.told(policy, joined);
        let product = told.product;
        let (named, attached) = (products(&product), attachments(message));
        let around = Circumstances {
            products: &named,
            customer: author,
            language: self.language,
            attachments: &attached,
            received: message.received,
            subject_inherited: self.subject_inherited,
        };
        let verdict = rules.classify_folded(&self.zones, &around);
        let routes = Routes {
            routing: &policy.routing,
            customer: told.customer.as_ref(),
        };

        let (category, doubt) = category(&verdict);
        let doubt = unreadable(message).or(doubt);
        let category = if doubt.is_some() {
            CategoryId::review()
        } else {
            category
        };
        let route = routes.of(&category);
        let looped = circle::travelled(message, &policy.routing.own);
        // A mark that only we can make is for a person, unless who wrote is of the thread: it may be
        // a machine at the desk, under an address that nobody told us.
        let of_thread = joined.is_some_and(|(.., party)| party != Party::Stranger);
        let case = self.case.as_ref().filter(|_| !of_thread);
        let mut way = match (case, doubt) {
            _ if let Some(sign) = looped => review(Reason::Loop { sign }),
            (Some(token), _) => review(Reason::InCase {
                token: token.clone(),
            }),
            (None, Some(reason)) => review(reason),
            (None, None) => match route.action {
                Action::Forward => {
                    self.forward(policy, rules, &verdict, &category, &product, routes)
                }
                Action::Keep | Action::Ignore => Way {
                    action: Action::Keep,
                    recipient: None,
                    reason: Reason::Kept,
                },
                Action::Review => review(Reason::Kept),
            },
        };
        let (mut category, mut route) = (category, route);
        if policy.mixed == Mixed::Split
            && let Some((forwarded, split)) =
                self.split(policy, rules, &verdict, &way, &product, routes, &around)
        {
            route = routes.of(&forwarded);
            (category, way) = (forwarded, split);
        }
        let folder = folder(policy, routes, &way, &route);
        // What a person must decide is of the category `review`, whatever came close.
        let (category, runner_up) = if way.action == Action::Review && !category.is_review() {
            (CategoryId::review(), Some(category))
        } else {
            (category, verdict.runner_up().cloned())
        };
        let decision = Decision {
            kind: self.told.kind,
            kind_reason: self.told.reason.clone(),
            category: Some(category),
            language: self.language,
            product: one_product(&product),
            customer: told.customer.clone(),
            owner: Some(match &way.reason {
                _ if way.action == Action::Review => Owner::Partner,
                Reason::FirstLine { .. } => Owner::Partner,
                _ => route.owner,
            }),
            priority: verdict.priority,
            action: way.action,
            recipient: way.recipient,
            folder,
            reason: way.reason,
            link: None,
            confidence: verdict.confidence(),
            runner_up,
            scores: verdict.scores.clone(),
            evidence: verdict.evidence.clone(),
            rules_digest: rules.digest(),
        };
        let decision = match joined {
            None => decision,
            Some((thread, mark, party)) => {
                let around = thread::Around {
                    policy,
                    verdict: &verdict,
                    routes,
                    ticket: self,
                    replies: self.past.replies,
                };
                thread::join(decision, thread, mark, party, &around)
            }
        };
        (decision, verdict)
    }
}

/// Whether the subject was taken over from an earlier mail. Where the writer added nothing, it
/// belongs to what decides.
fn inherited(message: &Message, text: &Text) -> bool {
    let base = subject::base(&message.subject);
    (base.is_reply || base.is_forward) && !text.whole_quoted
}

/// The category that stands out, or why none does.
fn category(verdict: &Verdict) -> (CategoryId, Option<Reason>) {
    match &verdict.top {
        Top::Clear { category, .. } => (category.clone(), None),
        Top::TooWeak {
            points, threshold, ..
        } => {
            let (points, threshold) = (*points, *threshold);
            (
                CategoryId::review(),
                Some(Reason::TooWeak { points, threshold }),
            )
        }
        Top::TooClose {
            runner_up,
            lead,
            margin,
            ..
        } => {
            let (runner_up, lead, margin) = (runner_up.clone(), *lead, *margin);
            (
                CategoryId::review(),
                Some(Reason::TooClose {
                    lead,
                    margin,
                    runner_up,
                }),
            )
        }
        Top::NoEvidence => (CategoryId::review(), Some(Reason::NoEvidence)),
    }
}

fn unreadable(message: &Message) -> Option<Reason> {
    let note = message.notes.iter().find(|note| note.is_unreadable())?;
    Some(Reason::Unreadable {
        what: note.to_string(),
    })
}

fn products(told: &ProductTold) -> Vec<ProductId> {
    match told {
        ProductTold::One(hit) => vec![hit.product.clone()],
        ProductTold::Several(products) => products.clone(),
        // What cannot be told fulfils no condition.
        ProductTold::Owned(..) | ProductTold::Common(_) | ProductTold::None => Vec::new(),
    }
}

pub(super) fn attachments(message: &Message) -> Vec<(&str, &str)> {
    let list = message.attachments.iter();
    list.map(|one| (one.name.as_str(), one.media.as_str()))
        .collect()
}

fn one_product(told: &ProductTold) -> Option<ProductHit> {
    match told {
        ProductTold::One(hit) => Some(hit.clone()),
        ProductTold::Several(_)
        | ProductTold::Owned(..)
        | ProductTold::Common(_)
        | ProductTold::None => None,
    }
}
