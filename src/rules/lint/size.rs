//! What is larger than anybody means it: `too-large`.

use super::super::expression::STEPS_MAX;
use super::super::fault::Part;
use super::super::rule::{List, RuleDraft};
use super::{Lint, Remark, Spot};

/// A regular expression with more steps is told: half of what is refused, and far above what a
/// phrase needs.
const STEPS: usize = STEPS_MAX / 2;

/// A rule with more keywords than this is told: nobody reads it any more.
const KEYWORDS: usize = 500;

/// Looks at each rule and each regular expression.
pub fn look(drafts: &[RuleDraft], found: &mut Vec<Remark>) {
    for (draft, rule) in drafts.iter().enumerate() {
        let keywords: usize = List::ALL.iter().map(|&list| rule.list(list).len()).sum();
        if keywords > KEYWORDS {
            found.push(Remark {
                lint: Lint::TooLarge,
                at: Spot {
                    draft,
                    part: Part::Key("id"),
                },
                message: format!("rule `{}` has {keywords} keywords", rule.id),
                note: format!("above {KEYWORDS} nobody sees any more what it takes"),
                hint: "split it by what is meant".to_owned(),
                also: None,
            });
        }
        for list in List::ALL {
            for (index, keyword) in rule.list(list).iter().enumerate() {
                let steps = keyword.steps();
                if steps > STEPS {
                    found.push(large(draft, list, index, steps));
                }
            }
        }
    }
}

fn large(draft: usize, list: List, index: usize, steps: usize) -> Remark {
    Remark {
        lint: Lint::TooLarge,
        at: Spot {
            draft,
            part: Part::Keyword { list, index },
        },
        message: format!("this expression has {steps} steps with its repetitions written out"),
        note: format!(
            "every message that comes near it pays for that; above {STEPS_MAX} it is refused"
        ),
        hint: "lower its counted repetitions, or write `near` and two keywords".to_owned(),
        also: None,
    }
}
