//! What holds for all rules of a set: how points are counted and when a category is clear.

use super::fold::FoldOptions;
use super::zone::ZoneFactors;

/// The numbers of a rule set. All must be finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Points the best category needs; above 0.
    pub threshold: f64,
    /// Points a category needs to be forwarded to an outside party; at least `threshold`. Like
    /// `guard` it is only carried here.
    pub forward_threshold: f64,
    /// Points by which it must lead the second; 0 or more. With 0 a tie is decided by name.
    pub margin: f64,
    /// Points of a category that must never leave the house, from which on a forward is
    /// forbidden; above 0. The engine only carries it: the decision knows what is forwarded.
    pub guard: f64,
    /// Share of its weight that a rule's second keyword adds, squared for the third and so on;
    /// from 0 to 1.
    pub share: f64,
    /// Most a rule's further keywords may raise it to, as a multiple of its best hit; 1 to 10.
    pub cap: f64,
    /// What a hit in each zone is worth; each from 0 to 10.
    pub zone_factors: ZoneFactors,
    /// What a hit in a subject is worth that was inherited from an earlier mail, instead of the
    /// subject's own factor; from 0 to 10.
    pub inherited_subject: f64,
    /// How texts and keywords are folded.
    pub fold: FoldOptions,
}

impl Default for Settings {
    /// One certain keyword in the body decides; two categories must be half a keyword apart.
    fn default() -> Self {
        Self {
            threshold: 1.0,
            forward_threshold: 1.0,
            margin: 0.5,
            guard: 1.0,
            share: 0.3,
            cap: 2.0,
            zone_factors: ZoneFactors::default(),
            inherited_subject: 0.3,
            fold: FoldOptions::default(),
        }
    }
}
