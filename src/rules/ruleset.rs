//! A set of rules, checked as a whole and compiled for matching.
//!
//! A set that compiles is never wrong later: every bound holds, every name is unique, every
//! number is finite. All faults are told at once. Rules are kept in order of their names; the order
//! in which they were given matters only where one of them has `stop`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::decision::Zone;
use crate::domain::digest::Digest;
use crate::domain::ids::{CategoryId, RuleId};

use super::canonical;
use super::fault::{FaultKind, Part, Place, RuleFault};
use super::needles::{Needle, Needles, NeedlesBuilder, count};
use super::negation::{NEGATORS_MAX, Negation, Negators, WINDOW_MAX};
use super::rule::{List, Origin, Rule, RuleDraft, Slot};
use super::settings::Settings;
use super::zone::ZoneSet;

/// Most rules in a set.
pub const RULES_MAX: usize = 10_000;

/// Most keywords in a set, every list of every rule counted.
pub const KEYWORDS_MAX: usize = 100_000;

/// Most different regular expressions in a set.
pub const REGEXES_MAX: usize = 1_000;

/// Most bytes of different literal keywords in a set.
pub const LITERAL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Greatest weight, up and down.
pub const WEIGHT_MAX: f64 = 1_000.0;

/// Greatest `cap`.
pub const CAP_MAX: f64 = 10.0;

/// Greatest zone factor.
pub const FACTOR_MAX: f64 = 10.0;

/// Greatest `threshold`, `margin` and `guard`.
pub const POINTS_MAX: f64 = 1_000_000.0;

/// Widest `near`, in words.
pub const NEAR_MAX: u16 = 1_000;

/// Greatest `order`, up and down.
pub const ORDER_MAX: i32 = 1_000;

/// Which keyword of which rule a term stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub rule: u32,
    pub list: List,
    pub slot: u32,
}

/// The rules in force.
#[derive(Debug)]
pub struct RuleSet {
    pub(super) rules: Vec<Rule>,
    /// In order of name.
    pub(super) categories: Vec<CategoryId>,
    pub(super) needles: Needles,
    pub(super) negators: Negators,
    negation: Negation,
    /// By term.
    pub(super) uses: Vec<Vec<Use>>,
    /// By regular expression: the rules that could fire without any literal keyword.
    pub(super) uses_of_regex: Vec<Vec<u32>>,
    /// The zones that some rule looks at.
    pub(super) looked_at: ZoneSet,
    settings: Settings,
    digest: Digest,
}

impl RuleSet {
    /// As [`Self::with_negation`], with nothing that negates.
    pub fn compile(drafts: Vec<RuleDraft>, settings: Settings) -> Result<Self, Vec<RuleFault>> {
        Self::with_negation(drafts, &Negation::default(), settings)
    }

