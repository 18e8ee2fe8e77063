//! One rule on one message: does it fire, and what does it give.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hits::{Hit, HitTable};
use super::near::keep_near;
use super::needles::{Needle, Needles};
use super::negation::Spoken;
use super::points::Points;
use super::rule::{List, Rule};
use super::ruleset::Use;
use super::settings::Settings;
use super::zone::FoldedZone;

/// Most keywords of one rule that give points.
const COUNTED_MAX: usize = 8;

/// A hit of one keyword of a rule's list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located {
    pub slot: u32,
    pub hit: Hit,
}

/// A hit and what it gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub list: List,
    pub slot: u32,
    pub hit: Hit,
    pub points: Points,
}

/// What came of trying a rule.
#[derive(Debug)]
pub(super) enum Tried {
    /// It fires; the first of these is its best hit.
    Fires(Vec<Given>),
    /// It lacks one thing.
    Nearly(Obstacle),
    /// It has nothing to do with the message.
    Silent,
}

/// What came of trying a rule, and what would have without negation.
#[derive(Debug)]
pub(super) struct Trial {
    pub tried: Tried,
    /// What it would give if nothing were negated, where that may be something else.
    pub unnegated: Option<Vec<Given>>,
}

/// Which hits a rule hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hearing {
    All,
    NotNegated,
}

/// The one thing a rule lacks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Obstacle {
    Blocked { slot: u32, hit: Hit },
    Missing { slot: u32 },
    NoneOfAny,
    TooFar { words: u16 },
}

/// A term's use in a rule, with the group of its hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Touch {
    pub used: Use,
    pub group: u32,
}

/// The message at hand, as rules look at it. Lists are kept between rules for their memory.
pub(super) struct Sight<'a> {
    needles: &'a Needles,
    settings: &'a Settings,
    zones: &'a [FoldedZone<'a>],
    hits: &'a HitTable,
    negators: Spoken<'a>,
    /// Whether a hit was left out of the rule at hand because it is negated.
    left_out: bool,
    /// Hits of the regular expressions that were run, by expression and text.
    regex_hits: BTreeMap<(u32, u32), Vec<Hit>>,
    all: Vec<Located>,
    any: Vec<Located>,
}

