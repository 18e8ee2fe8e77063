//! `rules/*.toml`: the rules of all files, with the lists they share, become one set.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::allow::{Allowed, allowed};
use super::decision;
use super::lists::{self, Lists, Named};
use super::negation;
use super::routing::Categories;
use super::source::{Source, quoted};
use super::table::{InFile, Read, Table, did_you_mean, listed, nearest};
use super::value::Text;
use super::when::{Around, when};
use crate::config::findings::{Finding, Severity};
use crate::domain::decision::{Priority, Zone};
use crate::domain::ids::{CategoryId, RuleId};
use crate::domain::language::Language;
use crate::rules::fault::{FaultKind, Part, Place, RuleFault};
use crate::rules::lint::Lint;
use crate::rules::rule::List;
use crate::rules::ruleset::KEYWORDS_MAX;
use crate::rules::{Keyword, Negation, Origin, RuleDraft, RuleSet};

/// The words for priorities.
pub const PRIORITIES: [(&str, Priority); 3] = [
    ("high", Priority::High),
    ("normal", Priority::Normal),
    ("low", Priority::Low),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    id: Option<Text>,
    category: Option<Text>,
    weight: Option<Spanned<f64>>,
    any: Option<Vec<Text>>,
    all: Option<Vec<Text>>,
    none: Option<Vec<Text>>,
    stem: Option<Text>,
    zones: Option<Vec<Text>>,
    priority: Option<Text>,
    near: Option<Spanned<i64>>,
    cap: Option<Spanned<f64>>,
    order: Option<Spanned<i64>>,
    stop: Option<bool>,
    negatable: Option<bool>,
    note: Option<Text>,
    maintainer: Option<Text>,
}

/// A rule as drafted, and where its parts stand.
#[derive(Debug)]
pub struct Placed {
    draft: RuleDraft,
    source: Arc<Source>,
    whole: Range<usize>,
    keys: BTreeMap<&'static str, Range<usize>>,
    /// In the order of the draft's lists.
    keywords: BTreeMap<List, Vec<Range<usize>>>,
    /// Lists that its keywords name, in the order of the file.
    named: Vec<NamedHere>,
    /// Whether a part was reported and left out.
    partial: bool,
    /// What is let pass in this rule.
    pub allow: Allowed,
}

impl Placed {
    /// The rule as it is written.
    pub const fn draft(&self) -> &RuleDraft {
        &self.draft
    }

    /// The file it stands in, the place of a part there, and the part's key.
    pub fn place(&self, part: Part) -> (&Arc<Source>, &Range<usize>, String) {
        let (key, span) = match part {
            Part::Whole => ("rule".to_owned(), Some(&self.whole)),
            Part::Key(key) => (format!("rule.{key}"), self.keys.get(key)),
            Part::Keyword { list, index } => (
                format!("rule.{list}"),
                self.keywords.get(&list).and_then(|spans| spans.get(index)),
            ),
        };
        (&self.source, span.unwrap_or(&self.whole), key)
    }
}

/// A list that stands among a rule's keywords.
#[derive(Debug)]
struct NamedHere {
    list: List,
    /// Before which of the keywords that are written out.
    before: usize,
    name: String,
    span: Range<usize>,
}

/// What one file of rules holds.
#[derive(Debug)]
pub struct RuleFile {
    /// Its rules.
    pub rules: Vec<Placed>,
    /// Its lists.
    pub lists: Vec<Named>,
    /// What negates.
    pub negation: negation::Here,
}

/// Checks what one file holds, each by itself.
pub fn rules(mut root: Table<'_>, around: Around<'_>, file: &mut InFile<'_>) -> RuleFile {
    let tables = root.tables("rule", file);
    let lists = lists::lists(root.table("lists", file), file);
    let negation = negation::negation(root.table("negation", file), file);
    root.close(file);
    let rules = tables
        .into_iter()
        .filter_map(|mut table| {
            let allow = allowed(table.table("allow", file), Lint::of_rules(), file);
            let conditions = table.table("when", file).read(file);
            let mut placed = rule(&table.read(file), allow, around.categories, file)?;
            placed.draft.when = when(&conditions, around, file);
            Some(placed)
        })
        .collect();
    RuleFile {
        rules,
        lists,
        negation,
    }
}

