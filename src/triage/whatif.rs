//! What would have to change for a message to go elsewhere: the smallest edits of keywords, weights
//! and thresholds, each proved by deciding the message again with it.
//!
//! Only rules that fired or nearly did are compiled anew, by the same engine; nothing is computed
//! beside it. Bounded: at most [`TRIES_MAX`] decisions a message.

use std::collections::BTreeSet;

use crate::domain::decision::{Action, Decision, Zone};
use crate::domain::ids::{CategoryId, RuleId};
use crate::mail::Message;
use crate::mail::origin::InstanceKey;
use crate::rules::rule::List;
use crate::rules::verdict::{Lack, NearMiss};
use crate::rules::{Keyword, RuleDraft, RuleSet, Settings, Verdict};

use super::decide::{Reading, decide_with};
use super::policy::Policy;

/// Most decisions made to find the changes of one message.
pub const TRIES_MAX: usize = 96;

/// Most changes given, the smallest first.
pub const CHANGES_MAX: usize = 6;

/// Words of the message shown for a new keyword.
const WORDS_MAX: usize = 3;

/// Shortest of these words, in letters: short ones stand in every mail.
const LETTERS_MIN: usize = 5;

/// What would have to change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WhatIf {
    /// The edits that send the message elsewhere, smallest first.
    pub changes: Vec<Change>,
    /// What would come of it had a rule fired that nearly did.
    pub nearly: Vec<(NearMiss, Landing)>,
}

/// One edit and what comes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The edit.
    pub edit: Edit,
    /// How many points it moves.
    pub points: f64,
    /// Where the message would go.
    pub landing: Landing,
}

/// An edit of the rules or their settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// These keywords taken away, each with its rule.
    Without(Vec<(RuleId, String)>),
    /// A keyword more.
    With {
        /// The category it speaks for.
        category: CategoryId,
        /// Its least weight.
        weight: f64,
        /// Words of the message that could be it.
        words: Vec<String>,
    },
    /// Another number under `[decision]`.
    Setting {
        /// Its key.
        key: &'static str,
        /// What it is.
        from: f64,
        /// What it would have to be.
        to: f64,
    },
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// What it is about.
    pub category: Option<CategoryId>,
    /// What is done.
    pub action: Action,
    /// The address or folder.
    pub destination: String,
}

impl Landing {
    fn of(decision: &Decision) -> Self {
        Self {
            category: decision.category.clone(),
            action: decision.action,
            destination: decision.destination().to_owned(),
        }
    }
}

/// Looks for the changes; nothing for what is no ticket.
pub fn what_if(
    message: &Message,
    policy: &Policy,
    key: Option<&InstanceKey>,
    reading: &Reading,
) -> WhatIf {
    let Some(verdict) = &reading.verdict else {
        return WhatIf::default();
    };
    let near = verdict.near_misses.iter().map(|miss| &miss.rule);
    let unapplied = verdict.unapplied.iter().map(|rule| &rule.rule);
    let negated = verdict.negated.iter().map(|hit| &hit.rule);
    let touched = verdict.fired.iter().chain(near);
    let touched = touched.chain(unapplied).chain(negated);
    let touched: BTreeSet<&RuleId> = touched.collect();
    let mut trial = Trial {
        message,
        policy,
        key,
        rules: policy.rules.excerpt(|id| touched.contains(id)),
        settings: *policy.rules.settings(),
        now: Landing::of(&reading.decision),
        left: TRIES_MAX,
    };
    let mut changes = trial.removals(verdict);
    changes.extend(trial.settings(verdict));
    changes.extend(trial.additions(verdict, reading));
    changes.sort_by(|a, b| a.points.total_cmp(&b.points));
    changes.truncate(CHANGES_MAX);
    WhatIf {
        changes,
        nearly: trial.nearly(verdict),
    }
}

struct Trial<'a> {
    message: &'a Message,
    policy: &'a Policy,
    key: Option<&'a InstanceKey>,
    rules: Vec<RuleDraft>,
    settings: Settings,
    now: Landing,
    /// Decisions left to be made.
    left: usize,
}

