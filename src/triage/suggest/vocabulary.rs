//! Which words may speak for a category at all, before any model looks at them.
//!
//! Left out is what tells a person, a firm or a product instead of a matter, what is too rare to
//! learn from, and what the rules of the category hear already.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::domain::decision::Zone;
use crate::domain::ids::CategoryId;
use crate::domain::language::Language;
use crate::rules::fold::Folded;
use crate::rules::{Lexicon, ZoneText};
use crate::triage::policy::Policy;

use super::labelled::{Labelled, SPELT};
use super::{Counts, words};

/// Fewest messages of the category that hold a word.
const MESSAGES_MIN: usize = 3;

/// Fewest senders of these: a word of one sender is a habit or a signature.
const SENDERS_MIN: usize = 2;

/// Least share of the messages with a word that are of the category.
const SHARE_MIN: f64 = 0.75;

/// Most words given to the model, those that stand out most.
const WORDS_MAX: usize = 300;

/// A word that may speak for the category.
#[derive(Debug)]
pub(super) struct Word {
    number: usize,
    pub text: String,
    pub language: Option<Language>,
    pub counts: Counts,
}

/// The words that may speak for one category.
#[derive(Debug)]
pub(super) struct Vocabulary<'c> {
    category: &'c CategoryId,
    pub words: Vec<Word>,
}

impl Vocabulary<'_> {
    /// For each message the places of its words in `words`, and whether it is of the category.
    pub fn rows(&self, mail: &Labelled) -> Vec<(Vec<usize>, bool)> {
        let places: BTreeMap<usize, usize> = self
            .words
            .iter()
            .enumerate()
            .map(|(place, word)| (word.number, place))
            .collect();
        let messages = mail.messages.iter();
        messages
            .map(|one| {
                let words = one.words.iter();
                let held = words.filter_map(|number| places.get(number).copied());
                (held.collect(), one.category == *self.category)
            })
            .collect()
    }
}

/// What was counted of one word.
#[derive(Default)]
struct Count {
    messages: usize,
    /// Messages of the category that hold it.
    held_by: Vec<usize>,
    senders: BTreeSet<usize>,
    languages: BTreeMap<Option<Language>, usize>,
}

/// The vocabulary of `category`.
pub(super) fn of<'c>(mail: &Labelled, policy: &Policy, category: &'c CategoryId) -> Vocabulary<'c> {
    let mut counts: BTreeMap<usize, Count> = BTreeMap::new();
    let inside = |n: &usize| {
        mail.messages
            .get(*n)
            .is_some_and(|m| m.category == *category)
    };
    for (n, one) in mail.messages.iter().enumerate().filter(|(n, _)| inside(n)) {
        for word in &one.words {
            let count = counts.entry(*word).or_default();
            count.held_by.push(n);
            count.senders.insert(one.sender);
            *count.languages.entry(one.language).or_default() += 1;
        }
    }
    counts.retain(|_, count| {
        count.held_by.len() >= MESSAGES_MIN && count.senders.len() >= SENDERS_MIN
    });
    for word in mail.messages.iter().flat_map(|one| &one.words) {
        if let Some(count) = counts.get_mut(word) {
            count.messages += 1;
        }
    }

    let names = names(mail, policy);
    let heard = heard(policy, category);
    let of_category = mail.messages.iter().filter(|m| m.category == *category);
    let prior = share(of_category.count(), mail.messages.len());
    let mut words: Vec<(f64, Word, Vec<usize>)> = Vec::new();
    for (number, count) in counts {
        let Some(text) = mail.words.get(number) else {
            continue;
        };
        let held = count.held_by.len();
        let part = share(held, count.messages);
        let named = words::of_name(text).any(|word| names.contains(word));
        if part < SHARE_MIN || part <= prior || named || is_heard(heard.as_ref(), text) {
            continue;
        }
        let language = count.languages.iter().max_by_key(|(_, n)| **n);
        let word = Word {
            number,
            text: text.clone(),
            language: language.and_then(|(language, _)| *language),
            counts: Counts {
                of_category: held,
                messages: count.messages,
                senders: count.senders.len(),
            },
        };
        let beyond = share(held, 1) - prior * share(count.messages, 1);
        words.push((beyond, word, count.held_by));
    }
    // Of words in the same messages the first stays: the one that says most by itself.
    words.sort_by(|(a, x, _), (b, y, _)| {
        (b.total_cmp(a))
            .then_with(|| words::rank(&x.text).cmp(&words::rank(&y.text)))
            .then_with(|| y.text.len().cmp(&x.text.len()))
            .then_with(|| x.text.cmp(&y.text))
    });
    let mut places = HashSet::new();
    words.retain(|(_, word, held_by)| places.insert((word.counts.messages, held_by.clone())));
    words.truncate(WORDS_MAX);
    Vocabulary {
        category,
        words: words.into_iter().map(|(_, word, _)| word).collect(),
    }
}

/// The words of everybody's and everything's name.
fn names(mail: &Labelled, policy: &Policy) -> BTreeSet<String> {
    let mut text = policy.partner.clone();
    for product in policy.registry.products() {
        let names = [product.id.as_str(), &product.name, &product.publisher];
        let aliases = product.aliases.iter().map(String::as_str);
        for name in names.into_iter().chain(aliases) {
            text.push(' ');
            text.push_str(name);
        }
    }
    let folded = Folded::new(&text, SPELT);
    let mut names: BTreeSet<String> = words::of_name(folded.as_str()).map(str::to_owned).collect();
    names.extend(mail.names.iter().cloned());
    names
}

/// What the rules of the category listen for.
fn heard(policy: &Policy, category: &CategoryId) -> Option<Lexicon> {
    let drafts = policy.rules.excerpt(|_| true);
    let drafts = drafts
        .into_iter()
        .filter(|draft| draft.category.as_ref() == Some(category));
    let keywords = drafts.flat_map(|draft| {
        if draft.any.is_empty() {
            draft.all
        } else {
            draft.any
        }
    });
    // They compiled once, as part of the rules.
    Lexicon::compile(
        keywords.map(|keyword| (0, keyword)).collect(),
        policy.rules.settings().fold,
    )
    .ok()
}

fn is_heard(heard: Option<&Lexicon>, text: &str) -> bool {
    let zone = Zone::Body;
    heard.is_some_and(|heard| !heard.find(&[ZoneText { zone, text }]).is_empty())
}

/// `part` of `whole`; counts of messages are far below what a double tells apart.
#[allow(clippy::cast_precision_loss)]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
