//! Keywords that are always hit together: `shadowed`, `unreachable`, `part-of-word`.

use super::super::fault::Part;
use super::super::fold::folded_keyword;
use super::super::needles::Needle;
use super::super::rule::{List, RuleDraft};
use super::super::settings::Settings;
use super::terms::{Terms, Written};
use super::{Lint, Remark, Spot};

/// Looks at each rule by itself, then at open keywords that run into those of other rules.
pub fn look(drafts: &[RuleDraft], settings: &Settings, terms: &Terms, found: &mut Vec<Remark>) {
    for (draft, rule) in drafts.iter().enumerate() {
        giving_nothing(draft, rule, settings, found);
        let blocked = blocked(draft, rule, terms, found);
        for list in List::ALL {
            shadowed(draft, rule, list, settings, terms, &blocked, found);
        }
    }
    part_of_word(drafts, terms, found);
}

fn spot(draft: usize, list: List, index: usize) -> Spot {
    let part = Part::Keyword { list, index };
    Spot { draft, part }
}

fn keyword(rule: &RuleDraft, list: List, index: usize) -> &str {
    rule.list(list).get(index).map_or("", |k| k.as_str())
}

/// A rule that speaks for a category and can never give it a point.
fn giving_nothing(draft: usize, rule: &RuleDraft, settings: &Settings, found: &mut Vec<Remark>) {
    if rule.category.is_none() || rule.priority.is_some() {
        return;
    }
    let zones = rule.effective_zones();
    let deaf = zones
        .iter()
        .all(|&zone| settings.zone_factors.of(zone) <= 0.0);
    let (part, why) = if rule.weight == 0.0 {
        (Part::Key("weight"), "its weight is 0")
    } else if deaf {
        (Part::Whole, "every zone it looks at has the factor 0")
    } else {
        return;
    };
    found.push(Remark {
        lint: Lint::Unreachable,
        at: Spot { draft, part },
        message: format!("rule `{}` can never give a point: {why}", rule.id),
        note: "it speaks for a category and changes no decision".to_owned(),
        hint: "give it a weight and a zone that counts, or take it out".to_owned(),
        also: None,
    });
}

/// Keywords of which every hit is a hit of `none` too; tells which of `any` they are.
fn blocked(draft: usize, rule: &RuleDraft, terms: &Terms, found: &mut Vec<Remark>) -> Vec<usize> {
    let nones = terms.list(draft, List::None);
    let blocker = |needle: &Option<Needle>| {
        let mut covers = terms.covers((*needle)?);
        covers.find_map(|other| nones.iter().position(|none| *none == Some(other)))
    };
    let remark = |list, index, none, whole: bool| {
        let (word, against) = (keyword(rule, list, index), keyword(rule, List::None, none));
        let message = if whole {
            format!(
                "rule `{}` can never fire: `none` forbids it wherever `{word}` stands",
                rule.id
            )
        } else {
            format!(
                "`{word}` can never count: `none` forbids rule `{}` wherever it stands",
                rule.id
            )
        };
        Remark {
            lint: Lint::Unreachable,
            at: spot(draft, list, index),
            message,
            note: format!("`{against}` under `none` is found in every text that holds `{word}`"),
            hint: "take one of the two out, or make the one under `none` longer".to_owned(),
            also: Some((spot(draft, List::None, none), "this forbids it".to_owned())),
        }
    };
    for (index, needle) in terms.list(draft, List::All).iter().enumerate() {
        if let Some(none) = blocker(needle) {
            found.push(remark(List::All, index, none, true));
        }
    }
    let anys = terms.list(draft, List::Any);
    let hits: Vec<(usize, usize)> = anys
        .iter()
        .enumerate()
        .filter_map(|(index, needle)| Some((index, blocker(needle)?)))
        .collect();
    let whole = hits.len() == anys.len();
    found.extend(
        hits.iter()
            .map(|&(index, none)| remark(List::Any, index, none, whole)),
    );
    hits.into_iter().map(|(index, _)| index).collect()
}

/// Keywords that add nothing beside another one of the same list. What holds a word of negation
/// does: the other one may be negated there.
fn shadowed(
    draft: usize,
    rule: &RuleDraft,
    list: List,
    settings: &Settings,
    terms: &Terms,
    blocked: &[usize],
    found: &mut Vec<Remark>,
) {
    let needles = terms.list(draft, list);
    if needles.len() < 2 {
        return;
    }
    let place: std::collections::HashMap<Needle, usize> = needles
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(index, needle)| Some(((*needle)?, index)))
        .collect();
    let mut idle: Vec<Idle> = Vec::new();
    for (index, needle) in needles.iter().enumerate() {
        let Some(needle) = needle.filter(|needle| !terms.negates(*needle)) else {
            continue;
        };
        // Another word of the same stem; the same word twice is told as that.
        let text = |index| folded_keyword(keyword(rule, list, index), settings.fold);
        let alike = place.get(&needle).filter(|&&first| {
            matches!(needle, Needle::Term(_)) && first != index && text(first) != text(index)
        });
        let wider = alike.or_else(|| terms.covers(needle).skip(1).find_map(|n| place.get(&n)));
        let Some(&wider) = wider.filter(|_| list != List::Any || !blocked.contains(&index)) else {
            continue;
        };
        // Of `all` the one that is sure to be there is the one too many.
        let (index, by) = if list == List::All {
            (wider, index)
        } else {
            (index, wider)
        };
        if !idle.iter().any(|one| one.index == index) {
            idle.push(Idle { index, by });
        }
    }
    found.extend(told_once(draft, rule, list, &idle));
}

