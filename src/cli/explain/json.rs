//! One message as one JSON object: a stable contract for programs.

use serde_json::{Value, json};

use super::whatif;

use crate::domain::decision::{Decision, ProductHit};
use crate::mail::Message;
use crate::pipeline::read::summary;
use crate::triage::Reading;
use crate::triage::whatif::WhatIf;

/// The object.
pub fn object(file: &str, message: &Message, reading: &Reading, what_if: Option<&WhatIf>) -> Value {
    let decision = &reading.decision;
    let summary = summary(message);
    json!({
        "file": file,
        "kind": decision.kind,
        "kind_reason": decision.kind_reason,
        "category": decision.category,
        "owner": decision.owner,
        "product": decision.product.as_ref().map(|hit| &hit.product),
        "product_told": decision.product.as_ref().map(product_told),
        "customer": decision.customer,
        "language": decision.language,
        "priority": decision.priority,
        "action": decision.action,
        "destination": decision.destination(),
        "folder": decision.folder,
        "thread": decision.link,
        "reason": decision.reason.to_string(),
        "confidence": rounded(decision.confidence),
        "runner_up": decision.runner_up,
        "subject": message.subject,
        "from": summary.from,
        "text": reading.asked(),
        "evidence": evidence(decision),
        "scores": scores(decision),
        "what_if": what_if.map(whatif::object),
        "left_out": left_out(reading),
        "negated": negated(reading),
        "rules_digest": decision.rules_digest,
    })
}

fn product_told(hit: &ProductHit) -> Value {
    json!({
        "step": hit.step,
        "text": hit.text,
        "zone": hit.zone,
        "confidence": hit.step.confidence(),
    })
}

fn evidence(decision: &Decision) -> Vec<Value> {
    decision
        .evidence
        .iter()
        .map(|e| {
            let mut told = json!({
                "rule": e.rule,
                "category": e.category,
                "zone": e.zone,
                "keyword": e.keyword,
                "text": e.text,
                "span": [e.span.0, e.span.1],
                "weight": rounded(e.weight),
            });
            if e.typo {
                told["typo"] = true.into();
            }
            told
        })
        .collect()
}

/// Rules whose words were found and that do not count.
fn left_out(reading: &Reading) -> Vec<Value> {
    let rules = reading
        .verdict
        .iter()
        .flat_map(|verdict| &verdict.unapplied);
    rules
        .map(|rule| {
            json!({
                "rule": rule.rule,
                "category": rule.category,
                "why": rule.why.to_string(),
            })
        })
        .collect()
}

/// Hits that do not count because a word before them takes them back.
fn negated(reading: &Reading) -> Vec<Value> {
    let hits = reading.verdict.iter().flat_map(|verdict| &verdict.negated);
    hits.map(|hit| {
        json!({
            "rule": hit.rule,
            "category": hit.category,
            "zone": hit.zone,
            "keyword": hit.keyword,
            "text": hit.text,
            "span": [hit.span.0, hit.span.1],
            "by": hit.by,
        })
    })
    .collect()
}

fn scores(decision: &Decision) -> Value {
    let pairs = decision
        .scores
        .iter()
        .map(|s| (s.category.to_string(), rounded(s.points).into()));
    Value::Object(pairs.collect())
}

/// Three digits are enough, and the same on every machine.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
