//! Keywords that labelled mail speaks for: what people filed says which words tell its category.
//!
//! [`Labelled`] takes messages with the category that people gave them; [`suggest`] fits one sparse
//! model a category and reads a few words off it; [`prove`] tries these words on the cases and
//! withdraws whatever makes a dangerous error there. Nothing is applied: what comes out are drafts.
//!
//! Invariants: pure and deterministic; the order of messages of equal text does not matter; memory
//! and time are bounded by the constants of the modules.

mod labelled;
mod model;
mod proof;
mod vocabulary;
mod words;

use std::collections::BTreeMap;

use crate::domain::ids::{CategoryId, RuleId};
use crate::domain::language::Language;
use crate::rules::{Keyword, RuleDraft};

use super::policy::Policy;
pub use labelled::{Labelled, MESSAGES_MAX};
pub use proof::{Proof, Withdrawn, prove};

/// Decimals of a weight where the rules have no weights to go by.
const STEPS: f64 = 10.0;

/// Least part of the threshold that a proposed word is worth: below, it says nothing.
const SHARE_MIN: f64 = 0.05;

/// One proposed keyword and what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The category it speaks for.
    pub category: CategoryId,
    /// What most messages of the category that hold it are written in.
    pub language: Option<Language>,
    /// A word or a phrase of two, folded.
    pub keyword: String,
    /// One of the weights that the rules use already.
    pub weight: f64,
    /// The messages behind it.
    pub counts: Counts,
}

/// How often a word came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Messages of the category that hold it.
    pub of_category: usize,
    /// All messages that hold it.
    pub messages: usize,
    /// Senders of those of the category.
    pub senders: usize,
}

/// At most `max` keywords for each of `categories`, the weightiest first.
pub fn suggest(
    mail: &Labelled,
    policy: &Policy,
    categories: &[CategoryId],
    max: usize,
) -> Vec<Suggestion> {
    let scale = Scale::of(policy);
    let mut all = Vec::new();
    for category in categories {
        let vocabulary = vocabulary::of(mail, policy, category);
        let Some(fit) = model::fit(&vocabulary.rows(mail), vocabulary.words.len()) else {
            continue;
        };
        let mut found: Vec<(f64, Suggestion)> = vocabulary
            .words
            .into_iter()
            .zip(fit.weights)
            .filter_map(|(word, odds)| {
                // What lifts a message over the model's own threshold lifts it over ours.
                let share = odds / (-fit.intercept).max(1.0);
                (share >= SHARE_MIN).then(|| {
                    let suggestion = Suggestion {
                        category: category.clone(),
                        language: word.language,
                        weight: scale.nearest(share),
                        keyword: word.text,
                        counts: word.counts,
                    };
                    (share, suggestion)
                })
            })
            .collect();
        found.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.keyword.cmp(&y.keyword)));
        all.extend(found.into_iter().take(max).map(|(_, word)| word));
    }
    all
}

/// The weights that proposed keywords may have.
struct Scale {
    /// Ascending.
    weights: Vec<f64>,
    threshold: f64,
}

impl Scale {
    fn of(policy: &Policy) -> Self {
        let drafts = policy.rules.excerpt(|_| true);
        let mut weights: Vec<f64> = drafts
            .iter()
            .filter(|draft| draft.category.is_some() && draft.weight > 0.0)
            .map(|draft| draft.weight)
            .collect();
        weights.sort_by(f64::total_cmp);
        weights.dedup();
        Self {
            weights,
            threshold: policy.rules.settings().threshold,
        }
    }

    /// The weight nearest to this share of the threshold; a whole threshold is the most that mail
    /// alone may ask for.
    fn nearest(&self, share: f64) -> f64 {
        let wanted = self.threshold * share.min(1.0);
        let far = |weight: &f64| (weight - wanted).abs();
        let nearest = self.weights.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
        nearest
            .copied()
            .unwrap_or_else(|| ((wanted * STEPS).round() / STEPS).max(1.0 / STEPS))
    }
}

/// A rule of proposed keywords, with what speaks for each.
#[derive(Debug, Clone)]
pub struct Proposed<'s> {
    /// The rule.
    pub draft: RuleDraft,
    /// Its keywords, in its order.
    pub words: Vec<&'s Suggestion>,
}

/// The rules that say so: one for each category, language and weight, with names that are free.
pub fn rules<'s>(suggestions: &'s [Suggestion], policy: &Policy) -> Vec<Proposed<'s>> {
    let mut groups: Vec<Vec<&Suggestion>> = Vec::new();
    for word in suggestions {
        let same = |group: &&mut Vec<&Suggestion>| {
            group.first().is_some_and(|first| {
                first.category == word.category
                    && first.language == word.language
                    && first.weight.total_cmp(&word.weight).is_eq()
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(word),
            None => groups.push(vec![word]),
        }
    }
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    groups
        .into_iter()
        .filter_map(|words| {
            let first = words.first()?;
            let mut stem = format!("suggested-{}", first.category);
            if let Some(language) = first.language {
                stem = format!("{stem}-{language}");
            }
            let number = numbers.entry(stem.clone()).or_default();
            let id = loop {
                *number += 1;
                let id: RuleId = match *number {
                    1 => stem.as_str().into(),
                    n => format!("{stem}-{n}").as_str().into(),
                };
                // A set is bounded, so that some number is free.
                if policy.rules.rule(&id).is_none() {
                    break id;
                }
            };
            let mut draft = RuleDraft::new(id, Some(first.category.clone()));
            draft.weight = first.weight;
            let parsed = words.iter().map(|word| Keyword::parse(&word.keyword));
            draft.any = parsed.filter_map(Result::ok).collect();
            (!draft.any.is_empty()).then_some(Proposed { draft, words })
        })
        .collect()
}
