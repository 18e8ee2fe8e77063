//! Words that take back what is said behind them: "not about the invoice" asks for no invoice.
//!
//! Charge: tell whether a hit stands in the window of such a word. What is done about it is
//! [`super::scoring`]'s. The words are terms of the set's own automaton, so looking for them is
//! no scan of its own, and a message without any costs nothing more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fold::{FoldOptions, folded_keyword};
use super::hits::{Hit, HitTable};
use super::keyword::Keyword;
use super::zone::FoldedZone;

/// Widest window, in words.
pub const WINDOW_MAX: u16 = 10;

/// The window where none is stated, in words.
pub const WINDOW_DEFAULT: u16 = 3;

/// Most words that negate, and most that end a window.
pub const NEGATORS_MAX: usize = 1_000;

/// Signs that end a window where a space or nothing follows.
const BORDERS: [char; 6] = ['.', ',', ';', ':', '!', '?'];

/// What negates, for all rules of a set.
///
/// A hit **is negated** when it begins at most `window` words behind a hit of `words`, in the same
/// line of the same text, and nothing between the two ends the window: no `. , ; : ! ?` before a
/// space, no dash between spaces, no word of `until`. A hit that shares a character with a hit of
/// `words` is never negated: `does not work` says itself what it means. The first 16 places of
/// each word in a text are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negation {
    /// Words and phrases, at most [`NEGATORS_MAX`]; no regular expressions.
    pub words: Vec<Keyword>,
    /// How far each reaches, in words that white space separates; from 1 to [`WINDOW_MAX`].
    pub window: u16,
    /// Single words that end a window, such as "but" and "only"; at most [`NEGATORS_MAX`].
    pub until: Vec<String>,
}

impl Default for Negation {
    /// Nothing negates.
    fn default() -> Self {
        Self {
            words: Vec::new(),
            window: WINDOW_DEFAULT,
            until: Vec::new(),
        }
    }
}

/// What negates, compiled.
#[derive(Debug)]
pub(super) struct Negators {
    /// As they are written, by term.
    by_term: BTreeMap<u32, Arc<str>>,
    window: usize,
    /// Folded.
    until: BTreeSet<String>,
}

impl Negators {
    pub fn new(
        by_term: BTreeMap<u32, Arc<str>>,
        negation: &Negation,
        options: FoldOptions,
    ) -> Self {
        let until = negation.until.iter();
        Self {
            by_term,
            window: usize::from(negation.window),
            until: until.map(|word| folded_keyword(word, options)).collect(),
        }
    }

    /// Those that stand in a message, of which all hits of all terms are given.
    pub fn spoken<'a>(&'a self, hits: &HitTable, zones: &'a [FoldedZone<'a>]) -> Spoken<'a> {
        let mut places: Vec<(Hit, &Arc<str>)> = Vec::new();
        if !self.by_term.is_empty() {
            for (term, hits) in hits.groups() {
                if let Some(word) = self.by_term.get(&term) {
                    places.extend(hits.iter().map(|&hit| (hit, word)));
                }
            }
        }
        // Of those that end together the longest is last.
        places.sort_unstable_by_key(|(hit, _)| (hit.text, hit.end, Reverse(hit.start)));
        Spoken {
            longest: places.iter().map(|(hit, _)| hit.len()).max().unwrap_or(0),
            places,
            negators: self,
            zones,
        }
    }
}

/// The words of one message that negate.
pub(super) struct Spoken<'a> {
    /// In order of text and end.
    places: Vec<(Hit, &'a Arc<str>)>,
    longest: u32,
    negators: &'a Negators,
    zones: &'a [FoldedZone<'a>],
}

impl Spoken<'_> {
    /// The word that negates `hit`, as it is written in the configuration.
    pub fn over(&self, hit: Hit) -> Option<&Arc<str>> {
        if self.places.is_empty() {
            return None;
        }
        let behind = self
            .places
            .partition_point(|(place, _)| (place.text, place.end) <= (hit.text, hit.start));
        let own = self
            .places
            .get(behind..)
            .unwrap_or_default()
            .iter()
            .map(|(place, _)| place)
            .take_while(|place| {
                place.text == hit.text && place.end < hit.end.saturating_add(self.longest)
            })
            .any(|place| place.overlaps(&hit));
        // What parts the hit from the nearest parts it from all before that.
        let (nearest, word) = self.places.get(behind.checked_sub(1)?)?;
        let reaches = !own && nearest.text == hit.text && self.reaches(*nearest, hit);
        reaches.then_some(word)
    }

    /// Whether the window of `negator` reaches to where `hit` begins.
    fn reaches(&self, negator: Hit, hit: Hit) -> bool {
        let Some(zone) = self.zones.get(hit.text as usize) else {
            return false;
        };
        let (from, to) = (negator.end as usize, hit.start as usize);
        if zone.words_before(to) - zone.words_before(from) > self.negators.window {
            return false;
        }
        let between = zone.folded().get(from..to).unwrap_or_default();
        let (start, end) = zone.original_span(from, to);
        let breaks = zone
            .original()
            .get(start..end)
            .is_none_or(|original| original.contains(['\n', '\r']));
        let until = |word: &str| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            self.negators.until.contains(word)
        };
        !breaks && !is_parted(between) && !between.split(' ').any(until)
    }
}

/// Whether a sentence or a part of one ends in `between`.
fn is_parted(between: &str) -> bool {
    let sign = |word: &str| word.ends_with(BORDERS) || word == "-";
    between.split(' ').any(sign)
}