fn rule(
    read: &Read<Shape>,
    allow: Allowed,
    categories: Option<&Categories>,
    file: &mut InFile<'_>,
) -> Option<Placed> {
    let whole = read.span.clone()?;
    let id = read
        .need(
            "id",
            read.told.id.as_ref(),
            "a name of its own, which `explain` and the audit log show",
            file,
        )
        .and_then(|text| file.name("rule.id", text));
    let category = match &read.told.category {
        Some(text) => Some(category(text, categories, file)?),
        None => None,
    };
    let mut placed = Placed {
        draft: RuleDraft::new(RuleId::new(id?), category),
        source: Arc::clone(file.source),
        keys: BTreeMap::new(),
        keywords: BTreeMap::new(),
        named: Vec::new(),
        partial: ["category", "any", "all", "none", "priority"]
            .iter()
            .any(|key| read.is_flawed(key)),
        whole,
        allow,
    };
    let draft = &mut placed.draft;
    draft.origin = Origin {
        file: file.source.name.as_str().into(),
        line: u32::try_from(file.source.place(placed.whole.start).line).unwrap_or(u32::MAX),
    };
    if let Some(number) = &read.told.weight {
        draft.weight = *number.get_ref();
        placed.keys.insert("weight", number.span());
    }
    if let Some(number) = &read.told.cap {
        draft.cap = Some(*number.get_ref());
        placed.keys.insert("cap", number.span());
    }
    if let Some(number) = &read.told.near {
        // What is out of these bounds is out of the rule set's, too; it says which they are.
        draft.near = Some(u16::try_from(*number.get_ref()).unwrap_or(0));
        placed.keys.insert("near", number.span());
    }
    if let Some(number) = &read.told.order {
        // As with `near`.
        draft.order = i32::try_from(*number.get_ref()).unwrap_or(i32::MAX);
        placed.keys.insert("order", number.span());
    }
    draft.stop = read.told.stop.unwrap_or_default();
    draft.negatable = read.told.negatable.unwrap_or(true);
    let mut line = |key: &str, text: &Option<Text>| file.line(key, text.as_ref()?);
    draft.note = line("rule.note", &read.told.note);
    draft.maintainer = line("rule.maintainer", &read.told.maintainer);
    if let Some(text) = &read.told.id {
        placed.keys.insert("id", text.span());
    }
    if let Some(text) = &read.told.priority {
        draft.priority = file.word("rule.priority", text, &PRIORITIES);
        placed.partial |= draft.priority.is_none();
    }
    if let Some(text) = &read.told.stem {
        let languages = Language::ALL.map(|language| (language.as_str(), language));
        draft.stem = file.word("rule.stem", text, &languages);
    }
    let words = Zone::ALL.map(|zone| (zone.as_str(), zone));
    for text in read.told.zones.iter().flatten() {
        draft.zones.extend(file.word("rule.zones", text, &words));
    }
    keywords(List::Any, read.told.any.as_ref(), &mut placed, file);
    keywords(List::All, read.told.all.as_ref(), &mut placed, file);
    keywords(List::None, read.told.none.as_ref(), &mut placed, file);
    Some(placed)
}

fn category(
    text: &Text,
    categories: Option<&Categories>,
    file: &mut InFile<'_>,
) -> Option<CategoryId> {
    let told = CategoryId::new(text.get_ref().as_str());
    let Some(known) = categories.filter(|c| !c.incomplete) else {
        return Some(told);
    };
    if known.names.contains_key(&told) {
        return Some(told);
    }
    let names: Vec<&str> = known.names.keys().map(CategoryId::as_str).collect();
    let message = format!("there is no category {}", quoted(told.as_str()));
    let help = nearest(told.as_str(), names.iter().copied()).map_or_else(
        || {
            format!(
                "triaged.toml has {}; add `[categories.…]` there for another",
                listed(&names)
            )
        },
        did_you_mean,
    );
    file.error(&text.span(), "rule.category", message)
        .help(help);
    None
}

fn keywords(list: List, texts: Option<&Vec<Text>>, placed: &mut Placed, file: &mut InFile<'_>) {
    let mut parsed = Vec::new();
    let mut spans = Vec::new();
    for text in texts.into_iter().flatten() {
        if let Some(name) = Keyword::list_name(text.get_ref()) {
            placed.named.push(NamedHere {
                list,
                before: parsed.len(),
                name: name.to_owned(),
                span: text.span(),
            });
            continue;
        }
        match Keyword::parse(text.get_ref()) {
            Ok(keyword) => {
                parsed.push(keyword);
                spans.push(text.span());
            }
            Err(fault) => {
                placed.partial = true;
                file.error(&text.span(), &format!("rule.{list}"), fault.to_string());
            }
        }
    }
    *written(&mut placed.draft, list) = parsed;
    placed.keywords.insert(list, spans);
}

fn written(draft: &mut RuleDraft, list: List) -> &mut Vec<Keyword> {
    match list {
        List::Any => &mut draft.any,
        List::All => &mut draft.all,
        List::None => &mut draft.none,
    }
}

