//! What is larger than anybody means it: `too-large`.

use regex::RegexBuilder;

use super::super::fault::Part;
use super::super::keyword::Keyword;
use super::super::rule::{List, RuleDraft};
use super::{Lint, Remark, Spot};

/// A regular expression that compiles to more than this, in bytes, is told: a fraction of what is
/// refused ([`super::super::keyword::REGEX_SIZE_MAX`]), and far above what a phrase needs.
const REGEX_BYTES: usize = 256 * 1024;

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
                if is_large(keyword) {
                    found.push(large(draft, list, index));
                }
            }
        }
    }
}

/// Whether an expression compiles to more than [`REGEX_BYTES`]. Only counted repetitions and
/// classes of Unicode make a short text large; others are not compiled again.
fn is_large(keyword: &Keyword) -> bool {
    let text = keyword.as_str();
    if !keyword.is_regex() || !text.contains('{') {
        return false;
    }
    RegexBuilder::new(text.trim_matches('/'))
        .case_insensitive(true)
        .size_limit(REGEX_BYTES)
        .build()
        .is_err()
}

fn large(draft: usize, list: List, index: usize) -> Remark {
    Remark {
        lint: Lint::TooLarge,
        at: Spot {
            draft,
            part: Part::Keyword { list, index },
        },
        message: "this expression needs more than 256 KiB once compiled".to_owned(),
        note: "every message that comes near it pays for that in memory and time".to_owned(),
        hint: "lower its counted repetitions, or write `near` and two keywords".to_owned(),
        also: None,
    }
}
