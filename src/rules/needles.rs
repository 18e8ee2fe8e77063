//! All literal keywords of a set, looked for in one pass over a text, and its regular expressions.
//!
//! Equal keywords are one term however many rules use them, so a message is scanned once and its
//! cost grows with its own length and hits, not with the number of keywords. What begins where a
//! word begins, as nearly all keywords do, stands in a prefix tree ([`super::prefixes`]) that is
//! asked at those places only; what may begin within a word, in an Aho-Corasick automaton. The
//! texts without which a regular expression cannot match are looked for, too: it is only run on a
//! text that holds one of them, and only when a rule asks.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::expression::{Expression, Required};
use super::fold::{FoldOptions, folded_keyword};
use super::hits::{HITS_PER_TEXT_MAX, Hit, HitTable};
use super::keyword::{Keyword, KeywordFault, Pattern};
use super::letters::{
    is_diacritic, is_word, is_word_of_expressions, unstroked, word_at, word_before, word_end,
    word_start,
};
use super::prefixes::Prefixes;
use super::stems::{Stemmed, Stems};
use super::typo::{Forgiven, Piece};
use super::zone::{FoldedZone, ZoneSet};
use crate::domain::language::Language;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Up to this many bytes of literals that may begin within a word their automaton is a full table
/// (fastest, some 130 bytes per byte of literal); above it is packed.
const TABLE_BYTES_MAX: usize = 48 * 1024;

/// What a keyword became: the number of a term or of a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Needle {
    /// A literal.
    Term(u32),
    /// A regular expression.
    Regex(u32),
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

/// What a text found by the automaton is to a regular expression: it may match now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opener {
    regex: u32,
    /// The text begins a word.
    starts_word: bool,
    /// The text ends a word.
    ends_word: bool,
}

/// What a literal stands for.
#[derive(Debug, Clone, Default)]
struct Meaning {
    terms: Vec<u32>,
    openers: Vec<Opener>,
    /// Of which term of [`Needles::forgiven`] it is a piece.
    pieces: Vec<(u32, Piece)>,
}

impl Meaning {
    /// Whether something of it may begin within a word, where the literal itself begins with a
    /// letter.
    fn begins_within(&self, edges: &[Edges]) -> bool {
        let open = |&term: &u32| edges[term as usize].left == Edge::Open;
        self.terms.iter().any(open)
            || self.openers.iter().any(|opener| !opener.starts_word)
            || self.pieces.iter().any(|(_, piece)| *piece != Piece::First)
    }
}

/// Collects keywords until the automaton is built.
pub(super) struct NeedlesBuilder {
    options: FoldOptions,
    literals: Vec<String>,
    by_literal: HashMap<String, usize>,
    /// By literal.
    meanings: Vec<Meaning>,
    edges: Vec<Edges>,
    stems: Stems,
    /// The terms that stand for all words of their stems.
    stemmed: HashMap<u32, Language>,
    forgiven: HashMap<u32, Forgiven>,
    by_forgiven: HashMap<Forgiven, u32>,
    by_source: HashMap<Arc<str>, u32>,
    regexes: Vec<Arc<Expression>>,
    /// Regular expressions that nothing opens.
    unopened: Vec<u32>,
    /// Bytes of keywords.
    bytes: usize,
}

impl NeedlesBuilder {
    pub fn new(options: FoldOptions) -> Self {
        Self {
            options,
            literals: Vec::new(),
            by_literal: HashMap::new(),
            meanings: Vec::new(),
            edges: Vec::new(),
            stems: Stems::new(options),
            stemmed: HashMap::new(),
            forgiven: HashMap::new(),
            by_forgiven: HashMap::new(),
            by_source: HashMap::new(),
            regexes: Vec::new(),
            unopened: Vec::new(),
            bytes: 0,
        }
    }

    /// Bytes of all different literal keywords.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of different regular expressions.
    pub fn regexes(&self) -> usize {
        self.regexes.len()
    }

