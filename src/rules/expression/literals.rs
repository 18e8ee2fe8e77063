//! Which texts an expression cannot match without.
//!
//! A match of `\b(fungera|funka)\w*( \w+){0,2} inte\b` holds `fungera` or `funka`, and ` inte`
//! with a word's end behind it; the set that is likely to stand in the fewest mails is taken.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Most texts of a set.
const SET_MAX: usize = 64;

/// Most bytes of all texts of a set.
const SET_BYTES_MAX: usize = 1_024;

/// Most texts that come from writing out neighbours together.
const JOINED_MAX: usize = 32;

/// Most bytes of texts that are tried; what is found among them may be shorter.
const JOINED_BYTES_MAX: usize = 4 * SET_BYTES_MAX;

/// Most characters a class may stand for to be written out.
const CLASS_MAX: usize = 16;

/// How much rarer a text is taken to be for each character it has.
const RARER: f64 = 8.0;

/// A text that stands in a match.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::rules) struct Required {
    /// As it stands in the folded text.
    pub text: String,
    /// Its first character begins a word.
    pub starts_word: bool,
    /// Its last character ends a word.
    pub ends_word: bool,
}

impl Required {
    fn of(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A word's edge with nothing beside it.
    fn edge() -> Self {
        Self {
            text: String::new(),
            starts_word: true,
            ends_word: true,
        }
    }

    fn then(&self, next: &Self) -> Self {
        Self {
            text: format!("{}{}", self.text, next.text),
            starts_word: self.starts_word || (self.text.is_empty() && next.starts_word),
            ends_word: next.ends_word || (next.text.is_empty() && self.ends_word),
        }
    }

    /// Whether looking for it spares anything: nearly every mail holds a given letter.
    fn is_telling(&self) -> bool {
        let mut chars = self.text.chars();
        match (chars.next(), chars.next()) {
            (Some(_), Some(_)) => true,
            (Some(c), None) => !c.is_alphanumeric() && !" .,:;-/'\"()<>_".contains(c),
            _ => false,
        }
    }

    /// A guess at how often it stands in a mail, to compare sets by.
    fn frequency(&self) -> f64 {
        let edges = f64::from(u8::from(self.starts_word) + u8::from(self.ends_word));
        let chars = u8::try_from(self.text.chars().count()).unwrap_or(u8::MAX);
        RARER.powf(-(f64::from(chars) + edges / 2.0))
    }

    /// Whether `other` stands wherever this one does.
    fn holds(&self, other: &Self) -> bool {
        match (other.starts_word, other.ends_word) {
            (false, false) => self.text.contains(&other.text),
            (true, false) => self.starts_word && self.text.starts_with(&other.text),
            (false, true) => self.ends_word && self.text.ends_with(&other.text),
            (true, true) => self == other,
        }
    }

    /// An edge only says something of a character that can be part of a word.
    fn finished(mut self) -> Self {
        let word = |c: Option<char>| c.is_some_and(regex_syntax::is_word_character);
        self.starts_word &= word(self.text.chars().next());
        self.ends_word &= word(self.text.chars().next_back());
        self
    }
}

type Set = Vec<Required>;

/// The set of texts of which each match holds one; empty where there is none that is telling.
pub(super) fn required(hir: &Hir) -> Set {
    let mut set: Set = best(hir)
        .unwrap_or_default()
        .into_iter()
        .map(Required::finished)
        .collect();
    set.sort_unstable();
    set.dedup();
    let all = set.clone();
    set.retain(|one| !all.iter().any(|other| one != other && one.holds(other)));
    let bytes: usize = set.iter().map(|one| one.text.len()).sum();
    if set.len() > SET_MAX || bytes > SET_BYTES_MAX {
        set.clear();
    }
    set
}

/// The best known set for any expression.
fn best(hir: &Hir) -> Option<Set> {
    if let Some(all) = written_out(hir) {
        return telling(all);
    }
    match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Alternation(hirs) => {
            let mut all = Vec::new();
            for hir in hirs {
                all.extend(best(hir)?);
            }
            (all.len() <= SET_MAX).then_some(all)
        }
        HirKind::Concat(hirs) => best_of_row(hirs),
        _ => None,
    }
}

/// Of expressions that follow one another, the best of the sets of each and of those that come
/// from writing out neighbours together.
fn best_of_row(hirs: &[Hir]) -> Option<Set> {
    let mut found: Vec<Set> = Vec::new();
    let mut run: Set = vec![Required::default()];
    for hir in hirs {
        let Some(next) = written_out(hir) else {
            if let HirKind::Repetition(repetition) = hir.kind()
                && repetition.min > 0
                && let Some(one) = written_out(&repetition.sub)
            {
                // `x+` begins with an `x` and ends with one.
                found.extend(joined(&run, &one).and_then(telling));
                found.extend(telling(run));
                run = one;
            } else {
                found.extend(telling(run));
                found.extend(best(hir));
                run = vec![Required::default()];
            }
            continue;
        };
        run = if let Some(longer) = joined(&run, &next) {
            longer
        } else {
            found.extend(telling(run));
            next
        };
    }
    found.extend(telling(run));
    let cost = |set: &Set| set.iter().map(Required::frequency).sum::<f64>();
    found.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))
}

fn telling(set: Set) -> Option<Set> {
    (!set.is_empty() && set.iter().all(Required::is_telling)).then_some(set)
}

/// Each text of the one set with each of the other behind it, where they are not too many.
fn joined(left: &Set, right: &Set) -> Option<Set> {
    let longest = |set: &Set| set.iter().map(|one| one.text.len()).max().unwrap_or(0);
    let texts = left.len().saturating_mul(right.len());
    let bytes = texts.saturating_mul(longest(left) + longest(right));
    (texts <= JOINED_MAX && bytes <= JOINED_BYTES_MAX).then(|| {
        left.iter()
            .flat_map(|left| right.iter().map(|right| left.then(right)))
            .collect()
    })
}

/// All texts an expression matches, where they are few.
fn written_out(hir: &Hir) -> Option<Set> {
    match hir.kind() {
        HirKind::Empty => Some(vec![Required::default()]),
        HirKind::Look(Look::WordUnicode) => Some(vec![Required::edge()]),
        // What it asks for is asked when the expression is run.
        HirKind::Look(_) => Some(vec![Required::default()]),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![Required::of(text)])
        }
        HirKind::Class(Class::Bytes(_)) => None,
        HirKind::Class(Class::Unicode(class)) => {
            let chars = || {
                class
                    .iter()
                    .flat_map(|range| range.start()..=range.end())
                    .take(CLASS_MAX + 1)
            };
            (chars().count() <= CLASS_MAX).then(|| chars().map(Required::of).collect())
        }
        HirKind::Capture(capture) => written_out(&capture.sub),
        HirKind::Repetition(repetition) => {
            let one = written_out(&repetition.sub)?;
            let mut power = vec![Required::default()];
            let mut all = Vec::new();
            for times in 0..=repetition.max? {
                if times > 0 {
                    power = joined(&power, &one)?;
                }
                if times >= repetition.min {
                    all.extend_from_slice(&power);
                }
                if all.len() > SET_MAX {
                    return None;
                }
            }
            Some(all)
        }
        HirKind::Concat(hirs) => {
            let mut row = vec![Required::default()];
            for hir in hirs {
                row = joined(&row, &written_out(hir)?)?;
            }
            Some(row)
        }
        HirKind::Alternation(hirs) => {
            let mut all = Vec::new();
            for hir in hirs {
                all.extend(written_out(hir)?);
                if all.len() > SET_MAX {
                    return None;
                }
            }
            Some(all)
        }
    }
}