    /// Checks and compiles `drafts`; every fault is in the answer.
    pub fn with_negation(
        drafts: Vec<RuleDraft>,
        negation: &Negation,
        settings: Settings,
    ) -> Result<Self, Vec<RuleFault>> {
        let mut faults = Vec::new();
        check_sizes(&drafts, negation, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        check_settings(&settings, &mut faults);
        let mut first_of: HashMap<RuleId, Origin> = HashMap::new();
        for (n, draft) in drafts.iter().enumerate() {
            check_rule(n, draft, &mut faults);
            if let Some(first) = first_of.get(&draft.id) {
                let kind = FaultKind::DuplicateId {
                    id: draft.id.clone(),
                    first: first.clone(),
                };
                faults.push(fault(n, draft, Part::Key("id"), kind));
            } else {
                first_of.insert(draft.id.clone(), draft.origin.clone());
            }
        }

        let places = places(&drafts);
        let mut sorted: Vec<(usize, RuleDraft)> = drafts.into_iter().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        let place = |n: &usize| places.get(*n).copied().unwrap_or_default();
        let placed = sorted.iter().map(|(n, draft)| (place(n), draft));
        let digest = canonical::digest(&settings, negation, placed);
        let categories: Vec<CategoryId> = sorted
            .iter()
            .filter_map(|(_, draft)| draft.category.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut builder = NeedlesBuilder::new(settings.fold);
        let mut rules = Vec::with_capacity(sorted.len());
        for (n, draft) in sorted {
            let compiled =
                compile_rule(n, draft, &settings, &categories, &mut builder, &mut faults);
            rules.push(Rule {
                place: place(&n),
                ..compiled
            });
        }
        let negators = negators(negation, &settings, &mut builder, &mut faults);
        bound(
            "bytes of keywords",
            builder.bytes(),
            LITERAL_BYTES_MAX,
            &mut faults,
        );
        bound(
            "regular expressions",
            builder.regexes(),
            REGEXES_MAX,
            &mut faults,
        );
        if !faults.is_empty() {
            // In the order in which an operator reads: by draft, settings first.
            faults.sort_by_key(|fault| match fault.place {
                Place::Rule { draft, .. } => draft + 1,
                _ => 0,
            });
            return Err(faults);
        }
        let needles = builder.build().map_err(|error| {
            vec![RuleFault {
                place: Place::Set,
                kind: FaultKind::Automaton {
                    what: error.to_string(),
                },
            }]
        })?;
        Ok(Self {
            uses: uses_of(&rules, needles.terms()),
            uses_of_regex: uses_of_regex(&rules, needles.regexes()),
            looked_at: rules
                .iter()
                .fold(ZoneSet::default(), |all, rule| all.with(rule.zones)),
            rules,
            categories,
            needles,
            negators,
            negation: negation.clone(),
            settings,
            digest,
        })
    }

    /// The rules, in order of their names.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this name.
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        let n = self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok()?;
        self.rules.get(n)
    }

    /// The categories that rules speak for, in order of name.
    pub fn categories(&self) -> &[CategoryId] {
        &self.categories
    }

    /// How many keywords all rules have together.
    pub fn keywords(&self) -> usize {
        self.rules
            .iter()
            .map(|r| r.any.len() + r.all.len() + r.none.len())
            .sum()
    }

    /// What holds for all rules.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What negates.
    pub const fn negation(&self) -> &Negation {
        &self.negation
    }

    /// Digest of all that decides: settings, rules, keywords; not of where they are written.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Heap memory of the keyword automaton, in bytes.
    pub fn automaton_bytes(&self) -> usize {
        self.needles.memory()
    }
}

/// The number of each draft in the order of the rules.
fn places(drafts: &[RuleDraft]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&n| drafts.get(n).map(|draft| draft.order));
    let mut places = vec![0; drafts.len()];
    for (place, n) in (0..).zip(order) {
        if let Some(slot) = places.get_mut(n) {
            *slot = place;
        }
    }
    places
}

fn fault(n: usize, draft: &RuleDraft, part: Part, kind: FaultKind) -> RuleFault {
    RuleFault {
        place: Place::Rule {
            draft: n,
            rule: draft.id.clone(),
            origin: draft.origin.clone(),
            part,
        },
        kind,
    }
}

fn bound(what: &'static str, found: usize, limit: usize, faults: &mut Vec<RuleFault>) {
    if found > limit {
        faults.push(RuleFault {
            place: Place::Set,
            kind: FaultKind::TooMany { what, found, limit },
        });
    }
}

fn check_sizes(drafts: &[RuleDraft], negation: &Negation, faults: &mut Vec<RuleFault>) {
    bound("rules", drafts.len(), RULES_MAX, faults);
    let keywords = drafts
        .iter()
        .flat_map(|draft| List::ALL.map(|list| draft.list(list).len()))
        .sum();
    bound("keywords", keywords, KEYWORDS_MAX, faults);
    for words in [negation.words.len(), negation.until.len()] {
        bound("words of negation", words, NEGATORS_MAX, faults);
    }
    let window = usize::from(negation.window);
    let most = usize::from(WINDOW_MAX);
    bound("words in the window of negation", window, most, faults);
}

fn out_of_bounds(value: f64, least: f64, most: f64) -> Option<FaultKind> {
    // Written so that what is no number is out of bounds too.
    (!(least..=most).contains(&value)).then_some(FaultKind::OutOfBounds { value, least, most })
}

fn check_settings(settings: &Settings, faults: &mut Vec<RuleFault>) {
    const LEAST: f64 = 0.001;
    let mut check = |key, value, least, most| {
        if let Some(kind) = out_of_bounds(value, least, most) {
            faults.push(RuleFault {
                place: Place::Setting { key },
                kind,
            });
        }
    };
    check("threshold", settings.threshold, LEAST, POINTS_MAX);
    check("margin", settings.margin, 0.0, POINTS_MAX);
    check("guard", settings.guard, LEAST, POINTS_MAX);
    check(
        "forward-threshold",
        settings.forward_threshold,
        settings.threshold,
        POINTS_MAX,
    );
    check(
        "inherited-subject",
        settings.inherited_subject,
        0.0,
        FACTOR_MAX,
    );
    check("share", settings.share, 0.0, 1.0);
    check("cap", settings.cap, 1.0, CAP_MAX);
    for zone in Zone::ALL {
        check(
            zone.as_str(),
            settings.zone_factors.of(zone),
            0.0,
            FACTOR_MAX,
        );
    }
}