impl Trial<'_> {
    /// Where the message goes with these rules.
    fn decide(&mut self, rules: Vec<RuleDraft>, settings: Settings) -> Option<Landing> {
        self.left = self.left.checked_sub(1)?;
        let set = RuleSet::with_negation(rules, self.policy.rules.negation(), settings).ok()?;
        let reading = decide_with(self.message, self.policy, &set, self.key);
        Some(Landing::of(&reading.decision))
    }

    /// The same, if it goes elsewhere.
    fn elsewhere(&mut self, rules: Vec<RuleDraft>, settings: Settings) -> Option<Landing> {
        let now = self.now.clone();
        self.decide(rules, settings)
            .filter(|landing| *landing != now)
    }

    /// Each keyword that gave or took points taken away alone; when none suffices, the heaviest for
    /// the first category taken away together.
    fn removals(&mut self, verdict: &Verdict) -> Vec<Change> {
        let mut tried = BTreeSet::new();
        let mut changes = Vec::new();
        let counted = verdict.evidence.iter().filter(|hit| hit.weight != 0.0);
        for hit in counted {
            if !tried.insert((&hit.rule, &hit.keyword)) {
                continue;
            }
            let edit = vec![(hit.rule.clone(), hit.keyword.clone())];
            let rules = without(&self.rules, &edit);
            changes.extend(self.elsewhere(rules, self.settings).map(|landing| Change {
                edit: Edit::Without(edit),
                points: hit.weight.abs(),
                landing,
            }));
        }
        if !changes.is_empty() {
            return changes;
        }
        let first = verdict.scores.first().map(|score| &score.category);
        let (mut edit, mut points) = (Vec::new(), 0.0);
        for hit in &verdict.evidence {
            let taken = (hit.rule.clone(), hit.keyword.clone());
            if hit.weight <= 0.0 || Some(&hit.category) != first || edit.contains(&taken) {
                continue;
            }
            edit.push(taken);
            points += hit.weight;
            let rules = without(&self.rules, &edit);
            if let Some(landing) = self.elsewhere(rules, self.settings) {
                let edit = Edit::Without(edit);
                return vec![Change {
                    edit,
                    points,
                    landing,
                }];
            }
        }
        Vec::new()
    }

    /// The number that stood in the way, moved just far enough.
    fn settings(&mut self, verdict: &Verdict) -> Vec<Change> {
        let points = |n: usize| verdict.scores.get(n).map_or(0.0, |score| score.points);
        let was = self.settings;
        let kept = verdict.strongest(|category| {
            let route = self.policy.routing.categories.get(category);
            route.is_none_or(|route| route.action != Action::Forward)
        });
        let against = kept.map_or(0.0, |score| score.points.max(0.0));
        let tries = [
            ("threshold", was.threshold, points(0)),
            ("forward-threshold", was.forward_threshold, points(0)),
            ("margin", was.margin, points(0) - points(1).max(0.0)),
            ("guard", was.guard, against + STEP),
        ];
        let mut changes = Vec::new();
        for (key, from, to) in tries {
            let mut settings = was;
            let slot = match key {
                "threshold" => &mut settings.threshold,
                "forward-threshold" => &mut settings.forward_threshold,
                "margin" => &mut settings.margin,
                _ => &mut settings.guard,
            };
            // Down to what there is, or up beyond what speaks against it.
            let to = if key == "guard" { up(to) } else { down(to) };
            if to <= 0.0 {
                continue;
            }
            *slot = to;
            let rules = self.rules.clone();
            changes.extend(self.elsewhere(rules, settings).map(|landing| Change {
                edit: Edit::Setting { key, from, to },
                points: (from - to).abs(),
                landing,
            }));
        }
        changes
    }

    /// For each other category the least weight of one more keyword in the text that wins.
    fn additions(&mut self, verdict: &Verdict, reading: &Reading) -> Vec<Change> {
        let words = new_words(self.message, reading);
        let Some(Ok(keyword)) = words.first().map(|word| Keyword::parse(word)) else {
            return Vec::new();
        };
        let factor = self.settings.zone_factors.of(Zone::Body);
        let categories: Vec<CategoryId> = self.policy.routing.categories.keys().cloned().collect();
        let mut changes = Vec::new();
        for category in categories {
            if category.is_review() || self.now.category.as_ref() == Some(&category) {
                continue;
            }
            let rival = verdict.strongest(|other| *other != category);
            let rival = rival.map_or(0.0, |score| score.points.max(0.0));
            let goal = self.settings.threshold.max(rival + self.settings.margin);
            let weight = up((goal - verdict.points(&category)) / factor.max(STEP));
            let mut draft = RuleDraft::new("what-if", Some(category.clone()));
            draft.weight = weight;
            draft.any = vec![keyword.clone()];
            draft.zones = vec![Zone::Body];
            let mut rules = self.rules.clone();
            rules.push(draft);
            let Some(landing) = self.elsewhere(rules, self.settings) else {
                continue;
            };
            if landing.category.as_ref() == Some(&category) {
                let words = words.clone();
                changes.push(Change {
                    edit: Edit::With {
                        category,
                        weight,
                        words,
                    },
                    points: weight * factor,
                    landing,
                });
            }
        }
        changes
    }

    /// Each rule that nearly fired, with what kept it taken away.
    fn nearly(&mut self, verdict: &Verdict) -> Vec<(NearMiss, Landing)> {
        let mut nearly = Vec::new();
        for miss in &verdict.near_misses {
            let mut rules = self.rules.clone();
            for rule in rules.iter_mut().filter(|rule| rule.id == miss.rule) {
                match &miss.lacked {
                    Lack::Blocked { keyword, .. } => rule.none.retain(|k| k.as_str() != keyword),
                    Lack::Missing { keyword } => rule.all.retain(|k| k.as_str() != keyword),
                    Lack::NoneOfAny => rule.any.clear(),
                    Lack::TooFar { .. } => rule.near = None,
                }
            }
            let settings = self.settings;
            nearly.extend(
                self.decide(rules, settings)
                    .map(|landing| (miss.clone(), landing)),
            );
        }
        nearly
    }
}

