//! A rule: what the operator says about messages that hold certain words.

use std::fmt;
use std::sync::Arc;

use crate::domain::decision::{Priority, Zone};
use crate::domain::ids::{CategoryId, RuleId};
use crate::domain::language::Language;

use super::condition::When;
use super::keyword::Keyword;
use super::needles::Needle;
use super::zone::ZoneSet;

/// Where a rule is written, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file's name as findings show it.
    pub file: Arc<str>,
    /// The line on which the rule begins, counted from 1; 0 where there is none.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A rule as it is written, before it is checked and compiled.
///
/// **It fires** when in its zones (1) there is a hit of at least one `any` keyword, or `any` is
/// empty, and (2) every `all` keyword is hit, and (3) no `none` keyword is hit. A zone the message
/// does not have holds no hit: it fulfils `none`, never `any` or `all`. `any` and `all` may not
/// both be empty.
///
/// **With `near = N`** a hit counts for `any` and `all` only where, in one text, hits that fulfil
/// both begin within N successive words; `none` still looks at the whole zones. Words are what
/// white space separates. The first 16 hits of a keyword in a text are looked at.
///
/// **Its points.** The keywords that speak are those of `any`, or those of `all` where `any` is
/// empty. The best hit (highest zone factor, then longest, then first written) gives
/// `weight × zone factor`. With `any`, each further keyword whose hit overlaps none counted
/// before adds `weight × zone factor × shareⁿ` for n = 1, 2, …, at most seven of them; the
/// total is cut at `cap` times what the best hit gave. Negative weights take points away by the same arithmetic.
/// Points are rounded to thousandths. A rule without a category gives no points.
///
/// **With `stem`** each plain keyword, in `any`, `all` and `none`, also hits the words that have its
/// stem in that language, by Snowball; in a phrase each word does. Keywords with `*`, `~` or slashes
/// and those that begin or end with a sign mean what they ever do. A word whose stem would have
/// fewer than three letters stands for itself.
///
/// **What is negated** (see [`super::Negation`]) is no hit for `any` and `all`, unless the rule is
/// not `negatable` or its weight is below 0. `none` hears it as ever. So negation never makes a
/// rule fire and never raises a category. What the rule
/// would have given without it is still heard by the guard, as with `stop`.
///
/// **It applies** when every condition of its `when` holds; what is not known of a message fulfils
/// no condition. A rule that fires and does not apply counts for nothing and is named as such.
///
/// **Its place.** Rules stand in order of their `order`, lowest first, and within one `order` as
/// they were given: by file name, then by place in the file. Points add up whatever the place is;
/// only `stop` looks at it. When a rule with `stop` fires and applies, the rules behind it give
/// neither points nor priority; those before it and its own count as ever, and threshold and margin
/// are as ever. A rule that was stopped stops nothing. What stopped rules say is still heard by
/// the guard: `stop` settles which queue, it never opens the way out of the house.
///
/// **Its priority** counts when it fires and has no category, or its category comes out first.
/// Of several, the highest counts.
#[derive(Debug, Clone)]
pub struct RuleDraft {
    /// Unique in the set.
    pub id: RuleId,
    /// The category it speaks for or, with a negative weight, against.
    pub category: Option<CategoryId>,
    /// Points of a hit in a zone of factor 1; from −1000 to 1000.
    pub weight: f64,
    /// One of these must be hit.
    pub any: Vec<Keyword>,
    /// Each of these must be hit.
    pub all: Vec<Keyword>,
    /// None of these may be hit.
    pub none: Vec<Keyword>,
    /// The language by whose stems its plain keywords hit.
    pub stem: Option<Language>,
    /// Where it looks; empty means subject and body.
    pub zones: Vec<Zone>,
    /// How soon somebody must look at what it fires on.
    pub priority: Option<Priority>,
    /// Within how many successive words the hits must begin; from 1 to 1000.
    pub near: Option<u16>,
    /// Most its further keywords may raise it to, as a multiple of its best hit; from 1 to 10.
    /// Without it the set's own `cap` holds.
    pub cap: Option<f64>,
    /// Whether its `any` and `all` are deaf to negated hits.
    pub negatable: bool,
    /// What must be so for it to apply.
    pub when: When,
    /// Its place among the rules, the lowest first; from −1000 to 1000.
    pub order: i32,
    /// Whether the rules behind it count for nothing when it fires and applies.
    pub stop: bool,
    /// What people should know of it; decides nothing.
    pub note: Option<String>,
    /// Whom to ask about it; decides nothing.
    pub maintainer: Option<String>,
    /// Where it is written.
    pub origin: Origin,
}