fn check_rule(n: usize, draft: &RuleDraft, faults: &mut Vec<RuleFault>) {
    let mut add = |part, kind| faults.push(fault(n, draft, part, kind));
    if draft.any.is_empty() && draft.all.is_empty() {
        add(Part::Whole, FaultKind::NoCondition);
    }
    if draft.category.is_none() && draft.priority.is_none() {
        add(Part::Whole, FaultKind::NoEffect);
    }
    if let Some(kind) = out_of_bounds(draft.weight, -WEIGHT_MAX, WEIGHT_MAX) {
        add(Part::Key("weight"), kind);
    }
    if let Some(kind) = draft.cap.and_then(|cap| out_of_bounds(cap, 1.0, CAP_MAX)) {
        add(Part::Key("cap"), kind);
    }
    let order = f64::from(ORDER_MAX);
    if let Some(kind) = out_of_bounds(f64::from(draft.order), -order, order) {
        add(Part::Key("order"), kind);
    }
    let near = draft.near.map(f64::from);
    if let Some(kind) = near.and_then(|near| out_of_bounds(near, 1.0, f64::from(NEAR_MAX))) {
        add(Part::Key("near"), kind);
    }
}

fn compile_rule(
    n: usize,
    draft: RuleDraft,
    settings: &Settings,
    categories: &[CategoryId],
    builder: &mut NeedlesBuilder,
    faults: &mut Vec<RuleFault>,
) -> Rule {
    let [all, none, any] = List::ALL.map(|list| {
        let mut slots = Vec::with_capacity(draft.list(list).len());
        for (index, keyword) in draft.list(list).iter().enumerate() {
            match builder.add(keyword, draft.stem) {
                Ok(needle) => slots.push(Slot {
                    keyword: keyword.shared(),
                    needle,
                }),
                Err(kind) => {
                    faults.push(fault(n, &draft, Part::Keyword { list, index }, kind.into()));
                }
            }
        }
        slots
    });
    let regex = |slot: &&Slot| matches!(slot.needle, Needle::Regex(_));
    let regexes_in_all = all.iter().filter(regex).count();
    let category = draft.category.as_ref();
    Rule {
        category: category.and_then(|own| categories.binary_search(own).ok().map(count)),
        weight: draft.weight,
        literal_all: all.len() - regexes_in_all,
        has_regex: all.iter().chain(&none).chain(&any).any(|slot| regex(&slot)),
        zones: draft.effective_zones().into_iter().collect(),
        any,
        all,
        none,
        stem: draft.stem,
        priority: draft.priority,
        near: draft.near,
        cap: draft.cap.unwrap_or(settings.cap),
        negatable: draft.negatable,
        when: draft.when,
        place: 0,
        stop: draft.stop,
        note: draft.note,
        maintainer: draft.maintainer,
        id: draft.id,
        origin: draft.origin,
    }
}

fn negators(
    negation: &Negation,
    settings: &Settings,
    builder: &mut NeedlesBuilder,
    faults: &mut Vec<RuleFault>,
) -> Negators {
    let mut by_term: BTreeMap<u32, Arc<str>> = BTreeMap::new();
    for word in &negation.words {
        let kind = match builder.add(word, None) {
            Ok(Needle::Term(term)) => {
                by_term.entry(term).or_insert_with(|| word.shared());
                continue;
            }
            Ok(Needle::Regex(_)) => FaultKind::RegexNegates {
                word: word.to_string(),
            },
            Err(kind) => kind.into(),
        };
        faults.push(RuleFault {
            place: Place::Set,
            kind,
        });
    }
    Negators::new(by_term, negation, settings.fold)
}

fn uses_of(rules: &[Rule], terms: usize) -> Vec<Vec<Use>> {
    let mut uses = vec![Vec::new(); terms];
    for (n, rule) in (0..).zip(rules) {
        for list in List::ALL {
            for (slot, compiled) in (0..).zip(rule.list(list)) {
                if let Needle::Term(term) = compiled.needle
                    && let Some(uses) = uses.get_mut(term as usize)
                {
                    uses.push(Use {
                        rule: n,
                        list,
                        slot,
                    });
                }
            }
        }
    }
    uses
}

