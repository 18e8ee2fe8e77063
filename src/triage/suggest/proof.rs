//! Tries proposed keywords on the cases, by the decision itself, and withdraws those behind a
//! dangerous error.

use std::collections::BTreeSet;

use crate::domain::ids::{CategoryId, RuleId};
use crate::mail::Message;
use crate::rules::fault::RuleFault;
use crate::rules::{RuleDraft, RuleSet};
use crate::triage::case::{Case, Mark, judge};
use crate::triage::decide::{Reading, decide, decide_with};
use crate::triage::policy::Policy;
use crate::triage::shift::{Destination, Example, Shifts};

use super::{Suggestion, rules};

/// A keyword that is not proposed, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawn {
    /// The keyword.
    pub suggestion: Suggestion,
    /// The case on which it would make a dangerous error.
    pub case: String,
}

/// What came of the trial.
#[derive(Debug, Default)]
pub struct Proof {
    /// What may be proposed.
    pub kept: Vec<Suggestion>,
    /// What may not.
    pub withdrawn: Vec<Withdrawn>,
    /// What the kept ones change on the cases.
    pub shifts: Shifts,
    /// Cases that come out as they should, as the rules are.
    pub right_before: usize,
    /// And with the kept keywords.
    pub right_after: usize,
}

/// A case, decided by the rules as they are.
struct Decided<'c> {
    case: &'c Case,
    message: &'c Message,
    name: String,
    destination: Destination,
    dangerous: bool,
    right: bool,
}

/// Tries `suggestions` on `cases`. Each round without an end withdraws a keyword at least, so that
/// there are no more rounds than keywords, and one.
///
/// # Errors
/// The faults of the rules with the keywords, where a bound of the set is reached.
pub fn prove(
    mut suggestions: Vec<Suggestion>,
    cases: &[(&Case, Message)],
    policy: &Policy,
) -> Result<Proof, Vec<RuleFault>> {
    let decided: Vec<Decided<'_>> = cases
        .iter()
        .map(|(case, message)| {
            let reading = decide(message, policy, None);
            let (dangerous, right) = mark(case, &reading);
            Decided {
                case,
                message,
                name: format!("{}: {}", case.origin, case.name),
                destination: Destination::of(&reading.decision),
                dangerous,
                right,
            }
        })
        .collect();
    let mut proof = Proof {
        right_before: decided.iter().filter(|case| case.right).count(),
        ..Proof::default()
    };
    let written = policy.rules.excerpt(|_| true);
    loop {
        let drafts: Vec<RuleDraft> = rules(&suggestions, policy)
            .into_iter()
            .map(|rule| rule.draft)
            .collect();
        let ours: BTreeSet<RuleId> = drafts.iter().map(|draft| draft.id.clone()).collect();
        let all = written.iter().cloned().chain(drafts).collect();
        let set = RuleSet::compile(all, *policy.rules.settings())?;
        proof.shifts = Shifts::default();
        proof.right_after = 0;
        let mut guilty: Option<(BTreeSet<(CategoryId, String)>, String)> = None;
        for was in &decided {
            let reading = decide_with(was.message, policy, &set, None);
            let (dangerous, right) = mark(was.case, &reading);
            proof.right_after += usize::from(right);
            let to = Destination::of(&reading.decision);
            let from = was.destination.clone();
            // A case that says nothing of where to is held to where it went.
            let unsaid = was.case.expected.outcome.is_none() && from.gravity(&to).is_dangerous();
            if (dangerous && !was.dangerous) || unsaid {
                guilty = Some((blamed(&reading, &ours), was.name.clone()));
                break;
            }
            proof.shifts.count(from, to, || Example {
                name: was.name.clone(),
                subject: was.message.subject.clone(),
                reason: reading.decision.reason.to_string(),
            });
        }
        let Some((blamed, case)) = guilty else {
            proof.kept = suggestions;
            return Ok(proof);
        };
        let is_blamed = |word: &Suggestion| {
            let mut blamed = blamed.iter();
            blamed.any(|(category, text)| *category == word.category && *text == word.keyword)
        };
        // Without evidence nobody can say which it was.
        let any = suggestions.iter().any(is_blamed);
        let (out, kept) = suggestions
            .into_iter()
            .partition(|word| !any || is_blamed(word));
        suggestions = kept;
        proof
            .withdrawn
            .extend(out.into_iter().map(|suggestion: Suggestion| Withdrawn {
                suggestion,
                case: case.clone(),
            }));
    }
}

/// Whether a case comes out dangerously, and whether as it should.
fn mark(case: &Case, reading: &Reading) -> (bool, bool) {
    match judge(case, reading).mark {
        Some(Mark::Dangerous(_)) => (true, false),
        Some(Mark::Right | Mark::Left) => (false, true),
        Some(Mark::Unsure | Mark::Wrong) | None => (false, false),
    }
}

/// The proposed keywords that the decision rests on.
fn blamed(reading: &Reading, ours: &BTreeSet<RuleId>) -> BTreeSet<(CategoryId, String)> {
    let evidence = reading.verdict.iter().flat_map(|verdict| &verdict.evidence);
    evidence
        .filter(|hit| ours.contains(&hit.rule))
        .map(|hit| (hit.category.clone(), hit.keyword.clone()))
        .collect()
}
