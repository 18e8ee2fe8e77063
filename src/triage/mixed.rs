//! The technical part of a mail that is also about something the partner answers.
//!
//! The parts are paragraphs. Each is asked about by itself, so that no word of one lends points to
//! another. They can be told apart only when no paragraph speaks for both: then those that speak
//! for what is forwarded are the part, and the rest, greetings included, stays in the house.

use crate::domain::decision::Zone;
use crate::domain::ids::CategoryId;
use crate::rules::{Circumstances, FoldedZone, RuleSet, Top, Verdict, ZoneText};

/// Most paragraphs looked at; a text of more is not taken apart.
const PARAGRAPHS_MAX: usize = 60;

/// The paragraphs of `asked` that speak for a category that goes out, parted by empty lines, and
/// for nothing that is `kept`; `around` is what is known of the mail. `None` when they cannot be told apart, or all or none are such.
pub fn technical_part(
    asked: &str,
    rules: &RuleSet,
    around: &Circumstances<'_>,
    kept: impl Fn(&CategoryId) -> bool,
) -> Option<String> {
    let paragraphs = paragraphs(asked);
    if paragraphs.len() > PARAGRAPHS_MAX {
        return None;
    }
    let (mut part, mut sure, mut rest) = (Vec::new(), false, false);
    for paragraph in paragraphs {
        let zone = ZoneText {
            zone: Zone::Body,
            text: &paragraph,
        };
        let zones = [FoldedZone::new(zone, rules.settings().fold)];
        let verdict = rules.classify_folded(&zones, around);
        match (goes_out(&verdict, &kept), stays(&verdict, &kept)) {
            (true, true) => return None,
            (true, false) => {
                sure |= matches!(&verdict.top, Top::Clear { category, .. } if !kept(category));
                part.push(paragraph);
            }
            (false, stays) => rest |= stays,
        }
    }
    (sure && rest).then(|| part.join("\n\n"))
}

/// Whether anything speaks for a category that goes out.
fn goes_out(verdict: &Verdict, kept: impl Fn(&CategoryId) -> bool) -> bool {
    let mut hits = verdict.evidence.iter();
    hits.any(|hit| hit.weight > 0.0 && !kept(&hit.category))
}

/// Whether anything speaks for one that stays, also where a rule silenced or took it back.
fn stays(verdict: &Verdict, kept: impl Fn(&CategoryId) -> bool) -> bool {
    let scores = verdict.scores.iter().chain(&verdict.heard);
    let mut scores = scores.chain(&verdict.omitted);
    scores.any(|score| score.points > 0.0 && kept(&score.category))
        || verdict
            .evidence
            .iter()
            .any(|hit| hit.weight > 0.0 && kept(&hit.category))
        || verdict
            .negated
            .iter()
            .any(|hit| hit.category.as_ref().is_some_and(&kept))
}

/// What empty lines part.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            open = false;
        } else if let Some(last) = all.last_mut().filter(|_| open) {
            last.push('\n');
            last.push_str(line.trim_end());
        } else {
            all.push(line.trim_end().to_owned());
            open = true;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Keyword, RuleDraft, Settings};

    fn rules() -> RuleSet {
        let rule = |category: &str, words: &[&str]| {
            let mut rule = RuleDraft::new(category, Some(category.into()));
            rule.weight = 2.0;
            let words = words.iter().map(|word| Keyword::parse(word).expect(word));
            rule.any = words.collect();
            rule
        };
        let rules = vec![
            rule("technical", &["kraschar", "felkod*"]),
            rule("billing", &["faktura*", "kredit*"]),
        ];
        RuleSet::compile(rules, Settings::default()).expect("rules")
    }

    #[test]
    fn a_mail_is_taken_apart_only_where_no_paragraph_is_about_both() {
        let rules = rules();
        for (text, expected) in [
            (
                "Hej!\n\nAppen kraschar.\nFelkoden är 5.\n\nFakturan är fel.\n\nHälsningar",
                Some("Appen kraschar.\nFelkoden är 5."),
            ),
            (
                "Appen kraschar.\n \nFakturan är fel.\n\nFelkod 7 också.",
                Some("Appen kraschar.\n\nFelkod 7 också."),
            ),
            // One paragraph about both, all technical, nothing technical, nothing at all.
            ("Appen kraschar och fakturan är fel.\n\nFelkod 7.", None),
            ("Appen kraschar.\n\nFelkod 7.", None),
            ("Fakturan är fel.\n\nHej!", None),
            ("", None),
        ] {
            let kept = |category: &CategoryId| category.as_str() != "technical";
            let part = technical_part(text, &rules, &Circumstances::default(), kept);
            assert_eq!(part.as_deref(), expected, "{text}");
        }
        let long = "Appen kraschar.\n\nFakturan är fel.\n\n".repeat(PARAGRAPHS_MAX);
        let kept = |category: &CategoryId| category.as_str() != "technical";
        let part = technical_part(&long, &rules, &Circumstances::default(), kept);
        assert_eq!(part, None);
    }
}
