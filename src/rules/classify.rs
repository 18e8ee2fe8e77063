//! A message's texts in, a verdict out.
//!
//! Texts are folded and scanned once; then each rule of which a literal keyword was hit, and each
//! that needs none and of which a regular expression may match, is tried once. The work grows with the texts and their hits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::decision::{EVIDENCE_MAX, Evidence, Priority, Score, Zone};
use crate::domain::ids::CategoryId;

use super::condition::{Circumstances, Unapplied};
use super::hits::Hit;
use super::points::Points;
use super::rule::{List, Rule};
use super::ruleset::{RuleSet, Use};
use super::scoring::{Given, Obstacle, Sight, Touch, Trial, Tried};
use super::verdict::{
    Lack, NEAR_MISSES_MAX, NEGATED_MAX, NearMiss, Negated, NotApplied, PriorityEvidence, Top,
    UNAPPLIED_MAX, Verdict,
};
use super::zone::{FoldedZone, ZoneText};

/// Most characters of the message shown with a piece of evidence.
pub const TEXT_SHOWN_MAX: usize = 200;

impl RuleSet {
    /// What the rules say about a message of which nothing but its texts is known.
    pub fn classify(&self, zones: &[ZoneText<'_>]) -> Verdict {
        let zones = FoldedZone::all(zones, self.settings().fold);
        self.classify_folded(&zones, &Circumstances::default())
    }

    /// What the rules say about a message, on zones that are folded already; they are only folded
    /// again when that was done with other options than this set's.
    pub fn classify_folded(&self, zones: &[FoldedZone<'_>], known: &Circumstances<'_>) -> Verdict {
        let zones = FoldedZone::refolded(zones, self.settings().fold);
        let hits = self.needles.scan(&zones, self.looked_at);
        let mut touches: Vec<Touch> = Vec::with_capacity(64);
        for (group, (term, _)) in (0..).zip(hits.groups()) {
            let uses = self.uses.get(term as usize).map_or(&[][..], Vec::as_slice);
            touches.extend(uses.iter().map(|&used| Touch { used, group }));
        }
        touches.sort_unstable();

        let mut settings = *self.settings();
        if known.subject_inherited {
            let factor = settings.inherited_subject;
            settings.zone_factors = settings.zone_factors.with(Zone::Subject, factor);
        }
        let negators = self.negators.spoken(&hits, &zones);
        let mut sight = Sight::new(&self.needles, &settings, &zones, &hits, negators);
        let mut tally = Tally::new(self, &zones, known);
        let open = hits.open().chunk_by(|(a, _), (b, _)| a == b);
        let mut opened: Vec<u32> = open
            .filter_map(|chunk| self.uses_of_regex.get(chunk.first()?.0 as usize))
            .flatten()
            .copied()
            .collect();
        opened.sort_unstable();
        opened.dedup();
        let mut untouched = opened.iter().copied().peekable();
        for touched in touches.chunk_by(|a, b| a.used.rule == b.used.rule) {
            let Some(&Touch {
                used: Use { rule: number, .. },
                ..
            }) = touched.first()
            else {
                continue;
            };
            while let Some(before) = untouched.next_if(|&n| n < number) {
                tally.note(before, &mut sight, &[]);
            }
            let is_open = untouched.next_if_eq(&number).is_some();
            // A rule of which only `none` was hit cannot fire.
            if touched.iter().any(|touch| touch.used.list != List::None) || is_open {
                tally.note(number, &mut sight, touched);
            }
        }
        for after in untouched {
            tally.note(after, &mut sight, &[]);
        }
        tally.verdict()
    }
}

/// What the rules said so far.
struct Tally<'a> {
    set: &'a RuleSet,
    zones: &'a [FoldedZone<'a>],
    known: &'a Circumstances<'a>,
    /// Rules that fired, with their best hit.
    fired: Vec<(u32, Given)>,
    given: Vec<(u32, Given)>,
    nearly: Vec<(u32, Obstacle)>,
    /// Of rules with negated hits: what they would give without negation.
    unnegated: Vec<(u32, Given)>,
    negated: Vec<(u32, Given, Arc<str>)>,
    unapplied: Vec<(u32, Unapplied)>,
}