    /// Takes a keyword, a plain one with all words of the same stem in the language `stem`; an equal
    /// one is found again.
    pub fn add(
        &mut self,
        keyword: &Keyword,
        stem: Option<Language>,
    ) -> Result<Needle, KeywordFault> {
        match keyword.pattern() {
            Pattern::Literal(literal) => {
                let folded = folded_keyword(&literal.core, self.options);
                if folded.is_empty() {
                    return Err(KeywordFault::Invisible);
                }
                if literal.forgiving {
                    let forgiven = Forgiven::new(folded, literal.open_end);
                    return Ok(Needle::Term(self.forgive(forgiven)));
                }
                if let Some(language) = stem.filter(|_| literal.is_plain())
                    && let Some(stemmed) = Stemmed::of(&literal.core, language, self.options)?
                {
                    return Ok(Needle::Term(self.stem(&folded, language, stemmed)));
                }
                let edges = Edges {
                    left: Edge::of(literal.open_start, word_at(&folded, 0)),
                    right: Edge::of(literal.open_end, word_before(&folded, folded.len())),
                };
                Ok(Needle::Term(self.term(&folded, edges)))
            }
            Pattern::Regex { source, expression } => {
                if let Some(&known) = self.by_source.get(source) {
                    return Ok(Needle::Regex(known));
                }
                let expression = if self.options.strip_diacritics {
                    let bare = without_diacritics(source);
                    Arc::new(Expression::parse(&bare, self.options)?)
                } else {
                    Arc::clone(expression)
                };
                let number = count(self.regexes.len());
                self.open(number, expression.required());
                self.regexes.push(expression);
                self.by_source.insert(Arc::clone(source), number);
                Ok(Needle::Regex(number))
            }
        }
    }

    fn open(&mut self, regex: u32, required: &[Required]) {
        if required.is_empty() {
            self.unopened.push(regex);
        }
        for one in required {
            let literal = self.literal(&one.text);
            self.meanings[literal].openers.push(Opener {
                regex,
                starts_word: one.starts_word,
                ends_word: one.ends_word,
            });
        }
    }

    fn term(&mut self, folded: &str, edges: Edges) -> u32 {
        let literal = self.literal(folded);
        let terms = &mut self.meanings[literal].terms;
        if terms.is_empty() {
            self.bytes += folded.len();
        }
        let known = terms
            .iter()
            .copied()
            .find(|term| self.edges[*term as usize] == edges && !self.stemmed.contains_key(term));
        known.unwrap_or_else(|| {
            let term = count(self.edges.len());
            self.edges.push(edges);
            terms.push(term);
            term
        })
    }

    /// The term of a keyword with the words of its stems. As it is written it is found like any
    /// other, so that nothing is lost by stemming.
    fn stem(&mut self, folded: &str, language: Language, stemmed: Stemmed) -> u32 {
        let next = count(self.edges.len());
        let term = *self.stems.place(language, stemmed).get_or_insert(next);
        if term == next {
            self.edges.push(Edges {
                left: Edge::Word,
                right: Edge::Word,
            });
            self.stemmed.insert(term, language);
        }
        let literal = self.literal(folded);
        let terms = &mut self.meanings[literal].terms;
        if !terms.contains(&term) {
            self.bytes += folded.len();
            terms.push(term);
        }
        term
    }

    /// The keywords with the words of their stems.
    pub const fn stems(&self) -> &Stems {
        &self.stems
    }

    /// In which language a term stands for all words of its stems.
    pub fn stemmed(&self, term: u32) -> Option<Language> {
        self.stemmed.get(&term).copied()
    }

    fn forgive(&mut self, forgiven: Forgiven) -> u32 {
        if let Some(&known) = self.by_forgiven.get(&forgiven) {
            return known;
        }
        let term = count(self.edges.len());
        self.edges.push(Edges {
            left: Edge::Word,
            right: Edge::Word,
        });
        for (piece, text) in forgiven.pieces() {
            self.bytes += text.len();
            let literal = self.literal(&text);
            self.meanings[literal].pieces.push((term, piece));
        }
        self.by_forgiven.insert(forgiven.clone(), term);
        self.forgiven.insert(term, forgiven);
        term
    }

    /// Each different literal, folded, with the terms that it is: their numbers and edges.
    pub fn literals(&self) -> Vec<(&str, Vec<(u32, Edges)>)> {
        let edged = |&term: &u32| Some((term, *self.edges.get(term as usize)?));
        self.literals
            .iter()
            .zip(&self.meanings)
            .map(|(text, meaning)| {
                let terms = meaning.terms.iter().filter_map(edged).collect();
                (text.as_str(), terms)
            })
            .collect()
    }

    /// The number of a literal.
    fn literal(&mut self, text: &str) -> usize {
        if let Some(&known) = self.by_literal.get(text) {
            return known;
        }
        let number = self.literals.len();
        self.literals.push(text.to_owned());
        self.meanings.push(Meaning::default());
        self.by_literal.insert(text.to_owned(), number);
        number
    }