/// A keyword that adds nothing, and the other one.
struct Idle {
    index: usize,
    by: usize,
}

/// One remark on all keywords of a list that add nothing: they are mended in one edit.
fn told_once(draft: usize, rule: &RuleDraft, list: List, idle: &[Idle]) -> Option<Remark> {
    /// Keywords told of one list.
    const TOLD_MAX: usize = 12;
    let first = idle.first()?;
    let word = |index| keyword(rule, list, index);
    let (message, note, hint) = if let [Idle { index, by }] = idle {
        let (word, other) = (word(*index), word(*by));
        let message = if list == List::All {
            format!("`{word}` is asked for twice: `{other}` is never there without it")
        } else {
            format!("`{word}` adds nothing: `{other}` is found wherever it is")
        };
        let note = format!("both stand under `{list}` of rule `{}`", rule.id);
        (message, note, format!("take `{word}` out"))
    } else {
        let told = idle.iter().take(TOLD_MAX);
        let told: Vec<String> = told
            .map(|one| format!("`{}` (`{}`)", word(one.index), word(one.by)))
            .collect();
        let more = match idle.len().saturating_sub(TOLD_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (told, count) = (told.join(", "), idle.len());
        let message = if list == List::All {
            format!("{count} keywords are asked for twice; another one is never there without them")
        } else {
            format!("{count} keywords add nothing: another one is found wherever they are")
        };
        let note = format!("under `{list}` of rule `{}`: {told}{more}", rule.id);
        (message, note, "take them out".to_owned())
    };
    Some(Remark {
        lint: Lint::Shadowed,
        at: spot(draft, list, first.index),
        message,
        note,
        hint: format!("{hint}; without, the rule fires on the same mail"),
        also: Some((spot(draft, list, first.by), "by this one".to_owned())),
    })
}

/// Open keywords that are part of a word which another rule takes for another category.
fn part_of_word(drafts: &[RuleDraft], terms: &Terms, found: &mut Vec<Remark>) {
    /// Words told of one keyword.
    const TOLD_MAX: usize = 3;
    // By the open keyword: the words it runs into.
    let mut runs: Vec<Vec<u32>> = vec![Vec::new(); terms.uses.len()];
    for (term, within) in (0..).zip(&terms.covered_by) {
        for inner in within.iter().filter(|within| within.in_word) {
            if let Some(words) = runs.get_mut(inner.found as usize) {
                words.push(term);
            }
        }
    }
    let speaks = |written: &&Written| {
        let rule = drafts.get(written.draft);
        written.list == List::Any && rule.is_some_and(|r| r.weight > 0.0 && r.category.is_some())
    };
    for (uses, words) in terms.uses.iter().zip(&runs) {
        for open in uses.iter().filter(speaks) {
            let Some(rule) = drafts.get(open.draft) else {
                continue;
            };
            let nones = terms.list(open.draft, List::None);
            let excepted = |&&word: &&u32| {
                terms
                    .covers_as_written(Needle::Term(word))
                    .any(|n| nones.contains(&Some(n)))
            };
            let others: Vec<&Written> = words
                .iter()
                .filter(|word| !excepted(word))
                .filter_map(|&word| {
                    let mut uses = terms.uses.get(word as usize)?.iter().filter(speaks);
                    let other = |u: &&Written| {
                        drafts
                            .get(u.draft)
                            .is_some_and(|r| r.category != rule.category)
                    };
                    let own = |u: &Written| {
                        drafts
                            .get(u.draft)
                            .is_some_and(|r| r.category == rule.category)
                    };
                    let uses: Vec<&Written> = uses.by_ref().collect();
                    // A word that speaks for both is meant to.
                    if uses.iter().any(|u| own(u)) {
                        return None;
                    }
                    uses.into_iter().find(other)
                })
                .collect();
            let Some((first, written)) = others
                .first()
                .and_then(|w| Some((*w, drafts.get(w.draft)?)))
            else {
                continue;
            };
            let word = keyword(rule, open.list, open.index);
            let told: Vec<String> = others
                .iter()
                .take(TOLD_MAX)
                .filter_map(|w| {
                    Some(format!(
                        "`{}`",
                        keyword(drafts.get(w.draft)?, w.list, w.index)
                    ))
                })
                .collect();
            let more = match others.len().saturating_sub(TOLD_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let category = |r: &RuleDraft| {
                r.category
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string)
            };
            found.push(Remark {
                lint: Lint::PartOfWord,
                at: spot(open.draft, open.list, open.index),
                message: format!(
                    "`{word}` for {} is part of {}{more}, which speaks for {}",
                    category(rule),
                    told.join(", "),
                    category(written)
                ),
                note: "such a word gives points to both categories".to_owned(),
                hint: format!(
                    "write the forms of `{word}` that are meant, or name the others under `none`"
                ),
                also: Some((
                    spot(first.draft, first.list, first.index),
                    "the other word".to_owned(),
                )),
            });
        }
    }
}