impl<'a> Tally<'a> {
    const fn new(
        set: &'a RuleSet,
        zones: &'a [FoldedZone<'a>],
        known: &'a Circumstances<'a>,
    ) -> Self {
        Self {
            set,
            zones,
            known,
            fired: Vec::new(),
            given: Vec::new(),
            nearly: Vec::new(),
            unnegated: Vec::new(),
            negated: Vec::new(),
            unapplied: Vec::new(),
        }
    }

    fn note(&mut self, number: u32, sight: &mut Sight<'_>, touches: &[Touch]) {
        let Some(rule) = self.set.rules.get(number as usize) else {
            return;
        };
        let Trial { tried, unnegated } = sight.try_rule(rule, touches);
        let unnegated = unnegated.filter(|_| rule.when.unmet(self.known).is_none());
        let is_negated = unnegated.is_some();
        for given in unnegated.into_iter().flatten() {
            if given.points != Points::ZERO {
                self.unnegated.push((number, given));
            }
            if let Some(word) = sight.negator(given.hit) {
                self.negated.push((number, given, Arc::clone(word)));
            }
        }
        match tried {
            Tried::Silent => {}
            // What it lacks is named with what negates it.
            Tried::Nearly(_) if is_negated => {}
            Tried::Nearly(obstacle) => self.nearly.push((number, obstacle)),
            Tried::Fires(given) => {
                if let Some(why) = rule.when.unmet(self.known) {
                    self.unapplied.push((number, why));
                    return;
                }
                self.fired.extend(given.first().map(|&best| (number, best)));
                // What gives nothing is no evidence for or against anything.
                let counts = given.iter().any(|g| g.points != Points::ZERO);
                if rule.category.is_some() && counts {
                    self.given.extend(given.into_iter().map(|g| (number, g)));
                }
            }
        }
    }

    fn rule(&self, number: u32) -> Option<&'a Rule> {
        self.set.rules.get(number as usize)
    }

    fn category(&self, number: u32) -> Option<&'a CategoryId> {
        let category = self.rule(number)?.category?;
        self.set.categories.get(category as usize)
    }

    /// Takes the rules behind the first that stops out of the count.
    fn stop(&mut self) {
        let place = |number: u32| self.set.rules.get(number as usize).map(|rule| rule.place);
        let stopping = self
            .fired
            .iter()
            .filter_map(|(number, _)| self.rule(*number))
            .filter(|rule| rule.stop)
            .min_by_key(|rule| rule.place);
        let Some(stopping) = stopping else {
            return;
        };
        let counts = |number: u32| place(number).is_some_and(|place| place <= stopping.place);
        let behind = self.fired.iter().filter(|(number, _)| !counts(*number));
        let stopped = |&(number, _): &(u32, Given)| {
            let by = stopping.id.clone();
            (number, Unapplied::Stopped { by })
        };
        self.unapplied.extend(behind.map(stopped));
        self.fired.retain(|(number, _)| counts(*number));
        self.given.retain(|(number, _)| counts(*number));
    }

    fn verdict(mut self) -> Verdict {
        let heard = scores(&self.heard());
        self.stop();
        let sums = self.sums(self.given.iter());
        let top = self.top(&sums);
        let (priority, priority_evidence) = self.priority(sums.first().map(|(id, _)| *id));
        self.given.sort_by(|(rule, a), (other, b)| {
            b.points
                .abs()
                .cmp(&a.points.abs())
                .then_with(|| (rule, a.hit, a.slot).cmp(&(other, b.hit, b.slot)))
        });
        let omitted = self.given.split_off(self.given.len().min(EVIDENCE_MAX));
        Verdict {
            scores: scores(&sums),
            evidence: self
                .given
                .iter()
                .filter_map(|(rule, given)| self.evidence(*rule, given))
                .collect(),
            omitted: scores(&self.sums(omitted.iter())),
            priority,
            priority_evidence,
            top,
            fired: self
                .fired
                .iter()
                .filter_map(|(rule, _)| Some(self.rule(*rule)?.id.clone()))
                .collect(),
            heard,
            negated: self.negated(),
            unapplied: self.unapplied(),
            near_misses: self.near_misses(),
        }
    }

    /// What is told of rules, by the number of each: those of the heaviest rules, at most `most`.
    fn heaviest<T>(&self, mut told: Vec<(u32, T)>, most: usize) -> impl Iterator<Item = (u32, T)> {
        let weight = |number: u32| self.rule(number).map_or(0.0, |rule| rule.weight.abs());
        told.sort_by(|(a, _), (b, _)| weight(*b).total_cmp(&weight(*a)).then(a.cmp(b)));
        told.into_iter().take(most)
    }

    fn unapplied(&mut self) -> Vec<NotApplied> {
        let unapplied = std::mem::take(&mut self.unapplied);
        self.heaviest(unapplied, UNAPPLIED_MAX)
            .filter_map(|(number, why)| {
                Some(NotApplied {
                    rule: self.rule(number)?.id.clone(),
                    category: self.category(number).cloned(),
                    why,
                })
            })
            .collect()
    }

    /// The points by category that the guard hears.
    fn heard(&self) -> Vec<(&'a CategoryId, Points)> {
        let negated: BTreeSet<u32> = self.unnegated.iter().map(|(number, _)| *number).collect();
        let as_ever = self.given.iter();
        let as_ever = as_ever.filter(|(number, _)| !negated.contains(number));
        self.sums(as_ever.chain(&self.unnegated))
    }

    fn negated(&mut self) -> Vec<Negated> {
        let mut negated = std::mem::take(&mut self.negated);
        let weight = |number: u32| self.rule(number).map_or(0.0, |rule| rule.weight.abs());
        negated.sort_by(|(a, one, _), (b, other, _)| {
            weight(*b)
                .total_cmp(&weight(*a))
                .then_with(|| (a, one.hit, one.slot).cmp(&(b, other.hit, other.slot)))
        });
        negated
            .into_iter()
            .take(NEGATED_MAX)
            .filter_map(|(number, given, by)| {
                let rule = self.rule(number)?;
                let zone = self.zones.get(given.hit.text as usize)?;
                let (text, span) = shown(zone, given.hit);
                Some(Negated {
                    rule: rule.id.clone(),
                    category: self.category(number).cloned(),
                    zone: zone.zone(),
                    keyword: keyword(rule, given.list, given.slot),
                    text,
                    span,
                    by: by.to_string(),
                })
            })
            .collect()
    }

    /// Points by category, highest first, then by name.
    fn sums<'g>(
        &self,
        given: impl Iterator<Item = &'g (u32, Given)>,
    ) -> Vec<(&'a CategoryId, Points)> {
        let mut sums: BTreeMap<&CategoryId, Points> = BTreeMap::new();
        for (rule, given) in given {
            if let Some(category) = self.category(*rule) {
                *sums.entry(category).or_default() += given.points;
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by(|(_, a), (_, b)| b.cmp(a));
        sums
    }

    fn top(&self, sums: &[(&CategoryId, Points)]) -> Top {
        let settings = self.set.settings();
        let Some(&(category, points)) = sums.first() else {
            return Top::NoEvidence;
        };
        let second = sums.get(1).filter(|(_, points)| *points > Points::ZERO);
        let lead = points - second.map_or(Points::ZERO, |(_, points)| *points);
        if points < Points::of(settings.threshold) {
            return Top::TooWeak {
                category: category.clone(),
                points: points.value(),
                threshold: settings.threshold,
            };
        }
        match second {
            Some(&(runner_up, _)) if lead < Points::of(settings.margin) => Top::TooClose {
                category: category.clone(),
                runner_up: runner_up.clone(),
                lead: lead.value(),
                margin: settings.margin,
            },
            _ => Top::Clear {
                category: category.clone(),
                points: points.value(),
                lead: lead.value(),
            },
        }
    }

    fn priority(&self, first: Option<&CategoryId>) -> (Priority, Vec<PriorityEvidence>) {
        let setting = |number: u32| {
            let rule = self.rule(number)?;
            let counts = rule.category.is_none() || self.category(number) == first;
            rule.priority.filter(|_| counts)
        };
        let highest = self
            .fired
            .iter()
            .filter_map(|(rule, _)| setting(*rule))
            .max();
        let evidence = self
            .fired
            .iter()
            .filter(|(rule, _)| highest.is_some() && setting(*rule) == highest)
            .take(EVIDENCE_MAX)
            .filter_map(|(number, best)| {
                let rule = self.rule(*number)?;
                let zone = self.zones.get(best.hit.text as usize)?;
                let (text, span) = shown(zone, best.hit);
                Some(PriorityEvidence {
                    rule: rule.id.clone(),
                    zone: zone.zone(),
                    keyword: keyword(rule, best.list, best.slot),
                    text,
                    span,
                })
            })
            .collect();
        (highest.unwrap_or_default(), evidence)
    }

    fn evidence(&self, number: u32, given: &Given) -> Option<Evidence> {
        let rule = self.rule(number)?;
        let zone = self.zones.get(given.hit.text as usize)?;
        let (text, span) = shown(zone, given.hit);
        Some(Evidence {
            rule: rule.id.clone(),
            category: self.category(number)?.clone(),
            zone: zone.zone(),
            keyword: keyword(rule, given.list, given.slot),
            text,
            span,
            weight: given.points.value(),
            typo: rule
                .list(given.list)
                .get(given.slot as usize)
                .is_some_and(|slot| {
                    let needles = &self.set.needles;
                    needles.is_misspelled(slot.needle, zone, given.hit)
                }),
        })
    }

    fn near_misses(&mut self) -> Vec<NearMiss> {
        let nearly = std::mem::take(&mut self.nearly);
        self.heaviest(nearly, NEAR_MISSES_MAX)
            .filter_map(|(number, obstacle)| {
                let rule = self.rule(number)?;
                let lacked = match obstacle {
                    Obstacle::NoneOfAny => Lack::NoneOfAny,
                    Obstacle::TooFar { words } => Lack::TooFar { words },
                    Obstacle::Missing { slot } => Lack::Missing {
                        keyword: keyword(rule, List::All, slot),
                    },
                    Obstacle::Blocked { slot, hit } => {
                        let zone = self.zones.get(hit.text as usize)?;
                        Lack::Blocked {
                            keyword: keyword(rule, List::None, slot),
                            zone: zone.zone(),
                            span: zone.original_span(hit.start as usize, hit.end as usize),
                        }
                    }
                };
                Some(NearMiss {
                    rule: rule.id.clone(),
                    category: self.category(number).cloned(),
                    lacked,
                })
            })
            .collect()
    }
}

fn scores(sums: &[(&CategoryId, Points)]) -> Vec<Score> {
    sums.iter()
        .map(|&(category, points)| Score {
            category: category.clone(),
            points: points.value(),
        })
        .collect()
}

fn keyword(rule: &Rule, list: List, slot: u32) -> String {
    let slot = rule.list(list).get(slot as usize);
    slot.map(|slot| slot.keyword.to_string())
        .unwrap_or_default()
}

/// What stood in the message, cut to [`TEXT_SHOWN_MAX`] characters, and where.
pub(super) fn shown(zone: &FoldedZone<'_>, hit: Hit) -> (String, (usize, usize)) {
    let span = zone.original_span(hit.start as usize, hit.end as usize);
    let text = zone.original().get(span.0..span.1).unwrap_or_default();
    let text = match text.char_indices().nth(TEXT_SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    (text, span)
}