    /// Builds the automaton. Fails only above the automaton's own limits, far beyond the bounds
    /// of a rule set.
    pub fn build(self) -> Result<Needles, aho_corasick::BuildError> {
        let mut beginning = Vec::with_capacity(self.literals.len());
        let (mut within, mut within_numbers) = (Vec::new(), Vec::new());
        for ((number, text), meaning) in (0..).zip(&self.literals).zip(&self.meanings) {
            if word_at(text, 0) && meaning.begins_within(&self.edges) {
                within.push(text);
                within_numbers.push(number);
            } else {
                beginning.push((text.as_str(), number));
            }
        }
        let within_bytes: usize = within.iter().map(|text| text.len()).sum();
        let kind = if within_bytes <= TABLE_BYTES_MAX {
            AhoCorasickKind::DFA
        } else {
            AhoCorasickKind::ContiguousNFA
        };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(kind))
            .build(&within)?;
        Ok(Needles {
            beginning: Prefixes::new(beginning),
            within: (!within.is_empty()).then_some(automaton),
            within_numbers,
            meanings: self.meanings,
            edges: self.edges,
            stems: self.stems,
            forgiven: self.forgiven,
            regexes: self.regexes,
            unopened: self.unopened,
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

/// Everything that is looked for on behalf of a set.
#[derive(Debug)]
pub(super) struct Needles {
    /// Literals that begin where a word begins, or with a sign.
    beginning: Prefixes,
    /// Literals that may begin within a word.
    within: Option<AhoCorasick>,
    /// The numbers of those.
    within_numbers: Vec<u32>,
    /// By literal.
    meanings: Vec<Meaning>,
    edges: Vec<Edges>,
    stems: Stems,
    /// By term.
    forgiven: HashMap<u32, Forgiven>,
    regexes: Vec<Arc<Expression>>,
    unopened: Vec<u32>,
}

impl Needles {
    /// Whether a hit of a needle stands for a misspelling of its word.
    pub fn is_misspelled(&self, needle: Needle, zone: &FoldedZone<'_>, hit: Hit) -> bool {
        let Needle::Term(term) = needle else {
            return false;
        };
        let stood = zone.folded().get(hit.start as usize..hit.end as usize);
        self.forgiven
            .get(&term)
            .zip(stood)
            .is_some_and(|(word, stood)| word.is_misspelled(stood))
    }

    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.edges.len()
    }

    /// Heap memory of what is searched, in bytes.
    pub fn memory(&self) -> usize {
        let within = self.within.as_ref();
        self.beginning.memory() + within.map_or(0, AhoCorasick::memory_usage)
    }

    /// Number of regular expressions.
    pub fn regexes(&self) -> usize {
        self.regexes.len()
    }

    /// Every hit of every literal in the texts of the zones that are `looked_at`, by term, text and
    /// place, and which regular expressions may match where.
    pub fn scan(&self, zones: &[FoldedZone<'_>], looked_at: ZoneSet) -> HitTable {
        let mut scan = Scan {
            found: Vec::with_capacity(64),
            seen: vec![0; self.terms()],
            open: Vec::new(),
            is_open: vec![false; self.regexes.len()],
        };
        for (text, zone) in (0..).zip(zones) {
            if looked_at.holds(zone.zone()) {
                scan.text(self, text, zone);
            }
        }
        let Scan { found, open, .. } = scan;
        HitTable::new(found, open)
    }

    /// The hits of one regular expression in one text.
    pub fn regex_hits(&self, regex: u32, text: u32, zone: &FoldedZone<'_>) -> Vec<Hit> {
        let Some(regex) = self.regexes.get(regex as usize) else {
            return Vec::new();
        };
        regex
            .find(zone, usize::from(HITS_PER_TEXT_MAX))
            .into_iter()
            .map(|(start, end)| Hit::at(text, start..end))
            .collect()
    }
}

/// A scan under way.
struct Scan {
    found: Vec<(u32, Hit)>,
    /// How often each term was hit in the text at hand.
    seen: Vec<u8>,
    open: Vec<(u32, u32)>,
    /// Which regular expressions are open in the text at hand.
    is_open: Vec<bool>,
}

impl Scan {
    fn text(&mut self, needles: &Needles, text: u32, zone: &FoldedZone<'_>) {
        let folded = zone.folded();
        let (first, first_open) = (self.found.len(), self.open.len());
        self.open
            .extend(needles.unopened.iter().map(|&regex| (regex, text)));
        let page = Page {
            needles,
            text,
            folded,
        };
        let bytes = folded.as_bytes();
        for (at, starts) in beginnings(folded) {
            let rest = bytes.get(at..).unwrap_or_default();
            needles.beginning.at_start_of(rest, |literal, len| {
                self.hit(&page, literal, at..at + len, starts);
            });
            if starts && !needles.stems.is_empty() {
                let stems = &needles.stems;
                stems.at_word_of(zone, at, |term, end| {
                    self.stem_hit(term, Hit::at(text, at..end));
                });
            }
        }
        let within = needles.within.iter();
        for hit in within.flat_map(|automaton| automaton.find_overlapping_iter(folded)) {
            if let Some(&literal) = needles.within_numbers.get(hit.pattern().as_usize()) {
                let starts = !word_before(folded, hit.start());
                self.hit(&page, literal, hit.range(), starts);
            }
        }
        for (term, _) in &self.found[first..] {
            self.seen[*term as usize] = 0;
        }
        for (regex, _) in &self.open[first_open..] {
            self.is_open[*regex as usize] = false;
        }
    }

    /// Takes note of a keyword found by its stems, unless it stands there as it is written.
    fn stem_hit(&mut self, term: u32, hit: Hit) {
        let here = |(_, other): &&(u32, Hit)| other.text == hit.text && other.start == hit.start;
        let mut found = self.found.iter().rev().take_while(here);
        let seen = &mut self.seen[term as usize];
        if *seen < HITS_PER_TEXT_MAX && !found.any(|found| *found == (term, hit)) {
            *seen += 1;
            self.found.push((term, hit));
        }
    }

    /// Takes note of a literal that was found; `starts` tells whether a word begins there.
    fn hit(&mut self, page: &Page<'_>, literal: u32, place: Range<usize>, starts: bool) {
        let Page {
            needles,
            text,
            folded,
        } = *page;
        let ends = !word_at(folded, place.end);
        let meaning = &needles.meanings[literal as usize];
        for &term in &meaning.terms {
            let edges = needles.edges[term as usize];
            let seen = &mut self.seen[term as usize];
            let bounded =
                (starts || edges.left != Edge::Word) && (ends || edges.right != Edge::Word);
            if !bounded || *seen >= HITS_PER_TEXT_MAX {
                continue;
            }
            let start = if edges.left == Edge::Open && !starts {
                word_start(folded, place.start)
            } else {
                place.start
            };
            let end = if edges.right == Edge::Open && !ends {
                word_end(folded, place.end)
            } else {
                place.end
            };
            *seen += 1;
            self.found.push((term, Hit::at(text, start..end)));
        }
        for &(term, piece) in &meaning.pieces {
            let seen = &mut self.seen[term as usize];
            if *seen >= HITS_PER_TEXT_MAX || (piece == Piece::First && !starts) {
                continue;
            }
            let start = word_start(folded, place.start);
            let end = word_end(folded, place.end);
            let forgiven = needles.forgiven.get(&term);
            if forgiven.is_some_and(|word| word.is(&folded[start..end], piece)) {
                *seen += 1;
                self.found.push((term, Hit::at(text, start..end)));
            }
        }
        for opener in &meaning.openers {
            let is_open = &mut self.is_open[opener.regex as usize];
            // Expressions have their own mind about words beyond ASCII; those are let pass.
            let bytes = folded.as_bytes();
            let before = place.start.checked_sub(1).and_then(|at| bytes.get(at));
            let fits = (starts || !opener.starts_word || before.is_some_and(|b| !b.is_ascii()))
                && (ends
                    || !opener.ends_word
                    || bytes.get(place.end).is_some_and(|b| !b.is_ascii()));
            if fits && !*is_open {
                *is_open = true;
                self.open.push((opener.regex, text));
            }
        }
    }
}

/// The text at hand.
#[derive(Clone, Copy)]
struct Page<'a> {
    needles: &'a Needles,
    text: u32,
    folded: &'a str,
}

/// Every place of a folded text that is not within a word, and whether a word may begin there. A
/// place that is within a word for keywords and not for expressions, or the other way, is told too.
fn beginnings(folded: &str) -> impl Iterator<Item = (usize, bool)> {
    // Whether the character before is part of a word for keywords, and for expressions.
    let mut before = (false, false);
    folded.char_indices().filter_map(move |(at, c)| {
        let word = is_word(c);
        // They differ beyond ASCII only.
        let of_expressions = if c.is_ascii() {
            word
        } else {
            is_word_of_expressions(c)
        };
        let word = (word, of_expressions);
        let within = before == (true, true) && word.0;
        let starts = !before.0;
        before = word;
        (!within).then_some((at, starts))
    })
}
