//! A case, and the figures, as JSON objects: a stable contract for programs.

use serde_json::{Value, json};

use super::Ran;
use crate::domain::ids::RuleId;
use crate::triage::Policy;
use crate::triage::case::{Mark, Report, Tally, Written};

/// One case.
pub fn case(ran: &Ran<'_>) -> Value {
    let decision = &ran.reading.decision;
    let expected = &ran.case.expected;
    let danger = match ran.judgement.mark {
        Some(Mark::Dangerous(danger)) => Some(danger.to_string()),
        _ => None,
    };
    let misses = ran.judgement.misses_told();
    let evidence: Vec<Value> = decision
        .evidence
        .iter()
        .map(|hit| {
            json!({
                "rule": hit.rule, "category": hit.category, "zone": hit.zone,
                "keyword": hit.keyword, "text": hit.text, "weight": hit.weight,
            })
        })
        .collect();
    json!({
        "case": ran.case.name,
        "file": &*ran.case.origin.file,
        "line": ran.case.origin.line,
        "language": ran.case.language.map(Written::as_str),
        "standing": ran.judgement.standing.as_str(),
        "mark": ran.judgement.mark.map(Mark::as_str),
        "danger": danger,
        "expected": expected.outcome.as_ref().map(ToString::to_string),
        "got": ran.judgement.got.to_string(),
        "misses": misses,
        "subject": ran.subject,
        "action": decision.action,
        "destination": decision.destination(),
        "product": decision.product.as_ref().map(|hit| &hit.product),
        "owner": decision.owner,
        "priority": decision.priority,
        "reason": decision.reason.to_string(),
        "evidence": evidence,
    })
}

/// The last object: all figures.
pub fn summary(report: &Report, untouched: &[&RuleId], policy: &Policy) -> Value {
    let matrix: Vec<Value> = report
        .matrix
        .iter()
        .map(|((expected, got), count)| {
            json!({ "expected": expected.to_string(), "got": got.to_string(), "count": count })
        })
        .collect();
    let group = |tallies: &std::collections::BTreeMap<String, Tally>| {
        let pairs = tallies.iter().map(|(name, t)| (name.clone(), tally(t)));
        Value::Object(pairs.collect())
    };
    json!({ "summary": {
        "cases": report.cases,
        "passed": report.passed,
        "failed": report.failed,
        "known_misses": report.known,
        "mended": report.mended,
        "counted": report.counted,
        "all": tally(&report.all),
        "without_known_misses": tally(&report.without_known),
        "samples": tally(&report.sample),
        "files": group(&report.files),
        "languages": group(&report.languages),
        "matrix": matrix,
        "priorities": { "stated": report.priorities.0, "right": report.priorities.1 },
        "languages_told": {
            "stated": report.languages_told.all(),
            "right": report.languages_told.right,
            "open": report.languages_told.open,
        },
        "rules": policy.rules.rules().len(),
        "rules_without_case": untouched,
        "rules_digest": policy.rules.digest(),
    }})
}

fn tally(tally: &Tally) -> Value {
    json!({
        "right": tally.right,
        "left": tally.left,
        "unsure": tally.unsure,
        "wrong": tally.wrong,
        "dangerous": tally.dangerous,
        "right_percent": rounded(tally.right_percent()),
        "decided_percent": rounded(tally.decided_percent()),
    })
}

/// One digit is more than a few hundred cases can tell.
fn rounded(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}
