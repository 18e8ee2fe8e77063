//! Which keywords stand within which others.
//!
//! Every different literal is one term. All of them are searched for in the text of each of them
//! at once, so that the work is linear in their letters.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::super::fold::FoldOptions;
use super::super::letters::{word_at, word_before, word_end, word_start};
use super::super::needles::{Edge, Needle, NeedlesBuilder};
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
}

/// The keywords of a set and how they stand within each other.
pub struct Terms {
    /// By draft, list and keyword; nothing for what cannot be searched for.
    needles: HashMap<(usize, List), Vec<Option<Needle>>>,
    /// By term: where it is written.
    pub uses: Vec<Vec<Written>>,
    /// By term: each other one that is hit wherever it is hit.
    pub covered_by: Vec<Vec<Within>>,
}

impl Terms {
    /// The terms of `drafts`; nothing when they cannot be searched for, which compiling tells.
    pub fn of(drafts: &[RuleDraft], options: FoldOptions) -> Option<Self> {
        let mut builder = NeedlesBuilder::new(options);
        let mut needles = HashMap::new();
        let mut uses: Vec<Vec<Written>> = Vec::new();
        for (draft, rule) in drafts.iter().enumerate() {
            for list in List::ALL {
                let mut of_list = Vec::with_capacity(rule.list(list).len());
                for (index, keyword) in rule.list(list).iter().enumerate() {
                    let needle = builder.add(keyword).ok();
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
        let covered_by = cover(&builder, uses.len())?;
        Some(Self {
            needles,
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
        let others = match needle {
            Needle::Term(term) => self.covered_by.get(term as usize).map(Vec::as_slice),
            Needle::Regex(_) => None,
        };
        let others = others.unwrap_or_default().iter();
        std::iter::once(needle).chain(others.map(|within| Needle::Term(within.found)))
    }
}

/// By term: each other term that is hit wherever it is.
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
                    let whole = start == 0 && end == text.len();
                    let fits = is_met(edges.left, start == 0, starts, outer.left)
                        && is_met(edges.right, end == text.len(), ends, outer.right);
                    if found == term || !fits || (whole && edges == outer) {
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
                        list.push(Within { found, in_word });
                    }
                }
            }
        }
    }
    Some(covered_by)
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
