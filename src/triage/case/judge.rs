//! Compares what a case expects with what was decided.

use std::fmt;

use crate::domain::decision::{Action, Owner, Priority};
use crate::domain::ids::{ProductId, RuleId};
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::domain::reason::Reason;

use super::{Case, Outcome, Written};
use crate::triage::Reading;

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the decision came to.
    pub got: Outcome,
    /// How good that is; absent where the case asks about rules only.
    pub mark: Option<Mark>,
    /// Everything that is not as expected.
    pub misses: Vec<Miss>,
    /// Whether that fails.
    pub standing: Standing,
}

impl Judgement {
    /// Everything that is not as expected, each in words.
    pub fn misses_told(&self) -> Vec<String> {
        self.misses.iter().map(ToString::to_string).collect()
    }
}

/// How good a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// What was expected, decided by the rules.
    Right,
    /// Expected to be left to a person, and it is.
    Left,
    /// Left to a person although the rules could have decided.
    Unsure,
    /// In a wrong queue in the house.
    Wrong,
    /// One of the errors that are worse than any unsure answer.
    Dangerous(Danger),
}

impl Mark {
    /// The word shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
            Self::Unsure => "unsure",
            Self::Wrong => "wrong",
            Self::Dangerous(_) => "dangerous",
        }
    }
}

/// The dangerous errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    /// Sent to an outside party although it should have stayed.
    Leak,
    /// Sent to another publisher than the product's.
    WrongPublisher,
    /// What a machine wrote was taken for a ticket: a loop.
    Loop,
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leak => "sent out although it should have stayed",
            Self::WrongPublisher => "sent to another publisher than the product's",
            Self::Loop => "a machine's mail taken for a ticket",
        })
    }
}

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// Another category or kind.
    Outcome {
        /// Which was expected.
        expected: Outcome,
    },
    /// Another product.
    Product {
        /// Which was expected.
        expected: ProductId,
        /// Which was told.
        got: Option<ProductId>,
    },
    /// Another owner.
    Owner {
        /// Which was expected.
        expected: Owner,
        /// Which it is.
        got: Option<Owner>,
    },
    /// Another priority.
    Priority {
        /// Which was expected.
        expected: Priority,
        /// Which it is.
        got: Priority,
    },
    /// Taken for another language.
    Language {
        /// Which was expected.
        expected: Language,
        /// Which was told.
        got: Language,
    },
    /// A rule that must fire did not.
    Silent {
        /// Which.
        rule: RuleId,
    },
    /// A rule that must not fire did.
    Fired {
        /// Which.
        rule: RuleId,
    },
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |it: Option<String>| it.map_or_else(|| "none".to_owned(), |it| format!("`{it}`"));
        match self {
            Self::Outcome { expected } => write!(f, "expected `{expected}`"),
            Self::Product { expected, got } => {
                let got = name(got.as_ref().map(ToString::to_string));
                write!(f, "expected product `{expected}`, got {got}")
            }
            Self::Owner { expected, got } => {
                let got = name(got.as_ref().map(ToString::to_string));
                write!(f, "expected owner `{expected}`, got {got}")
            }
            Self::Priority { expected, got } => {
                write!(f, "expected priority `{expected}`, got `{got}`")
            }
            Self::Language { expected, got } => {
                write!(f, "expected language `{expected}`, got `{got}`")
            }
            Self::Silent { rule } => write!(f, "rule `{rule}` must fire and did not"),
            Self::Fired { rule } => write!(f, "rule `{rule}` must not fire and did"),
        }
    }
}

/// Whether a case holds, and whether that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All is as expected.
    Passed,
    /// It is not.
    Failed,
    /// It is not, and that is known.
    KnownMiss,
    /// It was a known miss, and now it holds.
    Mended,
    /// It is not, in a file that only measures.
    Counted,
}

