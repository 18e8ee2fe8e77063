//! All literal keywords of a set in one Aho-Corasick automaton, and its regular expressions.
//!
//! Equal keywords are one term however many rules use them, so a message is scanned once and its
//! cost grows with its own length and hits, not with the number of keywords. Regular expressions
//! are compiled here but only run when a rule asks.

use std::collections::HashMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::Regex;

use super::fold::{FoldOptions, folded_keyword};
use super::keyword::{Keyword, KeywordFault, Pattern, compile_regex};
use super::letters::{is_diacritic, unstroked, word_at, word_before, word_end, word_start};
use super::zone::FoldedZone;

/// Most hits of one keyword kept from one text: the first ones.
pub(super) const HITS_PER_TEXT_MAX: u8 = 16;

/// Regular expressions look at this many bytes of a folded text: they cost more than keywords,
/// and a request stands at its beginning.
const REGEX_TEXT_MAX: usize = 64 * 1024;

/// Up to this many bytes of literal keywords the automaton is a full table (fastest, some 130
/// bytes per byte of keyword); above it is packed.
const TABLE_BYTES_MAX: usize = 48 * 1024;

/// What a keyword became: the number of a term or of a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Needle {
    /// A literal.
    Term(u32),
    /// A regular expression.
    Regex(u32),
}

/// A place in one of a message's texts: bytes of the folded text, the word included into which
/// an open keyword runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Which of the texts.
    pub text: u32,
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
}

impl Hit {
    pub fn overlaps(&self, other: &Self) -> bool {
        self.text == other.text && self.start < other.end && other.start < self.end
    }

    pub fn len(&self) -> u32 {
        self.end - self.start
    }
}

/// What one side of a literal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The word begins or ends with it.
    Word,
    /// Nothing: it ends with a sign that is no part of a word.
    Sign,
    /// The word may go on beyond it.
    Open,
}

impl Edge {
    const fn of(open: bool, is_word: bool) -> Self {
        match (open, is_word) {
            (true, _) => Self::Open,
            (false, true) => Self::Word,
            (false, false) => Self::Sign,
        }
    }
}

/// Both sides of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    pub left: Edge,
    pub right: Edge,
}

/// Collects keywords until the automaton is built.
pub(super) struct NeedlesBuilder {
    options: FoldOptions,
    literals: Vec<String>,
    by_literal: HashMap<String, usize>,
    terms_of: Vec<Vec<u32>>,
    edges: Vec<Edges>,
    by_source: HashMap<Arc<str>, u32>,
    regexes: Vec<Regex>,
    bytes: usize,
}

impl NeedlesBuilder {
    pub fn new(options: FoldOptions) -> Self {
        Self {
            options,
            literals: Vec::new(),
            by_literal: HashMap::new(),
            terms_of: Vec::new(),
            edges: Vec::new(),
            by_source: HashMap::new(),
            regexes: Vec::new(),
            bytes: 0,
        }
    }

    /// Bytes of all different literals.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of different regular expressions.
    pub fn regexes(&self) -> usize {
        self.regexes.len()
    }

    /// Takes a keyword; an equal one is found again.
    pub fn add(&mut self, keyword: &Keyword) -> Result<Needle, KeywordFault> {
        match keyword.pattern() {
            Pattern::Literal(literal) => {
                let folded = folded_keyword(&literal.core, self.options);
                if folded.is_empty() {
                    return Err(KeywordFault::Invisible);
                }
                let edges = Edges {
                    left: Edge::of(literal.open_start, word_at(&folded, 0)),
                    right: Edge::of(literal.open_end, word_before(&folded, folded.len())),
                };
                Ok(Needle::Term(self.term(folded, edges)))
            }
            Pattern::Regex { source, compiled } => {
                if let Some(&known) = self.by_source.get(source) {
                    return Ok(Needle::Regex(known));
                }
                let regex = if self.options.strip_diacritics {
                    compile_regex(&without_diacritics(source))?
                } else {
                    compiled.clone()
                };
                let number = count(self.regexes.len());
                self.regexes.push(regex);
                self.by_source.insert(Arc::clone(source), number);
                Ok(Needle::Regex(number))
            }
        }
    }

    fn term(&mut self, folded: String, edges: Edges) -> u32 {
        let literal = if let Some(&known) = self.by_literal.get(&folded) {
            known
        } else {
            self.bytes += folded.len();
            self.literals.push(folded.clone());
            self.terms_of.push(Vec::new());
            self.by_literal.insert(folded, self.literals.len() - 1);
            self.literals.len() - 1
        };
        let terms = &mut self.terms_of[literal];
        let known = terms
            .iter()
            .copied()
            .find(|&term| self.edges[term as usize] == edges);
        known.unwrap_or_else(|| {
            let term = count(self.edges.len());
            self.edges.push(edges);
            terms.push(term);
            term
        })
    }

    /// Each different literal, folded, with the terms that it is: their numbers and edges.
    pub fn literals(&self) -> Vec<(&str, Vec<(u32, Edges)>)> {
        let edged = |&term: &u32| Some((term, *self.edges.get(term as usize)?));
        self.literals
            .iter()
            .zip(&self.terms_of)
            .map(|(text, terms)| (text.as_str(), terms.iter().filter_map(edged).collect()))
            .collect()
    }