/// Puts the keywords of lists where rules name them.
///
/// Once the rules have more keywords than a set may have, the rest is left as it is: the set will
/// be refused.
pub fn fill_in(placed: &mut [Placed], lists: &mut Lists, findings: &mut Vec<Finding>) {
    let mut filled = 0;
    for rule in placed {
        // From behind, so that places before stay what they are.
        for here in std::mem::take(&mut rule.named).into_iter().rev() {
            let key = format!("rule.{}", here.list);
            let (keywords, partial) =
                lists.keywords(&here.name, &key, &rule.source, &here.span, findings);
            rule.partial |= partial;
            if filled > KEYWORDS_MAX {
                continue;
            }
            filled += keywords.len();
            let at = here.before..here.before;
            if let Some(spans) = rule.keywords.get_mut(&here.list) {
                spans.splice(at.clone(), keywords.iter().map(|_| here.span.clone()));
            }
            written(&mut rule.draft, here.list).splice(at, keywords.iter().cloned());
        }
    }
}

/// Compiles the set; its faults are reported where they stand. `main` is `triaged.toml`.
pub fn compile(
    placed: &[Placed],
    negation: &Negation,
    settings: &decision::Placed,
    main: &Arc<Source>,
    findings: &mut Vec<Finding>,
) -> Option<RuleSet> {
    let drafts = placed.iter().map(|p| p.draft.clone()).collect();
    match RuleSet::with_negation(drafts, negation, settings.settings) {
        Ok(set) => Some(set),
        Err(faults) => {
            findings.extend(
                faults
                    .iter()
                    .filter_map(|f| finding(f, placed, settings, main)),
            );
            None
        }
    }
}

fn finding(
    fault: &RuleFault,
    placed: &[Placed],
    settings: &decision::Placed,
    main: &Arc<Source>,
) -> Option<Finding> {
    let message = fault.kind.to_string();
    match &fault.place {
        Place::Set => Some(Finding::of_file(
            Severity::Error,
            main.name.clone(),
            message,
        )),
        Place::Setting { key } => {
            let zone =
                *key == "inherited-subject" || Zone::ALL.iter().any(|zone| zone.as_str() == *key);
            let key_path = format!("decision.{}{key}", if zone { "zones." } else { "" });
            let message = format!("`{key_path}`: {message}");
            let mut finding = match settings.places.get(key) {
                Some(span) => Finding::at(Severity::Error, main, span, message),
                None => Finding::of_file(Severity::Error, main.name.clone(), message),
            };
            finding.key(key_path);
            Some(finding)
        }
        Place::Rule { draft, part, .. } => {
            let rule = placed.get(*draft)?;
            if rule.partial && matches!(fault.kind, FaultKind::NoCondition | FaultKind::NoEffect) {
                return None;
            }
            let (_, span, key) = rule.place(*part);
            let message = match &fault.kind {
                FaultKind::DuplicateId { id, .. } => {
                    format!("two rules have the id {}", quoted(id.as_str()))
                }
                FaultKind::OutOfBounds { .. } => format!("`{key}`: {message}"),
                _ => message,
            };
            let mut finding = Finding::at(Severity::Error, &rule.source, span, message);
            finding.key(key);
            if let FaultKind::DuplicateId { id, .. } = &fault.kind
                && let Some(first) = placed.iter().find(|p| p.draft.id == *id)
            {
                let span = first.keys.get("id").unwrap_or(&first.whole);
                finding.help("give this one another `id`").also(
                    "the first stands here",
                    &first.source,
                    span,
                );
            }
            Some(finding)
        }
    }
}

/// Reports regular expressions that no text of the message can spare.
pub fn costly_expressions(placed: &[Placed], findings: &mut Vec<Finding>) {
    for rule in placed {
        for list in List::ALL {
            let spans = rule.keywords.get(&list).into_iter().flatten();
            for (keyword, span) in rule.draft.list(list).iter().zip(spans) {
                if keyword.always_runs() && !rule.allow.lets_pass(Lint::AlwaysRun) {
                    let message = "this regular expression is run on every message";
                    let mut finding = Finding::at(Severity::Warning, &rule.source, span, message);
                    finding.lint(Lint::AlwaysRun).key(format!("rule.{list}")).help(
                        "others are run only where two letters that each of their matches holds \
                         were found; write such letters into each of its alternatives",
                    );
                    findings.push(finding);
                }
            }
        }
    }
}

/// Reports categories for which no rule speaks.
pub fn silent_categories(placed: &[Placed], categories: &Categories, file: &mut InFile<'_>) {
    for (category, span) in &categories.names {
        let speaks =
            |p: &Placed| p.draft.category.as_ref() == Some(category) && p.draft.weight > 0.0;
        if category.as_str() != CategoryId::REVIEW && !placed.iter().any(speaks) {
            let key = format!("categories.{category}");
            let message = format!("no rule speaks for category {}", quoted(category.as_str()));
            file.warning(span, &key, message)
                .lint(Lint::SilentCategory)
                .help(
                "no ticket will ever come there; write a rule with this `category`, or take it out",
            );
        }
    }
}
