//! The figures over many cases: what was right, what went where, which rules no case touches.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::RuleId;
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::rules::RuleSet;

use super::{Case, Judgement, Mark, Miss, Outcome, Standing, Written};
use crate::triage::Reading;

/// Counts of one group of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decided as expected.
    pub right: u32,
    /// Left to a person, as expected.
    pub left: u32,
    /// Left to a person although it could have been decided.
    pub unsure: u32,
    /// In a wrong queue.
    pub wrong: u32,
    /// Dangerous errors.
    pub dangerous: u32,
}

impl Tally {
    fn count(&mut self, mark: Mark) {
        let slot = match mark {
            Mark::Right => &mut self.right,
            Mark::Left => &mut self.left,
            Mark::Unsure => &mut self.unsure,
            Mark::Wrong => &mut self.wrong,
            Mark::Dangerous(_) => &mut self.dangerous,
        };
        *slot += 1;
    }

    /// How many the rules decided.
    pub const fn decided(&self) -> u32 {
        self.right + self.wrong + self.dangerous
    }

    /// Right answers among those decided, in percent.
    pub fn right_percent(&self) -> f64 {
        percent(self.right, self.decided())
    }

    /// The share decided, in percent, of those that were not rightly left to a person.
    pub fn decided_percent(&self) -> f64 {
        percent(self.decided(), self.decided() + self.unsure)
    }
}

/// `part` of `whole` in percent; all of nothing is 100.
fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        100.0
    } else {
        100.0 * f64::from(part) / f64::from(whole)
    }
}

/// What came of all cases together.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many there are.
    pub cases: u32,
    /// How many hold.
    pub passed: u32,
    /// How many fail.
    pub failed: u32,
    /// How many are known misses.
    pub known: u32,
    /// How many were known misses and hold now.
    pub mended: u32,
    /// How many misses are only counted.
    pub counted: u32,
    /// All that expect an outcome.
    pub all: Tally,
    /// The same without known misses.
    pub without_known: Tally,
    /// Those of files that only measure.
    pub sample: Tally,
    /// By file.
    pub files: BTreeMap<String, Tally>,
    /// By language, where the files tell it; samples apart, as `sv, samples`.
    pub languages: BTreeMap<String, Tally>,
    /// How often each outcome came where another, or the same, was expected.
    pub matrix: BTreeMap<(Outcome, Outcome), u32>,
    /// How many cases state a priority, and how many of them meet it.
    pub priorities: (u32, u32),
    /// Of the cases in one language: how it was told.
    pub languages_told: Languages,
    fired: BTreeSet<RuleId>,
}

/// How languages were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Languages {
    /// As expected.
    pub right: u32,
    /// Left open.
    pub open: u32,
    /// Taken for another.
    pub wrong: u32,
}

impl Languages {
    /// How many there are.
    pub const fn all(self) -> u32 {
        self.right + self.open + self.wrong
    }

    /// Those told rightly, in percent.
    pub fn right_percent(self) -> f64 {
        percent(self.right, self.all())
    }

    fn count(&mut self, expected: Language, told: Option<Language>) {
        let slot = match told {
            Some(told) if told == expected => &mut self.right,
            Some(_) => &mut self.wrong,
            None => &mut self.open,
        };
        *slot += 1;
    }
}

impl Report {
    /// Counts one case.
    pub fn count(&mut self, case: &Case, reading: &Reading, judgement: &Judgement) {
        self.cases += 1;
        let slot = match judgement.standing {
            Standing::Passed => &mut self.passed,
            Standing::Failed => &mut self.failed,
            Standing::KnownMiss => &mut self.known,
            Standing::Mended => &mut self.mended,
            Standing::Counted => &mut self.counted,
        };
        *slot += 1;
        if let Some(verdict) = &reading.verdict {
            let new = verdict.fired.iter().filter(|r| !self.fired.contains(*r));
            let new: Vec<RuleId> = new.cloned().collect();
            self.fired.extend(new);
        }
        if case.expected.priority.is_some() {
            let miss = |miss: &Miss| matches!(miss, Miss::Priority { .. });
            self.priorities.0 += 1;
            self.priorities.1 += u32::from(!judgement.misses.iter().any(miss));
        }
        if let (Some(Written::In(language)), Kind::Ticket) = (case.language, reading.decision.kind)
        {
            self.languages_told
                .count(language, reading.decision.language);
        }
        let (Some(mark), Some(expected)) = (judgement.mark, &case.expected.outcome) else {
            return;
        };
        self.all.count(mark);
        if !case.known {
            self.without_known.count(mark);
        }
        if case.sample {
            self.sample.count(mark);
        }
        let file = case.origin.file.to_string();
        self.files.entry(file).or_default().count(mark);
        if let Some(language) = case.language {
            let samples = if case.sample { ", samples" } else { "" };
            let group = format!("{}{samples}", language.as_str());
            self.languages.entry(group).or_default().count(mark);
        }
        // What is let pass counts as what was expected.
        let wanted = if matches!(mark, Mark::Right | Mark::Left) {
            &judgement.got
        } else {
            expected
        };
        let cell = (wanted.clone(), judgement.got.clone());
        *self.matrix.entry(cell).or_default() += 1;
    }

    /// The rules that no case makes fire, in order of their names.
    pub fn untouched<'r>(&self, rules: &'r RuleSet) -> Vec<&'r RuleId> {
        let all = rules.rules().iter().map(crate::rules::rule::Rule::id);
        all.filter(|id| !self.fired.contains(*id)).collect()
    }
}
