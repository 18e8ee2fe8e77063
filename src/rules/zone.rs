//! The parts of a message as rules see them: a zone's text, folded once for everybody.

use std::sync::OnceLock;

use crate::domain::decision::Zone;

use super::expression::{self, Spelling};
use super::fold::{FoldOptions, Folded};

/// The text of one zone of a message, as it was written.
///
/// A zone without text may be left out. When a zone comes in several texts, each is looked at by
/// itself and spans point into the one that held the hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneText<'a> {
    /// Which part of the message.
    pub zone: Zone,
    /// What stands there.
    pub text: &'a str,
}

/// A zone's text, folded at most once for each message, shared by rules and lexicon.
#[derive(Debug, Clone)]
pub struct FoldedZone<'a> {
    zone: Zone,
    original: &'a str,
    options: FoldOptions,
    /// Folded when somebody first looks at it: most zones no rule looks at.
    folded: OnceLock<Folded>,
    spaces: OnceLock<Vec<usize>>,
    spelling: OnceLock<Spelling>,
}

impl<'a> FoldedZone<'a> {
    /// One zone.
    pub fn new(zone: ZoneText<'a>, options: FoldOptions) -> Self {
        Self {
            zone: zone.zone,
            original: zone.text,
            options,
            folded: OnceLock::new(),
            spaces: OnceLock::new(),
            spelling: OnceLock::new(),
        }
    }

    /// All zones of a message.
    pub fn all(zones: &[ZoneText<'a>], options: FoldOptions) -> Vec<Self> {
        zones.iter().map(|&zone| Self::new(zone, options)).collect()
    }

    /// Which part of the message.
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The text as it was written.
    pub const fn original(&self) -> &'a str {
        self.original
    }

    /// The folded text.
    pub fn folded(&self) -> &str {
        self.fold().as_str()
    }

    fn fold(&self) -> &Folded {
        let folded = || Folded::new(self.original, self.options);
        self.folded.get_or_init(folded)
    }

    /// The bytes of the original that a stretch of the folded text came from.
    pub fn original_span(&self, start: usize, end: usize) -> (usize, usize) {
        self.fold().original_span(start, end)
    }

    /// How many words end before byte `at` of the folded text; words are what white space
    /// separates.
    pub(super) fn words_before(&self, at: usize) -> usize {
        self.spaces
            .get_or_init(|| self.folded().match_indices(' ').map(|(n, _)| n).collect())
            .partition_point(|&space| space < at)
    }

    /// What regular expressions see of the folded text, as they read it.
    pub(super) fn spelling(&self) -> &Spelling {
        self.spelling
            .get_or_init(|| Spelling::new(expression::seen(self.folded())))
    }

    /// These zones folded with `options`: themselves when they are already.
    pub(super) fn refolded(zones: &[Self], options: FoldOptions) -> std::borrow::Cow<'_, [Self]> {
        if zones.iter().all(|zone| zone.options == options) {
            zones.into()
        } else {
            zones
                .iter()
                .map(|zone| {
                    let text = zone.original;
                    let zone = zone.zone;
                    Self::new(ZoneText { zone, text }, options)
                })
                .collect::<Vec<_>>()
                .into()
        }
    }
}

/// A set of zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ZoneSet(u8);

impl ZoneSet {
    /// Whether `zone` is in it.
    pub const fn holds(self, zone: Zone) -> bool {
        self.0 & (1 << zone as u8) != 0
    }

    /// What is in this set or in `other`.
    #[must_use]
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Zone> for ZoneSet {
    fn from_iter<I: IntoIterator<Item = Zone>>(zones: I) -> Self {
        Self(zones.into_iter().fold(0, |set, zone| set | 1 << zone as u8))
    }
}

/// What a hit in each zone is worth, as a factor on a rule's weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneFactors([f64; Zone::ALL.len()]);

impl ZoneFactors {
    /// The factor of one zone.
    pub fn of(&self, zone: Zone) -> f64 {
        self.0.get(zone as usize).copied().unwrap_or_default()
    }

    /// The same factors with another one for `zone`.
    #[must_use]
    pub fn with(mut self, zone: Zone, factor: f64) -> Self {
        if let Some(slot) = self.0.get_mut(zone as usize) {
            *slot = factor;
        }
        self
    }
}

impl Default for ZoneFactors {
    /// What the writer says now counts in full; a subject often outlives its matter, quoted
    /// words are the past, a signature says nothing about what is asked.
    fn default() -> Self {
        Self([1.0; Zone::ALL.len()])
            .with(Zone::Subject, 0.7)
            .with(Zone::Quoted, 0.3)
            .with(Zone::Signature, 0.1)
            .with(Zone::Attachment, 0.5)
    }
}