impl<'a> Sight<'a> {
    pub fn new(
        needles: &'a Needles,
        settings: &'a Settings,
        zones: &'a [FoldedZone<'a>],
        hits: &'a HitTable,
        negators: Spoken<'a>,
    ) -> Self {
        Self {
            needles,
            settings,
            zones,
            hits,
            negators,
            left_out: false,
            regex_hits: BTreeMap::new(),
            all: Vec::new(),
            any: Vec::new(),
        }
    }

    /// What negates a hit, as the configuration has it.
    pub fn negator(&self, hit: Hit) -> Option<&Arc<str>> {
        self.negators.over(hit)
    }

    /// Tries `rule`, whose hit literals are `touches` in order of list and keyword; twice where one
    /// of its hits is negated.
    pub fn try_rule(&mut self, rule: &Rule, touches: &[Touch]) -> Trial {
        self.left_out = false;
        // What speaks against a category stays, so that negation raises none.
        let hearing = if rule.negatable && rule.weight >= 0.0 {
            Hearing::NotNegated
        } else {
            Hearing::All
        };
        let tried = self.attempt(rule, touches, hearing);
        let unnegated = if self.left_out {
            match self.attempt(rule, touches, Hearing::All) {
                Tried::Fires(given) => Some(given),
                Tried::Nearly(_) | Tried::Silent => None,
            }
        } else {
            None
        };
        Trial { tried, unnegated }
    }

    /// Literals come first: a regular expression is only run when they leave the rule a chance.
    fn attempt(&mut self, rule: &Rule, touches: &[Touch], hearing: Hearing) -> Tried {
        self.all.clear();
        self.any.clear();
        let mut alls = 0;
        let mut blocked = None;
        for touch in touches {
            let slot = touch.used.slot;
            let mut hits = self
                .hits
                .group(touch.group)
                .iter()
                .filter(|hit| in_zones(rule, self.zones, hit))
                .map(|&hit| Located { slot, hit });
            let (negators, left_out) = (&self.negators, &mut self.left_out);
            let heard = |located: &Located| hears(negators, hearing, located.hit, left_out);
            match touch.used.list {
                List::None => blocked = blocked.or(hits.next()),
                List::Any => self.any.extend(hits.filter(heard)),
                List::All => {
                    let before = self.all.len();
                    self.all.extend(hits.filter(heard));
                    alls += usize::from(self.all.len() > before);
                }
            }
        }
        let some_hit = !self.all.is_empty() || !self.any.is_empty();
        if alls < rule.literal_all {
            let nearly = rule.literal_all - alls == 1
                && blocked.is_none()
                && some_hit
                && (rule.any.is_empty() || !self.any.is_empty());
            return match self.first_missing(rule) {
                Some(slot) if nearly => Tried::Nearly(Obstacle::Missing { slot }),
                _ => Tried::Silent,
            };
        }
        if let Some(Located { slot, hit }) = blocked {
            let nearly = some_hit && (rule.any.is_empty() || !self.any.is_empty());
            return if nearly {
                Tried::Nearly(Obstacle::Blocked { slot, hit })
            } else {
                Tried::Silent
            };
        }
        if rule.has_regex
            && let Err(end) = self.run_regexes(rule, hearing)
        {
            return end;
        }
        if self.any.is_empty() && !rule.any.is_empty() {
            return if self.all.is_empty() {
                Tried::Silent
            } else {
                Tried::Nearly(Obstacle::NoneOfAny)
            };
        }
        if let Some(words) = rule.near
            && !keep_near(
                &mut self.all,
                &mut self.any,
                rule.all.len(),
                !rule.any.is_empty(),
                words,
                self.zones,
            )
        {
            return Tried::Nearly(Obstacle::TooFar { words });
        }
        Tried::Fires(self.give(rule))
    }

    /// The first literal of `all` without a hit.
    fn first_missing(&self, rule: &Rule) -> Option<u32> {
        (0..)
            .zip(&rule.all)
            .find(|(n, slot)| {
                matches!(slot.needle, Needle::Term(_)) && !self.all.iter().any(|l| l.slot == *n)
            })
            .map(|(n, _)| n)
    }

    /// Runs the rule's regular expressions, those first that can end it.
    fn run_regexes(&mut self, rule: &Rule, hearing: Hearing) -> Result<(), Tried> {
        for list in [List::All, List::None, List::Any] {
            for (slot, compiled) in (0..).zip(rule.list(list)) {
                let Needle::Regex(regex) = compiled.needle else {
                    continue;
                };
                let mut hits = self.regex(rule, regex);
                if list != List::None {
                    let (negators, left_out) = (&self.negators, &mut self.left_out);
                    hits.retain(|&hit| hears(negators, hearing, hit, left_out));
                }
                match (list, hits.first()) {
                    (List::All, None) if self.all.is_empty() && self.any.is_empty() => {
                        return Err(Tried::Silent);
                    }
                    (List::All, None) => return Err(Tried::Nearly(Obstacle::Missing { slot })),
                    (List::None, Some(&hit)) => {
                        return Err(Tried::Nearly(Obstacle::Blocked { slot, hit }));
                    }
                    (List::None, None) => {}
                    (List::All, _) => {
                        self.all
                            .extend(hits.into_iter().map(|hit| Located { slot, hit }));
                    }
                    (List::Any, _) => {
                        self.any
                            .extend(hits.into_iter().map(|hit| Located { slot, hit }));
                    }
                }
            }
        }
        Ok(())
    }

    fn regex(&mut self, rule: &Rule, regex: u32) -> Vec<Hit> {
        let mut found = Vec::new();
        for (text, zone) in (0..).zip(self.zones) {
            if rule.zones.holds(zone.zone()) && self.hits.is_open(regex, text) {
                let hits = self
                    .regex_hits
                    .entry((regex, text))
                    .or_insert_with(|| self.needles.regex_hits(regex, text, zone));
                found.extend_from_slice(hits);
            }
        }
        found
    }

    /// The points of a rule that fires; see [`super::rule::RuleDraft`].
    fn give(&mut self, rule: &Rule) -> Vec<Given> {
        let by_any = !rule.any.is_empty();
        let factor = |located: &Located| {
            let zone = self.zones.get(located.hit.text as usize);
            zone.map_or(0.0, |zone| self.settings.zone_factors.of(zone.zone()))
        };
        let by_worth = |a: &Located, b: &Located| {
            factor(b)
                .total_cmp(&factor(a))
                .then_with(|| b.hit.len().cmp(&a.hit.len()))
                .then_with(|| (a.slot, a.hit).cmp(&(b.slot, b.hit)))
        };
        self.all.sort_unstable_by(by_worth);
        self.any.sort_unstable_by(by_worth);
        let (list, speaking) = if by_any {
            (List::Any, &self.any)
        } else {
            (List::All, &self.all)
        };

        let mut given: Vec<Given> = Vec::with_capacity(4);
        let mut share = 1.0;
        let mut total = Points::ZERO;
        let mut ceiling = Points::ZERO;
        for located in speaking {
            let taken = given
                .iter()
                .any(|g| g.slot == located.slot || g.hit.overlaps(&located.hit));
            if taken {
                continue;
            }
            let full = rule.weight * factor(located);
            if given.is_empty() {
                ceiling = Points::of(full * rule.cap).abs();
            }
            let points = Points::of(full * share).within(ceiling - total.abs());
            total += points;
            given.push(Given {
                list,
                slot: located.slot,
                hit: located.hit,
                points,
            });
            if !by_any || given.len() >= COUNTED_MAX {
                break;
            }
            share *= self.settings.share;
        }
        // What else had to be there is shown too, without points.
        let mut shown = 0;
        for located in &self.all {
            if shown >= COUNTED_MAX {
                break;
            }
            let known = given
                .iter()
                .any(|g| g.list == List::All && g.slot == located.slot);
            if !known {
                shown += 1;
                given.push(Given {
                    list: List::All,
                    slot: located.slot,
                    hit: located.hit,
                    points: Points::ZERO,
                });
            }
        }
        given
    }
}

/// Whether a hit counts for `any` and `all`; notes in `left_out` when it does not.
fn hears(negators: &Spoken<'_>, hearing: Hearing, hit: Hit, left_out: &mut bool) -> bool {
    let heard = hearing == Hearing::All || negators.over(hit).is_none();
    *left_out |= !heard;
    heard
}

fn in_zones(rule: &Rule, zones: &[FoldedZone<'_>], hit: &Hit) -> bool {
    zones
        .get(hit.text as usize)
        .is_some_and(|zone| rule.zones.holds(zone.zone()))
}
