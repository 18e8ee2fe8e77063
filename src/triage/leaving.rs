//! What of a message leaves with a forward: the original, or a copy of what may.
//!
//! The last look before anything goes out, made when the forward is put together, whoever decided
//! and by which rules: what speaks for a category that we answer still forbids it, the technical
//! part of a mixed mail is told anew, numbers are taken out and attachments left here where the
//! product's policy asks for it. What cannot be judged does not leave.

use super::policy::Policy;
use super::way::{Routes, leak};
use super::{decide, mixed};
use crate::domain::decision::{Decision, Score};
use crate::domain::reason::Reason;
use crate::domain::thread::Thread;
use crate::mail::Message;
use crate::mail::mask::{Taken, mask};
use crate::mail::newtext::Text;
use crate::registry::product::{Attachments, Product, Support};
use crate::rules::Circumstances;

/// The subject of what is only a part of a mail.
const PART: &str = "(a part of a mail)";

/// Names of attachments told, at most.
const NAMES_MAX: usize = 8;

/// What leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// What the customer asks.
    pub asked: String,
    /// The subject.
    pub subject: String,
    /// The customer's name.
    pub name: String,
    /// Hits that may be told, as they stood in the message.
    pub evidence: Vec<String>,
    /// The text of the copy that stands in for the original; none where the original leaves.
    pub copy: Option<Copied>,
}

/// A copy, and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its text.
    pub text: String,
    /// What was left out, for the publisher.
    pub left_out: String,
}

/// What leaves of `message` by `decision`; `None` when it must not.
pub fn leaving(
    message: &Message,
    text: &Text,
    decision: &Decision,
    policy: &Policy,
    product: &Product,
) -> Option<Leaving> {
    let routes = Routes {
        routing: &policy.routing,
        customer: decision.customer.as_ref(),
    };
    let support = &product.support;
    let attached = message.attachments.len();
    let name = message.from.first().map_or("", |author| &author.name);
    let evidence = decision.evidence.iter().filter(|hit| {
        // Only what speaks for the category at hand is for the publisher's eyes.
        hit.weight > 0.0 && Some(&hit.category) == decision.category.as_ref()
    });
    let told =
        |hit: &crate::domain::decision::Evidence| format!("{} in the {}", hit.text, hit.zone);
    let by_person = matches!(decision.reason, Reason::Person { .. });
    if matches!(decision.reason, Reason::Split { .. }) {
        let products = [product.id.clone()];
        let attachments = decide::attachments(message);
        let around = Circumstances {
            products: &products,
            customer: message.author().and_then(|author| author.address.as_ref()),
            language: decision.language,
            attachments: &attachments,
            received: message.received,
            subject_inherited: false,
        };
        let asked = decide::asked(text);
        let part = mixed::technical_part(asked, &policy.rules, &around, |c| routes.keeps(c))?;
        let evidence: Vec<String> = evidence
            .filter(|hit| part.contains(&hit.text))
            .map(told)
            .collect();
        let left_out = vec!["everything that is not about a technical matter".to_owned()];
        return Some(copied(
            &part, &part, PART, name, &evidence, left_out, support,
        ));
    }
    let kept = decision
        .scores
        .iter()
        .filter(|score| routes.keeps(&score.category));
    let strongest: Option<&Score> = kept.max_by(|a, b| a.points.total_cmp(&b.points));
    if !by_person && leak(policy, routes, strongest, &decision.evidence).is_some() {
        return None;
    }
    if support.redact && support.attachments == Attachments::Send && attached > 0 && !by_person {
        return None;
    }
    let evidence: Vec<String> = evidence.map(told).collect();
    let dropped = support.attachments == Attachments::Drop && attached > 0;
    let asked = decide::asked(text).to_owned();
    if !support.redact && !dropped {
        return Some(Leaving {
            asked,
            subject: message.subject.clone(),
            name: name.to_owned(),
            evidence,
            copy: None,
        });
    }
    let mut left_out = Vec::new();
    if attached > 0 {
        left_out.push(attachments(message));
    }
    Some(copied(
        &asked,
        &message.plain,
        &message.subject,
        name,
        &evidence,
        left_out,
        support,
    ))
}

/// A thread's subject as its publisher may see it.
pub fn subject(thread: &Thread, product: Option<&Product>) -> String {
    match product {
        _ if thread.parted => PART.to_owned(),
        Some(product) if product.support.redact => mask(&thread.subject, &mut Taken::default()),
        _ => thread.subject.clone(),
    }
}

/// A copy of `text`, without numbers where the product's policy asks for it.
fn copied(
    asked: &str,
    text: &str,
    subject: &str,
    name: &str,
    evidence: &[String],
    mut left_out: Vec<String>,
    support: &Support,
) -> Leaving {
    let mut taken = Taken::default();
    let without = |text: &str| {
        if support.redact {
            mask(text, &mut Taken::default())
        } else {
            text.to_owned()
        }
    };
    let leaving = Leaving {
        asked: without(asked),
        subject: without(subject),
        name: without(name),
        evidence: evidence.iter().map(|line| without(line)).collect(),
        copy: None,
    };
    let text = if support.redact {
        mask(text, &mut taken)
    } else {
        text.to_owned()
    };
    if !taken.is_empty() {
        left_out.insert(0, taken.to_string());
    }
    if left_out.is_empty() {
        left_out.push("nothing but the markup; no number had to be taken out".to_owned());
    }
    Leaving {
        copy: Some(Copied {
            text,
            left_out: left_out.join("; "),
        }),
        ..leaving
    }
}

/// `2 attachments (a.pdf, b.png)`.
fn attachments(message: &Message) -> String {
    let count = message.attachments.len();
    let names = message.attachments.iter().take(NAMES_MAX);
    let names: Vec<&str> = names
        .map(|one| {
            if one.name.is_empty() {
                "no name"
            } else {
                one.name.as_str()
            }
        })
        .collect();
    let more = if count > NAMES_MAX { ", …" } else { "" };
    let what = if count == 1 {
        "attachment"
    } else {
        "attachments"
    };
    format!(
        "{count} {what} ({}{more})",
        mask(&names.join(", "), &mut Taken::default())
    )
}
