//! Layer 1: the keyword rules. Plain text of a message's zones goes in, scored categories with
//! their evidence come out; no I/O, no clock, no knowledge of TOML.
//!
//! The way of a text: [`fold`] makes spelling variants equal and remembers where each byte came
//! from; `needles` finds every literal keyword of every rule in one pass over the
//! folded text; [`classify`] asks each rule that was touched whether it fires, and adds up.
//!
//! What a rule means is written at [`rule::RuleDraft`], how points are given at
//! [`settings::Settings`]. The same matcher finds product names for the registry: [`lexicon`].
//!
//! Invariants: the same texts and the same rules give the same verdict, whatever the order in
//! which rules were read, unless one of them has `stop`; time is linear in the size of the texts; spans point into the
//! original texts and lie on character boundaries.

mod canonical;
pub mod classify;
pub mod condition;
mod excerpt;
mod expression;
pub mod fault;
pub mod fold;
mod hits;
pub mod hours;
pub mod keyword;
mod letters;
pub mod lexicon;
pub mod lint;
mod near;
mod needles;
pub mod negation;
mod points;
pub mod prefixes;
pub mod rule;
pub mod ruleset;
mod scoring;
pub mod settings;
mod stems;
pub mod typo;
pub mod verdict;
pub mod zone;

#[cfg(test)]
mod cases;

pub use condition::{Circumstances, When};
pub use fold::FoldOptions;
pub use keyword::Keyword;
pub use lexicon::{Lexicon, LexiconHit};
pub use negation::Negation;
pub use rule::{Origin, RuleDraft};
pub use ruleset::RuleSet;
pub use settings::Settings;
pub use verdict::{Top, Verdict};
pub use zone::{FoldedZone, ZoneSet, ZoneText};
