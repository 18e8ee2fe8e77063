//! What the cases show of the rules: `over-broad`, `untested`.

use std::collections::HashMap;

use super::super::fault::Part;
use super::super::rule::RuleDraft;
use super::{Fired, Lint, Remark, Spot};
use crate::domain::ids::RuleId;

/// Fewer cases show nothing about a rule.
const CASES_MIN: usize = 20;

/// A rule that fires on more cases than this, in percent, tells nothing apart.
const BROAD_PERCENT: usize = 50;

/// Compares each rule with the cases it fires on.
pub fn look(drafts: &[RuleDraft], trials: &[Fired<'_>], found: &mut Vec<Remark>) {
    if trials.len() < CASES_MIN {
        return;
    }
    let mut fired: HashMap<&RuleId, usize> = HashMap::new();
    for id in trials.iter().flat_map(|trial| trial.rules) {
        *fired.entry(id).or_default() += 1;
    }
    for (draft, rule) in drafts.iter().enumerate() {
        let times = fired.get(&rule.id).copied().unwrap_or_default();
        let at = Spot {
            draft,
            part: Part::Key("id"),
        };
        if times == 0 {
            found.push(Remark {
                lint: Lint::Untested,
                at,
                message: format!("no case makes rule `{}` fire", rule.id),
                note: format!(
                    "of {} cases; an edit that breaks it will not be noticed",
                    trials.len()
                ),
                hint: "write a case in `cases/` with a mail that it is meant for".to_owned(),
                also: None,
            });
        } else if times * 100 > trials.len() * BROAD_PERCENT {
            found.push(Remark {
                lint: Lint::OverBroad,
                at,
                message: format!(
                    "rule `{}` fires on {times} of {} cases",
                    rule.id,
                    trials.len()
                ),
                note: "what is found in most mail tells nothing apart".to_owned(),
                hint: "take its commonest keywords out, or ask for a second one under `all`"
                    .to_owned(),
                also: None,
            });
        }
    }
}
