//! What would have to change, for people and as JSON.

use serde_json::{Value, json};

use crate::cli::print::{counted, one_line};
use crate::rules::verdict::{Lack, NearMiss};
use crate::triage::whatif::{Edit, Landing, WhatIf};

/// Characters shown of a keyword.
const KEYWORD_MAX: usize = 40;

/// The edits, a line each.
pub fn lines(what_if: &WhatIf) -> Vec<String> {
    let changes = what_if.changes.iter();
    changes
        .map(|change| format!("{} → {}", edit(&change.edit), landing(&change.landing)))
        .collect()
}

/// What a rule that nearly fired lacked.
pub fn lacked(miss: &NearMiss) -> String {
    match &miss.lacked {
        Lack::Blocked { keyword, zone, .. } => {
            let keyword = one_line(keyword, KEYWORD_MAX);
            format!("kept from it by `{keyword}` in the {zone}")
        }
        Lack::Missing { keyword } => format!("lacked `{}`", one_line(keyword, KEYWORD_MAX)),
        Lack::NoneOfAny => "none of its `any` keywords".to_owned(),
        Lack::TooFar { words } => {
            let words = counted(usize::from(*words), "word", "words");
            format!("its keywords lie more than {words} apart")
        }
    }
}

/// Where a message would go.
pub fn landing(landing: &Landing) -> String {
    let category = landing
        .category
        .as_ref()
        .map_or("no ticket", |c| c.as_str());
    let destination = one_line(&landing.destination, 120);
    format!("{category}, {} → {destination}", landing.action)
}

fn edit(edit: &Edit) -> String {
    match edit {
        Edit::Without(keywords) => {
            let named = |(rule, keyword): &(_, String)| {
                format!("`{}` of rule `{rule}`", one_line(keyword, KEYWORD_MAX))
            };
            let named: Vec<String> = keywords.iter().map(named).collect();
            format!("without {}", named.join(", "))
        }
        Edit::With {
            category,
            weight,
            words,
        } => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!(
                "with a keyword of weight {weight} for `{category}`, such as {}",
                words.join(", ")
            )
        }
        Edit::Setting { key, from, to } => format!("with `{key} = {to}` instead of {from}"),
    }
}

/// The same as JSON.
pub fn object(what_if: &WhatIf) -> Value {
    let changes = what_if.changes.iter().map(|change| {
        let edit = match &change.edit {
            Edit::Without(keywords) => {
                let keyword =
                    |(rule, keyword): &(_, String)| json!({ "rule": rule, "keyword": keyword });
                json!({ "without": keywords.iter().map(keyword).collect::<Vec<_>>() })
            }
            Edit::With {
                category,
                weight,
                words,
            } => {
                json!({ "with": { "category": category, "weight": weight, "words": words } })
            }
            Edit::Setting { key, from, to } => {
                json!({ "setting": { "key": key, "from": from, "to": to } })
            }
        };
        json!({ "edit": edit, "points": change.points, "then": then(&change.landing) })
    });
    let nearly = what_if.nearly.iter().map(|(miss, landing)| {
        json!({ "rule": miss.rule, "lacked": lacked(miss), "then": then(landing) })
    });
    json!({
        "changes": changes.collect::<Vec<_>>(),
        "nearly": nearly.collect::<Vec<_>>(),
    })
}

fn then(landing: &Landing) -> Value {
    json!({
        "category": landing.category,
        "action": landing.action,
        "destination": landing.destination,
    })
}
