//! Which keywords stand within which others.
//!
//! Every different literal is one term. All of them are searched for in the text of each of them
//! at once, so that the work is linear in their letters.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::super::fold::FoldOptions;
use super::super::letters::{word_at, word_before, word_end, word_start};
use super::super::needles::{Edge, Needle, NeedlesBuilder};
use super::super::negation::Negation;
use super::super::rule::{List, RuleDraft};

/// Most places within one keyword that are looked at; a keyword has at most 200 letters.
const WITHIN_MAX: usize = 1_000;

/// Letters of an inflection: `faktura*` is meant to run on into `fakturan`.
const ENDING: usize = 3;

/// A keyword where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The draft.
    pub draft: usize,
    /// The list.
    pub list: List,
    /// Its number in the list.
    pub index: usize,
}

/// How a term stands within another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// The term that is found.
    pub found: u32,
    /// Whether its open edge runs on there by more letters than an ending has.
    pub in_word: bool,
    /// Whether it is hit wherever the other is; else only where that stands as it is written, and
    /// not in another form of its stem.
    pub always: bool,
}

/// The keywords of a set and how they stand within each other.
pub struct Terms {
    /// By draft, list and keyword; nothing for what cannot be searched for.
    needles: HashMap<(usize, List), Vec<Option<Needle>>>,
    negators: HashSet<Needle>,
    /// By term: where it is written.
    pub uses: Vec<Vec<Written>>,
    /// By term: each other one that is hit where it stands as it is written.
    pub covered_by: Vec<Vec<Within>>,
}

impl Terms {
    /// The terms of `drafts`; nothing when they cannot be searched for, which compiling tells.
    pub fn of(drafts: &[RuleDraft], negation: &Negation, options: FoldOptions) -> Option<Self> {
        let mut builder = NeedlesBuilder::new(options);
        let mut needles = HashMap::new();
        let mut uses: Vec<Vec<Written>> = Vec::new();
        for (draft, rule) in drafts.iter().enumerate() {
            for list in List::ALL {
                let mut of_list = Vec::with_capacity(rule.list(list).len());
                for (index, keyword) in rule.list(list).iter().enumerate() {
                    let needle = builder.add(keyword, rule.stem).ok();
                    if let Some(Needle::Term(term)) = needle {
                        let term = term as usize;
                        uses.resize_with(uses.len().max(term + 1), Vec::new);
                        uses[term].push(Written { draft, list, index });
                    }
                    of_list.push(needle);
                }
                needles.insert((draft, list), of_list);
            }
        }
        let negators = negation.words.iter();
        let negators = negators
            .filter_map(|word| builder.add(word, None).ok())
            .collect();
        let mut covered_by = cover(&builder, uses.len())?;
        if !options.strip_diacritics {
            // Without its diacritics a keyword may have another stem.
            cover_by_stems(&builder, &mut covered_by);
        }
        Some(Self {
            needles,
            negators,
            uses,
            covered_by,
        })
    }

    /// What the keywords of a list are searched by, in their order.
    pub fn list(&self, draft: usize, list: List) -> &[Option<Needle>] {
        self.needles.get(&(draft, list)).map_or(&[], Vec::as_slice)
    }

    /// What is hit wherever `needle` is hit, `needle` first.
    pub fn covers(&self, needle: Needle) -> impl Iterator<Item = Needle> {
        let always = self.within(needle).iter().filter(|within| within.always);
        std::iter::once(needle).chain(always.map(|within| Needle::Term(within.found)))
    }

    /// What is hit where `needle` stands as it is written, `needle` first.
    pub fn covers_as_written(&self, needle: Needle) -> impl Iterator<Item = Needle> {
        let others = self.within(needle).iter();
        std::iter::once(needle).chain(others.map(|within| Needle::Term(within.found)))
    }

    /// Whether a word of negation stands in it.
    pub fn negates(&self, needle: Needle) -> bool {
        self.covers_as_written(needle)
            .any(|needle| self.negators.contains(&needle))
    }

    fn within(&self, needle: Needle) -> &[Within] {
        match needle {
            Needle::Term(term) => self
                .covered_by
                .get(term as usize)
                .map_or(&[], Vec::as_slice),
            Needle::Regex(_) => &[],
        }
    }
}

/// By term: each other term that is hit where it stands as it is written.
fn cover(builder: &NeedlesBuilder, terms: usize) -> Option<Vec<Vec<Within>>> {
    let literals = builder.literals();
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(literals.iter().map(|(text, _)| text))
        .ok()?;
    let mut covered_by = vec![Vec::new(); terms];
    for (text, own) in &literals {
        let places = automaton.find_overlapping_iter(text).take(WITHIN_MAX);
        for place in places {
            let (start, end) = (place.start(), place.end());
            let Some((_, inner)) = literals.get(place.pattern().as_usize()) else {
                continue;
            };
            let starts = start == 0 || !word_before(text, start);
            let ends = end == text.len() || !word_at(text, end);
            for &(found, edges) in inner {
                for &(term, outer) in own {
                    let fits = is_met(edges.left, start == 0, starts, outer.left)
                        && is_met(edges.right, end == text.len(), ends, outer.right);
                    if found == term || !fits {
                        continue;
                    }
                    let beyond = [
                        text.get(word_start(text, start)..start),
                        text.get(end..word_end(text, end)),
                    ];
                    let beyond = beyond.into_iter().flatten();
                    let in_word = beyond.map(|more| more.chars().count()).sum::<usize>() > ENDING;
                    let Some(list) = covered_by.get_mut(term as usize) else {
                        continue;
                    };
                    if !list.iter().any(|within: &Within| within.found == found) {
                        let always = builder.stemmed(term).is_none();
                        list.push(Within {
                            found,
                            in_word,
                            always,
                        });
                    }
                }
            }
        }
    }
    Some(covered_by)
}

/// Adds to each term those that are hit by their stems wherever it is hit.
fn cover_by_stems(builder: &NeedlesBuilder, covered_by: &mut [Vec<Within>]) {
    if builder.stems().is_empty() {
        return;
    }
    for (text, own) in builder.literals() {
        let starts = (0..text.len()).filter(|&at| word_at(text, at) && !word_before(text, at));
        for start in starts.filter(|&at| text.is_char_boundary(at)) {
            let as_written = |word: Range<usize>| text.get(word).unwrap_or_default().into();
            builder
                .stems()
                .at_word(text, start, as_written, |found, language, end| {
                    for &(term, outer) in &own {
                        let sure = match builder.stemmed(term) {
                            Some(own) => own == language,
                            None => {
                                (start > 0 || outer.left == Edge::Word)
                                    && (end < text.len() || outer.right == Edge::Word)
                            }
                        };
                        let Some(list) = covered_by.get_mut(term as usize) else {
                            continue;
                        };
                        if found == term || !sure {
                            continue;
                        }
                        match list.iter_mut().find(|within| within.found == found) {
                            Some(known) => known.always = true,
                            None => list.push(Within {
                                found,
                                in_word: false,
                                always: true,
                            }),
                        }
                    }
                });
        }
    }
}

/// Whether what the inner keyword asks of its edge is so wherever the outer one is hit: `flush`
/// where the two end together, `bare` where no letter stands beyond it in the outer one.
fn is_met(inner: Edge, flush: bool, bare: bool, outer: Edge) -> bool {
    match inner {
        Edge::Open | Edge::Sign => true,
        Edge::Word if flush => outer == Edge::Word,
        Edge::Word => bare,
    }
}
