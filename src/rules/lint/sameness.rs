//! The same written twice: `duplicate`, `contradictory`.

use std::collections::{BTreeSet, HashMap};

use super::super::fault::Part;
use super::super::fold::folded_keyword;
use super::super::rule::{List, RuleDraft};
use super::super::settings::Settings;
use super::{Lint, Remark, Spot};
use crate::domain::decision::Zone;
use crate::domain::language::Language;

/// What a rule asks of a message, whatever it says then.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    lists: [BTreeSet<String>; 3],
    stem: Option<Language>,
    zones: Vec<Zone>,
    near: Option<u16>,
    negatable: bool,
    /// Its conditions, as they are shown: two of equal meaning may be told apart.
    when: String,
}

/// Looks for keywords that stand twice in a list, and rules that ask the same.
pub fn look(drafts: &[RuleDraft], settings: &Settings, found: &mut Vec<Remark>) {
    let mut asked: HashMap<Asked, usize> = HashMap::with_capacity(drafts.len());
    for (draft, rule) in drafts.iter().enumerate() {
        let lists = List::ALL.map(|list| {
            let mut seen: HashMap<String, usize> = HashMap::new();
            for (index, keyword) in rule.list(list).iter().enumerate() {
                let text = if keyword.is_regex() {
                    keyword.as_str().to_owned()
                } else {
                    folded_keyword(keyword.as_str(), settings.fold)
                };
                if let Some(&first) = seen.get(&text) {
                    found.push(twice(draft, rule, list, index, first));
                } else {
                    seen.insert(text, index);
                }
            }
            seen.into_keys().collect()
        });
        let whole = Asked {
            lists,
            stem: rule.stem,
            zones: rule.effective_zones(),
            near: rule.near,
            negatable: rule.negatable,
            when: format!("{:?}", rule.when),
        };
        match asked.get(&whole).and_then(|&n| Some((n, drafts.get(n)?))) {
            Some((n, first)) => found.extend(same(draft, rule, n, first)),
            None => {
                asked.insert(whole, draft);
            }
        }
    }
}

fn twice(draft: usize, rule: &RuleDraft, list: List, index: usize, first: usize) -> Remark {
    let at = |index| Spot {
        draft,
        part: Part::Keyword { list, index },
    };
    let word = rule.list(list).get(index).map_or("", |k| k.as_str());
    Remark {
        lint: Lint::Duplicate,
        at: at(index),
        message: format!("`{word}` stands twice under `{list}` of rule `{}`", rule.id),
        note: "it counts once".to_owned(),
        hint: "take one of them out".to_owned(),
        also: Some((at(first), "the first stands here".to_owned())),
    }
}

/// What two rules that ask the same say, when it is odd.
fn same(draft: usize, rule: &RuleDraft, n: usize, first: &RuleDraft) -> Option<Remark> {
    let at = |draft| Spot {
        draft,
        part: Part::Key("id"),
    };
    let up = |r: &RuleDraft| r.weight > 0.0;
    let ids = (&first.id, &rule.id);
    let (lint, message, note, hint) = match (&first.category, &rule.category) {
        (one, other) if one == other && (one.is_none() || up(first) == up(rule)) => (
            Lint::Duplicate,
            format!(
                "rules `{}` and `{}` ask the same of a message",
                ids.0, ids.1
            ),
            "both fire on the same mail, and their weights add up".to_owned(),
            "keep one of them, with the weight that is meant".to_owned(),
        ),
        (Some(one), Some(other)) if (one == other) != (up(first) == up(rule)) => (
            Lint::Contradictory,
            format!(
                "the same words speak for {one} and for {other} in rules `{}` and `{}`",
                ids.0, ids.1
            ),
            "a mail with these words alone gets points on both sides".to_owned(),
            "decide what they say, and take the other rule out".to_owned(),
        ),
        _ => return None,
    };
    let message = match (lint, &rule.category) {
        (Lint::Contradictory, Some(category)) if first.category == rule.category => format!(
            "the same words speak for and against {category} in rules `{}` and `{}`",
            ids.0, ids.1
        ),
        _ => message,
    };
    Some(Remark {
        lint,
        at: at(draft),
        message,
        note,
        hint,
        also: Some((at(n), "the first of them".to_owned())),
    })
}
