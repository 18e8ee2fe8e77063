//! `[lists]` of `rules/*.toml`: keywords under a name, shared by the rules of all files.
//!
//! `"@name"` among a rule's keywords stands for those of the list, as if they were written there.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::source::{Source, quoted};
use super::table::{InFile, Table, did_you_mean, listed, nearest};
use super::value::Text;
use crate::config::findings::{Finding, Severity};
use crate::rules::Keyword;

/// A list as it is written in one file.
#[derive(Debug)]
pub struct Named {
    name: String,
    keywords: Vec<Keyword>,
    source: Arc<Source>,
    span: Range<usize>,
    /// Whether some of it was reported and left out.
    partial: bool,
}

/// Reads the lists of one file.
pub fn lists(table: Table<'_>, file: &mut InFile<'_>) -> Vec<Named> {
    table
        .lists_of_texts(file)
        .into_iter()
        .filter_map(|(name, texts)| named(&name, &texts, file))
        .collect()
}

fn named(name: &Text, texts: &[Text], file: &mut InFile<'_>) -> Option<Named> {
    let told = file.name("lists", name)?;
    let key = format!("lists.{told}");
    if told.contains('.') {
        let message = format!("the list {} has a dot in its name", quoted(&told));
        file.error(&name.span(), &key, message)
            .help("`@…` with a dot is a keyword for addresses; write `-` instead");
        return None;
    }
    if texts.is_empty() {
        let message = format!("the list {} is empty", quoted(&told));
        file.error(&name.span(), &key, message)
            .help("write keywords into it, or take it out");
    }
    let mut keywords: Vec<Keyword> = Vec::with_capacity(texts.len());
    for text in texts {
        if Keyword::list_name(text.get_ref()).is_some() {
            let message = "a list holds keywords, not lists";
            file.error(&text.span(), &key, message)
                .help("name both lists in the rule");
            continue;
        }
        match Keyword::parse(text.get_ref()) {
            Ok(keyword) if keywords.contains(&keyword) => {
                let message = format!("{} stands twice in this list", quoted(keyword.as_str()));
                file.warning(&text.span(), &key, message)
                    .help("take one of them out");
            }
            Ok(keyword) => keywords.push(keyword),
            Err(fault) => {
                file.error(&text.span(), &key, fault.to_string());
            }
        }
    }
    Some(Named {
        partial: keywords.len() < texts.len(),
        name: told,
        keywords,
        source: Arc::clone(file.source),
        span: name.span(),
    })
}

/// The lists of all files.
#[derive(Debug, Default)]
pub struct Lists {
    by_name: BTreeMap<String, (Named, bool)>,
    /// Whether a file with lists may not have been read.
    incomplete: bool,
}

impl Lists {
    /// Joins the lists of all files; a name that two of them have is reported.
    pub fn join(all: Vec<Named>, incomplete: bool, findings: &mut Vec<Finding>) -> Self {
        let mut lists = Self {
            incomplete,
            ..Self::default()
        };
        for list in all {
            if let Some((first, _)) = lists.by_name.get(&list.name) {
                let message = format!("two lists have the name {}", quoted(&list.name));
                let mut finding = Finding::at(Severity::Error, &list.source, &list.span, message);
                finding
                    .key(format!("lists.{}", list.name))
                    .help("give this one another name, or write all its keywords into one")
                    .also("the first stands here", &first.source, &first.span);
                findings.push(finding);
                continue;
            }
            lists.by_name.insert(list.name.clone(), (list, false));
        }
        lists
    }

    /// The keywords of the list `name`, and whether some of them were left out; an unknown list
    /// is reported at `span` of `source`.
    pub fn keywords(
        &mut self,
        name: &str,
        key: &str,
        source: &Arc<Source>,
        span: &Range<usize>,
        findings: &mut Vec<Finding>,
    ) -> (&[Keyword], bool) {
        if !self.by_name.contains_key(name) {
            if !self.incomplete {
                let message = format!("there is no list {}", quoted(name));
                let mut finding = Finding::at(Severity::Error, source, span, message);
                finding.key(key).help(self.suggestion(name));
                findings.push(finding);
            }
            return (&[], true);
        }
        match self.by_name.get_mut(name) {
            Some((list, used)) => {
                *used = true;
                (&list.keywords, list.partial)
            }
            None => (&[], true),
        }
    }

    fn suggestion(&self, name: &str) -> String {
        let names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        match nearest(name, names.iter().copied()) {
            Some(meant) => did_you_mean(&format!("@{meant}")),
            None if names.is_empty() => {
                format!("write it into any rule file: `[lists]` and `{name} = [\"…\"]`")
            }
            None => format!("the lists are {}", listed(&names)),
        }
    }

    /// Reports lists that no rule names.
    pub fn unused(&self, findings: &mut Vec<Finding>) {
        for (list, used) in self.by_name.values() {
            if !used {
                let message = format!("no rule uses the list {}", quoted(&list.name));
                let mut finding = Finding::at(Severity::Warning, &list.source, &list.span, message);
                finding.key(format!("lists.{}", list.name)).help(format!(
                    "write \"@{}\" among a rule's keywords, or take the list out",
                    list.name
                ));
                findings.push(finding);
            }
        }
    }
}