impl RuleDraft {
    /// A rule of weight 1 that still lacks keywords.
    pub fn new(id: impl Into<RuleId>, category: Option<CategoryId>) -> Self {
        Self {
            id: id.into(),
            category,
            weight: 1.0,
            any: Vec::new(),
            all: Vec::new(),
            none: Vec::new(),
            stem: None,
            zones: Vec::new(),
            priority: None,
            near: None,
            cap: None,
            negatable: true,
            when: When::default(),
            order: 0,
            stop: false,
            note: None,
            maintainer: None,
            origin: Origin::default(),
        }
    }

    /// The zones it looks at, in the order of [`Zone::ALL`], each once.
    pub fn effective_zones(&self) -> Vec<Zone> {
        let named: &[Zone] = if self.zones.is_empty() {
            &ZONES_DEFAULT
        } else {
            &self.zones
        };
        let mut zones = named.to_vec();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// Its keywords of one list.
    pub fn list(&self, list: List) -> &[Keyword] {
        match list {
            List::All => &self.all,
            List::None => &self.none,
            List::Any => &self.any,
        }
    }
}

/// The zones of a rule that names none.
pub const ZONES_DEFAULT: [Zone; 2] = [Zone::Subject, Zone::Body];

/// Which of a rule's keyword lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Each must be hit.
    All,
    /// None may be hit.
    None,
    /// One must be hit.
    Any,
}

impl List {
    /// Every list.
    pub const ALL: [Self; 3] = [Self::All, Self::None, Self::Any];

    /// The key it has in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::None => "none",
            Self::Any => "any",
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A keyword in its place, compiled.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub keyword: Arc<str>,
    pub needle: Needle,
}

/// A rule, compiled.
#[derive(Debug)]
pub struct Rule {
    pub(super) id: RuleId,
    /// Number of the category in the set.
    pub(super) category: Option<u32>,
    pub(super) weight: f64,
    pub(super) any: Vec<Slot>,
    pub(super) all: Vec<Slot>,
    pub(super) none: Vec<Slot>,
    pub(super) stem: Option<Language>,
    /// How many of `all` are literals.
    pub(super) literal_all: usize,
    pub(super) has_regex: bool,
    pub(super) zones: ZoneSet,
    pub(super) priority: Option<Priority>,
    pub(super) near: Option<u16>,
    pub(super) cap: f64,
    pub(super) negatable: bool,
    pub(super) when: When,
    /// Its number in the order of the rules.
    pub(super) place: u32,
    pub(super) stop: bool,
    pub(super) note: Option<String>,
    pub(super) maintainer: Option<String>,
    pub(super) origin: Origin,
}

impl Rule {
    /// Its name.
    pub const fn id(&self) -> &RuleId {
        &self.id
    }

    /// What people should know of it.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whom to ask about it.
    pub fn maintainer(&self) -> Option<&str> {
        self.maintainer.as_deref()
    }

    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn list(&self, list: List) -> &[Slot] {
        match list {
            List::All => &self.all,
            List::None => &self.none,
            List::Any => &self.any,
        }
    }

    /// Whether it could fire without a hit of any literal keyword, so that it must be tried
    /// wherever one of its regular expressions may match.
    pub(super) fn needs_no_literal(&self) -> bool {
        let regex = |slot: &Slot| matches!(slot.needle, Needle::Regex(_));
        self.literal_all == 0 && (self.any.is_empty() || self.any.iter().any(regex))
    }
}
