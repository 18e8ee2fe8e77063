//! What in a set of rules is probably not meant: pure, over rules as they are written.
//!
//! A remark forbids nothing. It names the rule and the part of it, says what was seen and what to
//! do; the configuration points at the place and knows what the operator has allowed. One file a
//! family; [`terms`] tells which keywords are always found together with which others.
//!
//! The work grows with the letters of the keywords and with how often one stands within another,
//! never with the square of their number.

mod cover;
mod sameness;
mod size;
mod terms;
mod trials;

use std::fmt;

use super::fault::Part;
use super::negation::Negation;
use super::rule::RuleDraft;
use super::settings::Settings;
use crate::domain::ids::RuleId;
use terms::Terms;

/// What can be found, by the name it is allowed and denied under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// A keyword adds nothing beside another one of its list.
    Shadowed,
    /// A rule, or a keyword of it, that can never count.
    Unreachable,
    /// The same written twice.
    Duplicate,
    /// The same words speak for two things.
    Contradictory,
    /// A rule that fires on most cases.
    OverBroad,
    /// A rule that fires on no case.
    Untested,
    /// An open keyword that is part of a word which speaks for another category.
    PartOfWord,
    /// A product about which nothing can be forwarded.
    DeadProduct,
    /// An address that may receive and that nobody sends to.
    DeadContact,
    /// A contact that nobody has looked at for long.
    StaleContact,
    /// A category for which no rule speaks.
    SilentCategory,
    /// Larger than anybody means it.
    TooLarge,
    /// A regular expression that no text of the message can spare.
    AlwaysRun,
    /// A case that comes out otherwise than it says.
    FailingCase,
    /// A case about what is not configured.
    StaleCase,
    /// A shadow that cannot be run.
    BrokenShadow,
    /// Something is let pass that is not there.
    UnusedAllow,
}

impl Lint {
    /// Every one, in the order in which they are listed.
    pub const ALL: [Self; 17] = [
        Self::Shadowed,
        Self::Unreachable,
        Self::Duplicate,
        Self::Contradictory,
        Self::OverBroad,
        Self::Untested,
        Self::PartOfWord,
        Self::DeadProduct,
        Self::DeadContact,
        Self::StaleContact,
        Self::SilentCategory,
        Self::TooLarge,
        Self::AlwaysRun,
        Self::FailingCase,
        Self::StaleCase,
        Self::BrokenShadow,
        Self::UnusedAllow,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shadowed => "shadowed",
            Self::Unreachable => "unreachable",
            Self::Duplicate => "duplicate",
            Self::Contradictory => "contradictory",
            Self::OverBroad => "over-broad",
            Self::Untested => "untested",
            Self::PartOfWord => "part-of-word",
            Self::DeadProduct => "dead-product",
            Self::DeadContact => "dead-contact",
            Self::StaleContact => "stale-contact",
            Self::SilentCategory => "silent-category",
            Self::TooLarge => "too-large",
            Self::AlwaysRun => "always-run",
            Self::FailingCase => "failing-case",
            Self::StaleCase => "stale-case",
            Self::BrokenShadow => "broken-shadow",
            Self::UnusedAllow => "unused-allow",
        }
    }

    /// Those that are about a rule, and can be allowed in it.
    pub fn of_rules() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|lint| {
            matches!(
                lint,
                Self::Shadowed
                    | Self::Unreachable
                    | Self::Duplicate
                    | Self::Contradictory
                    | Self::OverBroad
                    | Self::Untested
                    | Self::PartOfWord
                    | Self::TooLarge
                    | Self::AlwaysRun
            )
        })
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub lint: Lint,
    /// Where.
    pub at: Spot,
    /// What was seen.
    pub message: String,
    /// What follows from it.
    pub note: String,
    /// What to do.
    pub hint: String,
    /// A second place, and what stands there.
    pub also: Option<(Spot, String)>,
}

/// A part of one of the drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Its number, from 0.
    pub draft: usize,
    /// Which part.
    pub part: Part,
}

/// What came of one case.
#[derive(Debug, Clone, Copy)]
pub struct Fired<'a> {
    /// The rules that fired.
    pub rules: &'a [RuleId],
}

/// Everything to be seen in `drafts`; `trials` are the cases that are tickets.
pub fn remarks(
    drafts: &[RuleDraft],
    negation: &Negation,
    settings: &Settings,
    trials: &[Fired<'_>],
) -> Vec<Remark> {
    let mut found = Vec::new();
    size::look(drafts, &mut found);
    sameness::look(drafts, settings, &mut found);
    if let Some(terms) = Terms::of(drafts, negation, settings.fold) {
        cover::look(drafts, settings, &terms, &mut found);
    }
    trials::look(drafts, trials, &mut found);
    found
}