    /// Builds the automaton. Fails only above the automaton's own limits, far beyond the bounds
    /// of a rule set.
    pub fn build(self) -> Result<Needles, aho_corasick::BuildError> {
        let kind = if self.bytes <= TABLE_BYTES_MAX {
            AhoCorasickKind::DFA
        } else {
            AhoCorasickKind::ContiguousNFA
        };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(kind))
            .build(&self.literals)?;
        Ok(Needles {
            automaton,
            terms_of: self.terms_of,
            edges: self.edges,
            regexes: self.regexes,
        })
    }
}

/// What can be counted here is bounded far below 2³².
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The letters of an expression as they stand in a text whose diacritics are stripped.
fn without_diacritics(source: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    source
        .nfd()
        .filter(|&c| !is_diacritic(c))
        .map(|c| match unstroked(c) {
            Some(letter) if letter.len() == 1 => letter.chars().next().unwrap_or(c),
            _ => c,
        })
        .nfc()
        .collect()
}

/// The automaton of a set.
#[derive(Debug)]
pub(super) struct Needles {
    automaton: AhoCorasick,
    terms_of: Vec<Vec<u32>>,
    edges: Vec<Edges>,
    regexes: Vec<Regex>,
}

impl Needles {
    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.edges.len()
    }

    /// Heap memory of the automaton, in bytes.
    pub fn memory(&self) -> usize {
        self.automaton.memory_usage()
    }

    /// Every hit of every literal in the texts, by term, text and place.
    pub fn scan(&self, zones: &[FoldedZone<'_>]) -> HitTable {
        let mut found: Vec<(u32, Hit)> = Vec::with_capacity(64);
        let mut seen = vec![0_u8; self.terms()];
        for (text, zone) in (0..).zip(zones) {
            let first = found.len();
            self.scan_text(text, zone.folded(), &mut seen, &mut found);
            for (term, _) in &found[first..] {
                seen[*term as usize] = 0;
            }
        }
        found.sort_unstable();
        // An infix may stand twice in one word.
        found.dedup();
        let mut groups: Vec<(u32, usize, usize)> = Vec::with_capacity(found.len());
        for (n, (term, _)) in found.iter().enumerate() {
            match groups.last_mut() {
                Some((last, _, end)) if last == term => *end = n + 1,
                _ => groups.push((*term, n, n + 1)),
            }
        }
        HitTable {
            hits: found.into_iter().map(|(_, hit)| hit).collect(),
            groups,
        }
    }

    fn scan_text(&self, text: u32, folded: &str, seen: &mut [u8], found: &mut Vec<(u32, Hit)>) {
        for hit in self.automaton.find_overlapping_iter(folded) {
            let starts = !word_before(folded, hit.start());
            let ends = !word_at(folded, hit.end());
            for &term in &self.terms_of[hit.pattern().as_usize()] {
                let edges = self.edges[term as usize];
                let seen = &mut seen[term as usize];
                let bounded =
                    (starts || edges.left != Edge::Word) && (ends || edges.right != Edge::Word);
                if !bounded || *seen >= HITS_PER_TEXT_MAX {
                    continue;
                }
                let start = if edges.left == Edge::Open && !starts {
                    word_start(folded, hit.start())
                } else {
                    hit.start()
                };
                let end = if edges.right == Edge::Open && !ends {
                    word_end(folded, hit.end())
                } else {
                    hit.end()
                };
                *seen += 1;
                found.push((
                    term,
                    Hit {
                        text,
                        start: count(start),
                        end: count(end),
                    },
                ));
            }
        }
    }

    /// The hits of one regular expression in one text.
    pub fn regex_hits(&self, regex: u32, text: u32, folded: &str) -> Vec<Hit> {
        let Some(regex) = self.regexes.get(regex as usize) else {
            return Vec::new();
        };
        let seen = &folded[..folded.floor_char_boundary(REGEX_TEXT_MAX)];
        regex
            .find_iter(seen)
            .filter(|hit| !hit.is_empty())
            .take(usize::from(HITS_PER_TEXT_MAX))
            .map(|hit| Hit {
                text,
                start: count(hit.start()),
                end: count(hit.end()),
            })
            .collect()
    }
}

/// The hits of a scan, grouped by term.
#[derive(Debug, Default)]
pub(super) struct HitTable {
    hits: Vec<Hit>,
    groups: Vec<(u32, usize, usize)>,
}

impl HitTable {
    /// Each term that was hit, with its hits in order of text and place.
    pub fn groups(&self) -> impl Iterator<Item = (u32, &[Hit])> {
        self.groups
            .iter()
            .map(|&(term, start, end)| (term, &self.hits[start..end]))
    }

    /// The hits of the `n`th group.
    pub fn group(&self, n: u32) -> &[Hit] {
        self.groups
            .get(n as usize)
            .map_or(&[], |&(_, start, end)| &self.hits[start..end])
    }
}