/// Points are whole thousandths; what people write has two digits.
const STEP: f64 = 0.01;

fn up(number: f64) -> f64 {
    // A hair less first, so that 1.1 stays 1.1.
    ((number / STEP - 1e-6).ceil() * STEP * 100.0).round() / 100.0
}

fn down(number: f64) -> f64 {
    ((number / STEP + 1e-6).floor() * STEP * 100.0).round() / 100.0
}

/// The rules without these keywords, and without the rules that have none left.
fn without(rules: &[RuleDraft], taken: &[(RuleId, String)]) -> Vec<RuleDraft> {
    let mut rules = rules.to_vec();
    for rule in &mut rules {
        let gone = |keyword: &Keyword| {
            let mut taken = taken.iter();
            taken.any(|(id, text)| *id == rule.id && text == keyword.as_str())
        };
        let had_any = !rule.any.is_empty();
        let keep = |list: &[Keyword]| {
            list.iter()
                .filter(|k| !gone(k))
                .cloned()
                .collect::<Vec<_>>()
        };
        let (any, all) = (keep(rule.list(List::Any)), keep(rule.list(List::All)));
        // Without its last `any` a rule would fire on less than before.
        if had_any && any.is_empty() {
            rule.all.clear();
        } else {
            rule.all = all;
        }
        rule.any = any;
    }
    rules.retain(|rule| !rule.any.is_empty() || !rule.all.is_empty());
    rules
}

/// Words of the new text that no rule has hit and that name nobody, the longest first.
fn new_words(message: &Message, reading: &Reading) -> Vec<String> {
    let decision = &reading.decision;
    let hit = |start: usize, end: usize| {
        let mut evidence = decision.evidence.iter().filter(|e| e.zone == Zone::Body);
        evidence.any(|e| e.span.0 < end && start < e.span.1)
    };
    let known = |word: &str| {
        decision
            .evidence
            .iter()
            .any(|e| e.text.to_lowercase() == word)
    };
    let mut names = message
        .from
        .first()
        .map_or_else(String::new, |author| author.text.to_lowercase());
    if let Some(product) = &decision.product {
        names.push(' ');
        names.push_str(&product.text.to_lowercase());
    }
    let asked = reading.asked();
    let mut words: Vec<String> = Vec::new();
    let mut at = 0;
    for word in asked.split(|c: char| !c.is_alphabetic()) {
        let (start, end) = (at, at + word.len());
        let behind = asked.get(end..).and_then(|rest| rest.chars().next());
        at = end + behind.map_or(0, char::len_utf8);
        // A capital may begin a name.
        let plain = word.chars().all(char::is_lowercase) && word.chars().count() >= LETTERS_MIN;
        // Part of an address, a number or a file's name.
        let before = asked.get(..start).and_then(|rest| rest.chars().next_back());
        let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || "@._-/\\".contains(c));
        let ends = behind == Some('.')
            && asked
                .get(at..)
                .is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace));
        let inside = part(before) || (part(behind) && !ends);
        if plain
            && !inside
            && !hit(start, end)
            && !known(word)
            && !names.contains(word)
            && !words.iter().any(|w| w == word)
        {
            words.push(word.to_owned());
        }
    }
    words.sort_by(|a, b| b.chars().count().cmp(&a.chars().count()).then(a.cmp(b)));
    words.truncate(WORDS_MAX);
    words
}
