//! Names and aliases found in a message by the same matcher as rules' keywords, for the product
//! registry: each entry is a keyword with the number of what it names.

use crate::domain::decision::Zone;

use super::classify::shown;
use super::fold::FoldOptions;
use super::hits::Hit;
use super::keyword::{Keyword, KeywordFault};
use super::needles::{Needle, Needles, NeedlesBuilder};
use super::ruleset::{KEYWORDS_MAX, LITERAL_BYTES_MAX, REGEXES_MAX};
use super::zone::{FoldedZone, ZoneSet, ZoneText};

/// Most hits returned for one message; the first ones stay.
pub const HITS_MAX: usize = 1_000;

/// A set of names, compiled.
#[derive(Debug)]
pub struct Lexicon {
    needles: Needles,
    /// By term: what it names.
    named_by_term: Vec<Vec<usize>>,
    /// By regular expression: what it names.
    named_by_regex: Vec<Vec<usize>>,
    options: FoldOptions,
}

/// One name found in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconHit {
    /// The number of what is named.
    pub index: usize,
    /// Where it was found.
    pub zone: Zone,
    /// Byte offsets in the zone's text, end excluded.
    pub span: (usize, usize),
    /// What stood there, at most [`super::classify::TEXT_SHOWN_MAX`] characters.
    pub text: String,
}

/// Why names cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LexiconFault {
    /// One name cannot be used with these fold options.
    #[error("name {}: {fault}", entry + 1)]
    Name {
        /// Its place in the list that was given, from 0.
        entry: usize,
        /// What is wrong with it.
        fault: KeywordFault,
    },
    /// More of something than is taken.
    #[error("{found} {what} are too many, at most {limit} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// The automaton could not be built.
    #[error("the names cannot be compiled: {what}")]
    Automaton {
        /// The words of the library.
        what: String,
    },
}

impl Lexicon {
    /// Compiles names, each with the number of what it names; a number may have any number of
    /// names and a name may stand for several numbers. All faults are told.
    pub fn compile(
        names: Vec<(usize, Keyword)>,
        options: FoldOptions,
    ) -> Result<Self, Vec<LexiconFault>> {
        let mut faults = Vec::new();
        check("names", names.len(), KEYWORDS_MAX, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut builder = NeedlesBuilder::new(options);
        let mut named_by_term = Vec::new();
        let mut named_by_regex = Vec::new();
        for (entry, (index, keyword)) in names.into_iter().enumerate() {
            match builder.add(&keyword, None) {
                Ok(Needle::Term(term)) => name(&mut named_by_term, term, index),
                Ok(Needle::Regex(regex)) => name(&mut named_by_regex, regex, index),
                Err(fault) => faults.push(LexiconFault::Name { entry, fault }),
            }
        }
        let bytes = builder.bytes();
        check("bytes of names", bytes, LITERAL_BYTES_MAX, &mut faults);
        let regexes = builder.regexes();
        check("regular expressions", regexes, REGEXES_MAX, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let needles = builder.build().map_err(|error| {
            vec![LexiconFault::Automaton {
                what: error.to_string(),
            }]
        })?;
        Ok(Self {
            needles,
            named_by_term,
            named_by_regex,
            options,
        })
    }

    /// The names in all zones of a message, see [`Self::find_folded`].
    pub fn find(&self, zones: &[ZoneText<'_>]) -> Vec<LexiconHit> {
        let looked_at = Zone::ALL.into_iter().collect();
        self.find_folded(&FoldedZone::all(zones, self.options), looked_at)
    }

    /// The names in those zones of a message that are `looked_at`, in order of its texts and
    /// places, at most [`HITS_MAX`].
    ///
    /// A name that lies within a longer one is not reported: in `Nordlys Flow` there is no
    /// `Nordlys` where both are known. Each name is reported at its first 16 places of a text.
    pub fn find_folded(&self, zones: &[FoldedZone<'_>], looked_at: ZoneSet) -> Vec<LexiconHit> {
        let zones = FoldedZone::refolded(zones, self.options);
        let mut found: Vec<(Hit, usize)> = Vec::new();
        let scanned = self.needles.scan(&zones, looked_at);
        for (term, hits) in scanned.groups() {
            let named = self.named_by_term.get(term as usize);
            for &index in named.into_iter().flatten() {
                found.extend(hits.iter().map(|&hit| (hit, index)));
            }
        }
        for &(regex, text) in scanned.open() {
            let named = self.named_by_regex.get(regex as usize);
            if let Some((named, zone)) = named.zip(zones.get(text as usize)) {
                for hit in self.needles.regex_hits(regex, text, zone) {
                    found.extend(named.iter().map(|&index| (hit, index)));
                }
            }
        }
        // The longer of two that begin together comes first, so that what reaches no further
        // than anything before it lies within something.
        found.sort_unstable_by_key(|&(hit, index)| {
            (hit.text, hit.start, std::cmp::Reverse(hit.end), index)
        });
        found.dedup();
        let mut widest: Option<Hit> = None;
        found.retain(|&(hit, _)| {
            let within = widest
                .is_some_and(|wide| wide.text == hit.text && hit.end <= wide.end && hit != wide);
            if !within {
                widest = Some(hit);
            }
            !within
        });
        found
            .into_iter()
            .take(HITS_MAX)
            .filter_map(|(hit, index)| {
                let zone = zones.get(hit.text as usize)?;
                let (text, span) = shown(zone, hit);
                Some(LexiconHit {
                    index,
                    zone: zone.zone(),
                    span,
                    text,
                })
            })
            .collect()
    }
}

fn name(named: &mut Vec<Vec<usize>>, needle: u32, index: usize) {
    let needle = needle as usize;
    if named.len() <= needle {
        named.resize_with(needle + 1, Vec::new);
    }
    if let Some(named) = named.get_mut(needle)
        && !named.contains(&index)
    {
        named.push(index);
    }
}

fn check(what: &'static str, found: usize, limit: usize, faults: &mut Vec<LexiconFault>) {
    if found > limit {
        faults.push(LexiconFault::TooMany { what, found, limit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_words_and_the_longest_wins() {
        let names = [
            "Nordlys",
            "Nordlys Flow",
            "fjällkarta*",
            "/karta ?\\d+/",
            "Nordlys",
        ];
        let names = names
            .iter()
            .enumerate()
            .map(|(n, name)| (n, Keyword::parse(name).expect(name)))
            .collect();
        let lexicon = Lexicon::compile(names, FoldOptions::default()).expect("a lexicon");
        let zones = [
            ZoneText {
                zone: Zone::Subject,
                text: "NORDLYS®\u{a0}Flow och Nordlysen",
            },
            ZoneText {
                zone: Zone::Body,
                text: "Fja\u{308}llkartan, karta 2 och nordlys.",
            },
        ];
        let found: Vec<_> = lexicon
            .find(&zones)
            .into_iter()
            .map(|hit| (hit.index, hit.zone, hit.text))
            .collect();
        let found: Vec<_> = found.iter().map(|(n, z, t)| (*n, *z, t.as_str())).collect();
        assert_eq!(
            found,
            [
                (1, Zone::Subject, "NORDLYS®\u{a0}Flow"),
                (2, Zone::Body, "Fja\u{308}llkartan"),
                (3, Zone::Body, "karta 2"),
                (0, Zone::Body, "nordlys"),
                (4, Zone::Body, "nordlys"),
            ]
        );
    }
}
