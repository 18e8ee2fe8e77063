//! One message explained to a person.

use std::fmt::Write as _;

use super::whatif;
use crate::cli::print::{Paint, Style, lines, one_line};
use crate::domain::decision::{Action, Decision, Evidence, ProductHit, Step, Zone};
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::mail::Message;
use crate::rules::RuleSet;
use crate::rules::verdict::{NearMiss, Negated, NotApplied};
use crate::triage::Reading;
use crate::triage::whatif::WhatIf;

/// Characters of the text shown.
const TEXT_MAX: usize = 4000;

/// Rules shown that nearly fired.
const NEAR_MAX: usize = 3;

/// Rules whose notes are shown.
const NOTES_MAX: usize = 8;

/// Characters shown of a keyword: a regular expression can be long, and its rule is named.
const KEYWORD_MAX: usize = 40;

/// The page: all of it for a `single` message, the short form among many.
pub fn page(
    file: &str,
    message: &Message,
    reading: &Reading,
    rules: &RuleSet,
    what_if: Option<&WhatIf>,
    single: bool,
    paint: Paint,
) -> String {
    let mut out = String::new();
    let decision = &reading.decision;
    let from = crate::pipeline::read::summary(message).from;
    line(&mut out, paint, "file", &one_line(file, 200));
    line(&mut out, paint, "from", &one_line(&from, 120));
    line(&mut out, paint, "subject", &one_line(&message.subject, 200));
    line(
        &mut out,
        paint,
        "kind",
        &format!(
            "{}: {}",
            decision.kind,
            one_line(&decision.kind_reason, 200)
        ),
    );
    if let Some(category) = &decision.category {
        line(
            &mut out,
            paint,
            "category",
            &with_runner_up(category.as_str(), decision),
        );
        let product = decision
            .product
            .as_ref()
            .map_or_else(|| "none told".to_owned(), product_told);
        line(&mut out, paint, "product", &product);
        if let Some(customer) = &decision.customer {
            line(&mut out, paint, "customer", customer.as_str());
        }
    }
    if decision.kind == Kind::Ticket {
        let language = decision.language.map_or("unknown", Language::as_str);
        line(&mut out, paint, "language", language);
    }
    if let Some(owner) = decision.owner {
        line(&mut out, paint, "owner", owner.as_str());
        line(&mut out, paint, "priority", &priority(decision, reading));
    }
    let action = format!(
        "{} → {}",
        decision.action,
        one_line(decision.destination(), 120)
    );
    let style = match decision.action {
        Action::Forward => Style::Good,
        Action::Review => Style::Warn,
        Action::Keep | Action::Ignore => Style::Strong,
    };
    line(&mut out, paint, "action", &paint.paint(style, &action));
    if let Some(link) = &decision.link {
        line(&mut out, paint, "thread", &one_line(&link.to_string(), 240));
    }
    line(
        &mut out,
        paint,
        "because",
        &one_line(&decision.reason.to_string(), 240),
    );
    scores(&mut out, paint, decision);
    if let Some(verdict) = &reading.verdict {
        unapplied(&mut out, paint, &verdict.unapplied);
        negated(&mut out, paint, &verdict.negated);
        near(&mut out, paint, &verdict.near_misses, what_if);
    }
    let changes = what_if.map(whatif::lines).unwrap_or_default();
    for (n, change) in changes.iter().enumerate() {
        line(&mut out, paint, if n == 0 { "what if" } else { "" }, change);
    }
    if single {
        notes(&mut out, paint, reading, rules);
        text(&mut out, paint, reading);
    }
    line(
        &mut out,
        paint,
        "rules",
        &decision.rules_digest.to_string()[..12],
    );
    out
}

/// Which product, what told it, and how far that may be relied on.
fn product_told(hit: &ProductHit) -> String {
    let text = one_line(&hit.text, 60);
    let told = match hit.step {
        Step::Thread => format!("the case that it answers, {text}"),
        Step::Ownership => format!("all that customer `{text}` has"),
        Step::Person => format!("`{text}` said so"),
        Step::Reference => format!("the id `{text}` in the {}", hit.zone),
        Step::NearName => format!("`{text}` in the {}, with a slip", hit.zone),
        Step::Tag | Step::Name | Step::Surroundings | Step::Attachment | Step::SenderDomain => {
            format!("`{text}` in the {}", hit.zone)
        }
    };
    match hit.step {
        Step::Name => format!("{}: {told}", hit.product),
        step => format!(
            "{}: {told} ({step}, confidence {:.2})",
            hit.product,
            step.confidence()
        ),
    }
}

fn line(out: &mut String, paint: Paint, name: &str, value: &str) {
    let name = paint.paint(Style::Faint, &format!("{name:<9}"));
    // Writing to a string never fails.
    let _ = writeln!(out, "{name} {value}");
}

/// The priority and, where a rule set it, the words that did.
fn priority(decision: &Decision, reading: &Reading) -> String {
    let set = reading
        .verdict
        .iter()
        .flat_map(|verdict| &verdict.priority_evidence);
    match set.take(1).next() {
        Some(hit) => format!(
            "{}: `{}` in the {}, rule `{}`",
            decision.priority,
            one_line(&hit.text, 60),
            hit.zone,
            hit.rule
        ),
        None => decision.priority.to_string(),
    }
}

fn with_runner_up(category: &str, decision: &Decision) -> String {
    let sure = format!("{category} (confidence {:.2}", decision.confidence);
    match &decision.runner_up {
        Some(second) => format!("{sure}, next best `{second}`)"),
        None => format!("{sure})"),
    }
}

