//! The words that must stand close to one another.

use std::collections::BTreeMap;

use super::hits::Hit;
use super::rule::List;
use super::scoring::Located;
use super::zone::FoldedZone;

/// Keeps of `all` and `any` the hits that begin in some stretch of `words` words of one text in
/// which a hit of each of the `all_wanted` keywords begins and, where `any_wanted`, one of `any`.
/// Whether there is such a stretch.
///
/// Each hit in turn is the left end of a stretch; both ends only ever move to the right.
pub(super) fn keep_near(
    all: &mut Vec<Located>,
    any: &mut Vec<Located>,
    all_wanted: usize,
    any_wanted: bool,
    words: u16,
    zones: &[FoldedZone<'_>],
) -> bool {
    let mut line: Vec<Mark> = Vec::with_capacity(all.len() + any.len());
    for (list, located) in [(List::All, all.drain(..)), (List::Any, any.drain(..))] {
        line.extend(located.map(|located| Mark::new(list, located, zones)));
    }
    line.sort_unstable_by_key(|mark| (mark.located.hit, mark.list, mark.located.slot));

    let mut inside = Inside::default();
    let (mut end, mut kept) = (0, 0);
    for (start, left) in line.iter().enumerate() {
        while let Some(next) = line.get(end)
            && next.located.hit.text == left.located.hit.text
            && next.word < left.word + usize::from(words)
        {
            inside.add(next);
            end += 1;
        }
        if inside.alls.len() == all_wanted && (!any_wanted || inside.any > 0) {
            for mark in line.get(start.max(kept)..end).unwrap_or_default() {
                match mark.list {
                    List::All => all.push(mark.located),
                    List::Any | List::None => any.push(mark.located),
                }
            }
            kept = end;
        }
        inside.remove(left);
    }
    kept > 0
}

/// A hit with the number of the word it begins in.
struct Mark {
    list: List,
    located: Located,
    word: usize,
}

impl Mark {
    fn new(list: List, located: Located, zones: &[FoldedZone<'_>]) -> Self {
        let Hit { text, start, .. } = located.hit;
        let zone = zones.get(text as usize);
        Self {
            list,
            located,
            word: zone.map_or(0, |zone| zone.words_before(start as usize)),
        }
    }
}

/// What the stretch at hand holds.
#[derive(Default)]
struct Inside {
    /// How often each keyword of `all`.
    alls: BTreeMap<u32, usize>,
    any: usize,
}

impl Inside {
    fn add(&mut self, mark: &Mark) {
        match mark.list {
            List::All => *self.alls.entry(mark.located.slot).or_default() += 1,
            List::Any | List::None => self.any += 1,
        }
    }

    fn remove(&mut self, mark: &Mark) {
        let slot = mark.located.slot;
        match mark.list {
            List::All => match self.alls.get_mut(&slot) {
                Some(n) if *n > 1 => *n -= 1,
                _ => _ = self.alls.remove(&slot),
            },
            List::Any | List::None => self.any = self.any.saturating_sub(1),
        }
    }
}
