//! What the rules say about a message.

use crate::domain::decision::{Evidence, Priority, Score, Zone};
use crate::domain::ids::{CategoryId, RuleId};

use super::condition::Unapplied;

/// Most rules named that nearly fired.
pub const NEAR_MISSES_MAX: usize = 8;

/// Most rules named that fired and do not apply.
pub const UNAPPLIED_MAX: usize = 8;

/// Most negated hits named.
pub const NEGATED_MAX: usize = 8;

/// Everything the rules say about one message.
///
/// For each category the weights of its evidence, with what [`Self::omitted`] holds for it, add
/// up to its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Each category that was given or denied points, highest first, then by name.
    pub scores: Vec<Score>,
    /// The hits, heaviest first, at most [`crate::domain::decision::EVIDENCE_MAX`]. Hits of
    /// `all` keywords beside an `any` have weight 0.
    pub evidence: Vec<Evidence>,
    /// The points of evidence that found no room, by category.
    pub omitted: Vec<Score>,
    /// How soon somebody must look.
    pub priority: Priority,
    /// The rules that set this priority, in order of their names; empty where none did.
    pub priority_evidence: Vec<PriorityEvidence>,
    /// Which category it is, or why none.
    pub top: Top,
    /// Every rule that fired, in order of their names.
    pub fired: Vec<RuleId>,
    /// The points the categories would have without any `stop` and any negation, in the order of
    /// `scores`; the guard hears these too.
    pub heard: Vec<Score>,
    /// Hits that would have counted and are negated, heaviest first, at most [`NEGATED_MAX`].
    pub negated: Vec<Negated>,
    /// Rules whose words were found and that do not count, heaviest first, at most
    /// [`UNAPPLIED_MAX`].
    pub unapplied: Vec<NotApplied>,
    /// Rules with some hit that lacked one thing to fire, heaviest first, at most
    /// [`NEAR_MISSES_MAX`].
    pub near_misses: Vec<NearMiss>,
}

impl Verdict {
    /// The points of a category, 0 where it has none.
    pub fn points(&self, category: &CategoryId) -> f64 {
        self.scores
            .iter()
            .find(|score| &score.category == category)
            .map_or(0.0, |score| score.points)
    }

    /// The highest scoring category among those `of_interest`, whatever a rule stopped
    /// and whatever is negated.
    pub fn strongest(&self, of_interest: impl Fn(&CategoryId) -> bool) -> Option<&Score> {
        self.scores
            .iter()
            .chain(&self.heard)
            .filter(|score| of_interest(&score.category))
            .max_by(|a, b| a.points.total_cmp(&b.points))
    }

    /// The next best category that has points.
    pub fn runner_up(&self) -> Option<&CategoryId> {
        self.scores
            .get(1)
            .filter(|score| score.points > 0.0)
            .map(|score| &score.category)
    }

    /// From 0 to 1: how far the first stands ahead of the second, as a share of its points.
    pub fn confidence(&self) -> f64 {
        let points = |n: usize| {
            self.scores
                .get(n)
                .map_or(0.0, |score| score.points.max(0.0))
        };
        let first = points(0);
        if first > 0.0 {
            (first - points(1)) / first
        } else {
            0.0
        }
    }
}

/// Which category comes out on top.
#[derive(Debug, Clone, PartialEq)]
pub enum Top {
    /// One category has enough points and leads by enough.
    Clear {
        /// Which.
        category: CategoryId,
        /// Its points.
        points: f64,
        /// By how much it leads the second.
        lead: f64,
    },
    /// The best one stays below the threshold.
    TooWeak {
        /// Which.
        category: CategoryId,
        /// Its points.
        points: f64,
        /// What it needs.
        threshold: f64,
    },
    /// The best two stand too close.
    TooClose {
        /// The first.
        category: CategoryId,
        /// The second.
        runner_up: CategoryId,
        /// By how much the first leads.
        lead: f64,
        /// What it needs.
        margin: f64,
    },
    /// No rule gave or took points.
    NoEvidence,
}

/// A rule that set the priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriorityEvidence {
    /// The rule.
    pub rule: RuleId,
    /// Where it hit.
    pub zone: Zone,
    /// The keyword as the operator wrote it.
    pub keyword: String,
    /// What stood in the message.
    pub text: String,
    /// Byte offsets of `text` in the zone's text, end excluded.
    pub span: (usize, usize),
}

/// A rule whose words were found and that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplied {
    /// The rule.
    pub rule: RuleId,
    /// The category it would have spoken for.
    pub category: Option<CategoryId>,
    /// Why.
    pub why: Unapplied,
}

/// A hit that does not count for its rule, because a word before it takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negated {
    /// The rule.
    pub rule: RuleId,
    /// The category it speaks for.
    pub category: Option<CategoryId>,
    /// Where it hit.
    pub zone: Zone,
    /// The keyword as the operator wrote it.
    pub keyword: String,
    /// What stood in the message.
    pub text: String,
    /// Byte offsets of `text` in the zone's text, end excluded.
    pub span: (usize, usize),
    /// What negates it, as the operator wrote it.
    pub by: String,
}

/// A rule that would have fired but for one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The rule.
    pub rule: RuleId,
    /// The category it would have spoken for.
    pub category: Option<CategoryId>,
    /// What it lacked.
    pub lacked: Lack,
}

/// What kept a rule from firing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// A keyword of `none` was hit.
    Blocked {
        /// The keyword.
        keyword: String,
        /// Where.
        zone: Zone,
        /// What stood there, as byte offsets in the zone's text.
        span: (usize, usize),
    },
    /// One keyword of `all` was not hit.
    Missing {
        /// The keyword.
        keyword: String,
    },
    /// All of `all` were hit, none of `any`.
    NoneOfAny,
    /// The hits lie too far apart.
    TooFar {
        /// How many words are allowed.
        words: u16,
    },
}