fn uses_of_regex(rules: &[Rule], regexes: usize) -> Vec<Vec<u32>> {
    let mut uses = vec![Vec::new(); regexes];
    for (n, rule) in (0..).zip(rules).filter(|(_, rule)| rule.needs_no_literal()) {
        // `none` alone makes no rule fire.
        for slot in rule.all.iter().chain(&rule.any) {
            if let Needle::Regex(regex) = slot.needle
                && let Some(uses) = uses.get_mut(regex as usize)
            {
                uses.push(n);
            }
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Keyword;

    fn rule(id: &str, any: &[&str]) -> RuleDraft {
        let mut draft = RuleDraft::new(id, Some("billing".into()));
        draft.any = any
            .iter()
            .map(|word| Keyword::parse(word).expect(word))
            .collect();
        draft.origin = Origin {
            file: "rules.toml".into(),
            line: 7,
        };
        draft
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let mut idle = rule("idle", &["faktura"]);
        idle.category = None;
        let mut heavy = rule("heavy", &["faktura"]);
        heavy.weight = f64::NAN;
        heavy.cap = Some(0.5);
        heavy.near = Some(0);
        let settings = Settings {
            threshold: 0.0,
            share: 2.0,
            ..Settings::default()
        };
        let drafts = vec![
            rule("bare", &[]),
            idle,
            heavy,
            rule("twice", &["a"]),
            rule("twice", &["b"]),
        ];
        let faults = RuleSet::compile(drafts, settings).expect_err("seven faults and more");
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`threshold`: 0 is out of bounds: from 0.001 to 1000000",
                "`share`: 2 is out of bounds: from 0 to 1",
                "rules.toml:7: rule `bare`: the rule has no keyword under `any` or `all` and would fire on every message",
                "rules.toml:7: rule `idle`: the rule has neither `category` nor `priority`: it would do nothing",
                "rules.toml:7: rule `heavy`: `weight`: NaN is out of bounds: from -1000 to 1000",
                "rules.toml:7: rule `heavy`: `cap`: 0.5 is out of bounds: from 1 to 10",
                "rules.toml:7: rule `heavy`: `near`: 0 is out of bounds: from 1 to 1000",
                "rules.toml:7: rule `twice`: `id`: the rule `twice` is there already, at rules.toml:7; give this one another `id`",
            ]
        );
    }

    #[test]
    fn a_keyword_that_stripping_empties_is_a_fault_at_its_index() {
        let settings = Settings {
            fold: super::super::FoldOptions {
                strip_diacritics: true,
            },
            ..Settings::default()
        };
        let drafts = vec![rule("marks", &["fel", "\u{301}"])];
        let faults = RuleSet::compile(drafts, settings).expect_err("one fault");
        assert!(matches!(
            faults.as_slice(),
            [RuleFault {
                place: Place::Rule {
                    part: Part::Keyword {
                        list: List::Any,
                        index: 1
                    },
                    ..
                },
                kind: FaultKind::Keyword(_),
            }]
        ));
    }

    #[test]
    fn bounds_hold() {
        let rules = (0..=RULES_MAX)
            .map(|n| rule(&n.to_string(), &["x"]))
            .collect();
        let faults = RuleSet::compile(rules, Settings::default()).expect_err("too many rules");
        assert!(
            faults[0]
                .to_string()
                .starts_with("10001 rules are too many")
        );
        let mut many = rule("many", &[]);
        many.any = vec![Keyword::parse("x").expect("x"); KEYWORDS_MAX + 1];
        let faults = RuleSet::compile(vec![many], Settings::default()).expect_err("too many");
        assert!(
            faults[0]
                .to_string()
                .starts_with("100001 keywords are too many")
        );
        let mut regexes = rule("regexes", &[]);
        regexes.any = (0..=REGEXES_MAX)
            .map(|n| Keyword::parse(&format!("/x{n}/")).expect("a regex"))
            .collect();
        let faults = RuleSet::compile(vec![regexes], Settings::default()).expect_err("too many");
        assert!(
            faults[0]
                .to_string()
                .starts_with("1001 regular expressions")
        );
    }

    #[test]
    fn the_digest_follows_meaning_not_order() {
        let digest = |drafts, settings| RuleSet::compile(drafts, settings).expect("rules").digest();
        let plain = Settings::default();
        let (a, b) = (rule("a", &["x", "y"]), rule("b", &["z"]));
        let one = digest(vec![a.clone(), b.clone()], plain);
        let mut moved = a.clone();
        moved.origin.line = 99;
        assert_eq!(one, digest(vec![b.clone(), moved], plain));
        let mut all = a.clone();
        std::mem::swap(&mut all.any, &mut all.all);
        let mut heavy = a.clone();
        heavy.weight = 1.5;
        let strict = Settings {
            margin: 0.6,
            ..plain
        };
        for other in [
            digest(vec![a.clone()], plain),
            digest(vec![all, b.clone()], plain),
            digest(vec![heavy, b.clone()], plain),
            digest(vec![rule("a", &["xy"]), b.clone()], plain),
            digest(vec![a, b], strict),
        ] {
            assert_ne!(one, other);
        }
    }
}
