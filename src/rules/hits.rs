//! What a scan found in a message: where which term was hit.
//!
//! Invariants: the hits of a term stand in order of text and place, each once.

use std::ops::Range;

use super::needles::count;

/// Most hits of one keyword kept from one text: the first ones.
pub(super) const HITS_PER_TEXT_MAX: u8 = 16;

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
    pub fn at(text: u32, place: Range<usize>) -> Self {
        Self {
            text,
            start: count(place.start),
            end: count(place.end),
        }
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.text == other.text && self.start < other.end && other.start < self.end
    }

    pub fn len(&self) -> u32 {
        self.end - self.start
    }
}

/// The hits of a scan, grouped by term.
#[derive(Debug, Default)]
pub(super) struct HitTable {
    hits: Vec<Hit>,
    groups: Vec<(u32, usize, usize)>,
    /// Regular expression and text, in order.
    open: Vec<(u32, u32)>,
}

impl HitTable {
    /// What a scan found, by term, and which regular expressions may match in which text.
    pub fn new(mut found: Vec<(u32, Hit)>, mut open: Vec<(u32, u32)>) -> Self {
        open.sort_unstable();
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
        Self {
            hits: found.into_iter().map(|(_, hit)| hit).collect(),
            groups,
            open,
        }
    }

    /// Each term that was hit, with its hits in order of text and place.
    pub fn groups(&self) -> impl Iterator<Item = (u32, &[Hit])> {
        self.groups
            .iter()
            .map(|&(term, start, end)| (term, &self.hits[start..end]))
    }

    /// Each regular expression that may match, with the text in which it may; in this order.
    pub fn open(&self) -> &[(u32, u32)] {
        &self.open
    }

    /// Whether a regular expression may match in a text.
    pub fn is_open(&self, regex: u32, text: u32) -> bool {
        self.open.binary_search(&(regex, text)).is_ok()
    }

    /// The hits of the `n`th group.
    pub fn group(&self, n: u32) -> &[Hit] {
        self.groups
            .get(n as usize)
            .map_or(&[], |&(_, start, end)| &self.hits[start..end])
    }
}
