//! What can be wrong with a set of rules that are each well written.

use std::fmt;

use crate::domain::ids::RuleId;

use super::keyword::KeywordFault;
use super::rule::{List, Origin};

/// One fault of a rule set, with its place, so that the configuration can point at it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleFault {
    /// Where it lies.
    pub place: Place,
    /// What it is.
    pub kind: FaultKind,
}

/// Where a fault lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the set as a whole.
    Set,
    /// In one of the settings.
    Setting {
        /// Its key, such as `threshold`.
        key: &'static str,
    },
    /// In a rule.
    Rule {
        /// Its number among the drafts, from 0.
        draft: usize,
        /// Its name.
        rule: RuleId,
        /// Where it is written.
        origin: Origin,
        /// Which part of it.
        part: Part,
    },
}

/// Which part of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The rule as a whole.
    Whole,
    /// One of its keys, such as `weight`.
    Key(&'static str),
    /// One of its keywords.
    Keyword {
        /// Which list.
        list: List,
        /// Its number in the list, from 0.
        index: usize,
    },
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultKind {
    /// Two rules have one name.
    #[error("the rule `{id}` is there already, at {first}; give this one another `id`")]
    DuplicateId {
        /// The name.
        id: RuleId,
        /// The first of them.
        first: Origin,
    },
    /// Neither `any` nor `all`.
    #[error("the rule has no keyword under `any` or `all` and would fire on every message")]
    NoCondition,
    /// Neither a category nor a priority.
    #[error("the rule has neither `category` nor `priority`: it would do nothing")]
    NoEffect,
    /// A number outside its bounds.
    #[error("{value} is out of bounds: from {least} to {most}")]
    OutOfBounds {
        /// What is written.
        value: f64,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
    },
    /// A keyword that cannot be used with the set's folding.
    #[error(transparent)]
    Keyword(#[from] KeywordFault),
    /// A regular expression that should negate.
    #[error("what negates is a word or phrase; {word:?} is a regular expression")]
    RegexNegates {
        /// As written.
        word: String,
    },
    /// More of something than a set may have.
    #[error("{found} {what} are too many, at most {limit} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// The automaton could not be built.
    #[error("the keywords cannot be compiled: {what}")]
    Automaton {
        /// The words of the library.
        what: String,
    },
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Set => {}
            Place::Setting { key } => write!(f, "`{key}`: ")?,
            Place::Rule {
                rule, origin, part, ..
            } => {
                write!(f, "{origin}: rule `{rule}`: ")?;
                match part {
                    Part::Whole => {}
                    Part::Key(key) => write!(f, "`{key}`: ")?,
                    Part::Keyword { list, index } => write!(f, "`{list}` keyword {}: ", index + 1)?,
                }
            }
        }
        self.kind.fmt(f)
    }
}

impl std::error::Error for RuleFault {}