impl Standing {
    /// The word shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::KnownMiss => "known-miss",
            Self::Mended => "mended",
            Self::Counted => "counted",
        }
    }
}

/// Compares `case` with how its message was read.
pub fn judge(case: &Case, reading: &Reading) -> Judgement {
    let decision = &reading.decision;
    let expected = &case.expected;
    let got = outcome(case, reading);
    let mark = expected.outcome.as_ref().map(|_| mark(case, reading, &got));
    let mut misses = Vec::new();
    if let Some(wanted) = &expected.outcome
        && !matches!(mark, Some(Mark::Right | Mark::Left))
        && !expected.lets_pass(&got)
    {
        let expected = wanted.clone();
        misses.push(Miss::Outcome { expected });
    }
    let product = decision.product.as_ref().map(|hit| &hit.product);
    if decision.action == Action::Forward
        && let Some(wanted) = &expected.product
        && product != Some(wanted)
    {
        misses.push(Miss::Product {
            expected: wanted.clone(),
            got: product.cloned(),
        });
    }
    if let Some(wanted) = expected.owner
        && decision.owner != Some(wanted)
    {
        misses.push(Miss::Owner {
            expected: wanted,
            got: decision.owner,
        });
    }
    if let Some(wanted) = expected.priority
        && decision.priority != wanted
    {
        misses.push(Miss::Priority {
            expected: wanted,
            got: decision.priority,
        });
    }
    // What is left open is no miss.
    if let (Some(Written::In(expected)), Some(got)) = (case.language, decision.language)
        && expected != got
    {
        misses.push(Miss::Language { expected, got });
    }
    let fired = reading.verdict.as_ref().map_or(&[][..], |v| &v.fired);
    let missing = expected.fires.iter().filter(|rule| !fired.contains(rule));
    misses.extend(missing.map(|rule| Miss::Silent { rule: rule.clone() }));
    let unwanted = expected.silent.iter().filter(|rule| fired.contains(rule));
    misses.extend(unwanted.map(|rule| Miss::Fired { rule: rule.clone() }));

    let dangerous = matches!(mark, Some(Mark::Dangerous(_)));
    let standing = match (misses.is_empty() && !dangerous, case.known) {
        _ if dangerous => Standing::Failed,
        (true, false) => Standing::Passed,
        (true, true) => Standing::Mended,
        (false, true) => Standing::KnownMiss,
        (false, false) if case.sample => Standing::Counted,
        (false, false) => Standing::Failed,
    };
    Judgement {
        got,
        mark,
        misses,
        standing,
    }
}

/// What it came to; `none` is only told apart from `review` for a case that asks for it.
fn outcome(case: &Case, reading: &Reading) -> Outcome {
    let silent = reading.decision.reason == Reason::NoEvidence;
    if silent && case.expected.lets_pass(&Outcome::Nothing) {
        Outcome::Nothing
    } else {
        Outcome::of(&reading.decision)
    }
}

fn mark(case: &Case, reading: &Reading, got: &Outcome) -> Mark {
    let decision = &reading.decision;
    let passes = case.expected.lets_pass(got);
    if decision.action == Action::Forward {
        let product = decision.product.as_ref().map(|hit| &hit.product);
        return match (passes, &case.expected.product) {
            (true, Some(wanted)) if product == Some(wanted) => Mark::Right,
            (true, Some(_)) => Mark::Dangerous(Danger::WrongPublisher),
            _ => Mark::Dangerous(Danger::Leak),
        };
    }
    let machine = matches!(
        case.expected.outcome,
        Some(Outcome::Kind(Kind::Bounce | Kind::AutoReply | Kind::Own))
    );
    if passes && got.is_review() {
        Mark::Left
    } else if passes {
        Mark::Right
    } else if machine && decision.kind == Kind::Ticket {
        Mark::Dangerous(Danger::Loop)
    } else if got.is_review() {
        Mark::Unsure
    } else {
        Mark::Wrong
    }
}