/// Each category with the rules behind its points; why a category lost is its number.
fn scores(out: &mut String, paint: Paint, decision: &Decision) {
    for (n, score) in decision.scores.iter().enumerate() {
        let head = format!("{:<14} {:>6.2}", score.category.as_str(), score.points);
        let head = if n == 0 {
            paint.paint(Style::Strong, &head)
        } else {
            head
        };
        line(out, paint, if n == 0 { "scores" } else { "" }, &head);
        let own = decision
            .evidence
            .iter()
            .filter(|e| e.category == score.category);
        for evidence in own {
            let hit = format!(
                "  {:+6.2}  `{}` in the {}, keyword `{}` of rule `{}`{}",
                evidence.weight,
                one_line(&evidence.text, 60),
                evidence.zone,
                one_line(&evidence.keyword, KEYWORD_MAX),
                evidence.rule,
                if evidence.typo { ", with a typo" } else { "" }
            );
            line(out, paint, "", &hit);
        }
    }
}

/// Rules whose words were found and that do not count.
fn unapplied(out: &mut String, paint: Paint, rules: &[NotApplied]) {
    for (n, rule) in rules.iter().enumerate() {
        let name = if n == 0 { "left out" } else { "" };
        let why = one_line(&rule.why.to_string(), 160);
        line(out, paint, name, &format!("rule `{}`: {why}", rule.rule));
    }
}

/// Hits that do not count because a word before them takes them back.
fn negated(out: &mut String, paint: Paint, hits: &[Negated]) {
    for (n, hit) in hits.iter().enumerate() {
        let name = if n == 0 { "negated" } else { "" };
        let told = format!(
            "`{}` in the {}, keyword `{}` of rule `{}`: negated by `{}`",
            one_line(&hit.text, 60),
            hit.zone,
            one_line(&hit.keyword, KEYWORD_MAX),
            hit.rule,
            one_line(&hit.by, KEYWORD_MAX)
        );
        line(out, paint, name, &told);
    }
}

/// What people wrote down about the rules that spoke.
fn notes(out: &mut String, paint: Paint, reading: &Reading, rules: &RuleSet) {
    let fired = reading.verdict.iter().flat_map(|verdict| &verdict.fired);
    let noted = fired
        .filter_map(|id| rules.rule(id))
        .filter(|rule| rule.note().is_some() || rule.maintainer().is_some());
    for (n, rule) in noted.take(NOTES_MAX).enumerate() {
        let name = if n == 0 { "notes" } else { "" };
        let note = one_line(rule.note().unwrap_or_default(), 160);
        let by = rule
            .maintainer()
            .map(|who| format!("({})", one_line(who, 60)));
        let parts = [Some(note).filter(|note| !note.is_empty()), by];
        let told: Vec<String> = parts.into_iter().flatten().collect();
        let text = format!("rule `{}`: {}", rule.id(), told.join(" "));
        line(out, paint, name, &text);
    }
}

/// The rules that nearly fired and, where it was looked for, what would have come of it.
fn near(out: &mut String, paint: Paint, misses: &[NearMiss], what_if: Option<&WhatIf>) {
    for (n, miss) in misses.iter().take(NEAR_MAX).enumerate() {
        let name = if n == 0 { "nearly" } else { "" };
        let mut told = format!("rule `{}`: {}", miss.rule, whatif::lacked(miss));
        let would = what_if.and_then(|w| w.nearly.iter().find(|(near, _)| near == miss));
        if let Some((_, landing)) = would {
            let _ = write!(told, "; else {}", whatif::landing(landing));
        }
        line(out, paint, name, &told);
    }
}

/// The text the rules saw, with the hits marked.
fn text(out: &mut String, paint: Paint, reading: &Reading) {
    let asked = reading.asked();
    let whole = if reading.text.whole_quoted {
        "quoted"
    } else {
        "text"
    };
    let marked = marked(asked, &reading.decision.evidence, paint);
    for (n, row) in marked.lines().enumerate() {
        line(out, paint, if n == 0 { whole } else { "" }, row);
    }
    let cut = reading.text.quoted.len() + reading.text.signature.len();
    if cut > 0 && !reading.text.whole_quoted {
        let note = format!("({cut} bytes of quoted text and signature are not shown)");
        line(out, paint, "", &paint.paint(Style::Faint, &note));
    }
}

fn marked(text: &str, evidence: &[Evidence], paint: Paint) -> String {
    let mut spans: Vec<(usize, usize)> = evidence
        .iter()
        .filter(|e| e.zone == Zone::Body)
        .map(|e| e.span)
        .collect();
    spans.sort_unstable();
    let mut out = String::new();
    let mut at = 0;
    for (start, end) in spans {
        // Overlapping hits are shown as one; what does not fit the text is left unmarked.
        if start < at {
            continue;
        }
        let (Some(before), Some(hit)) = (text.get(at..start), text.get(start..end)) else {
            continue;
        };
        out.push_str(&lines(before));
        let hit = lines(hit);
        if paint.colours() {
            out.push_str(&paint.paint(Style::Hit, &hit));
        } else {
            let _ = write!(out, "⟦{hit}⟧");
        }
        at = end;
    }
    out.push_str(&lines(text.get(at..).unwrap_or_default()));
    if out.chars().count() > TEXT_MAX {
        out = out.chars().take(TEXT_MAX).collect();
        out.push('…');
    }
    out
}
