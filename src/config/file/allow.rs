//! `allow.NAME = "why"`: findings that the operator has looked at and lets pass.
//!
//! A reason is asked for, because whoever reads the rule next asks for it too. What lets pass
//! nothing is told, so that no exception outlives its cause.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use super::source::{Source, quoted};
use super::table::{InFile, Table, did_you_mean, listed, nearest};
use crate::config::findings::{Finding, Severity};
use crate::rules::lint::Lint;

/// What is let pass in one place.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    each: Vec<One>,
}

#[derive(Debug, Clone)]
struct One {
    lint: Lint,
    key: String,
    source: Arc<Source>,
    span: Range<usize>,
    used: Cell<bool>,
}

impl Allowed {
    /// Whether findings of this name are let pass here; it then has been of use.
    pub fn lets_pass(&self, lint: Lint) -> bool {
        let found = self.each.iter().find(|one| one.lint == lint);
        if let Some(one) = found {
            one.used.set(true);
        }
        found.is_some()
    }

    /// What let pass nothing, of those lints that `looked_for` says were looked for.
    pub fn unused(&self, looked_for: impl Fn(Lint) -> bool) -> impl Iterator<Item = Finding> {
        self.each
            .iter()
            .filter(move |one| !one.used.get() && looked_for(one.lint))
            .map(|one| {
                let message = format!("nothing here is `{}`", one.lint);
                let mut finding = Finding::at(Severity::Warning, &one.source, &one.span, message);
                finding
                    .lint(Lint::UnusedAllow)
                    .key(one.key.clone())
                    .note("what is let pass has gone, or was never there")
                    .help("take the line out");
                finding
            })
    }

    /// Reports what let pass nothing.
    pub fn tell_unused(&self, file: &mut InFile<'_>) {
        file.findings.extend(self.unused(|_| true));
    }
}

/// Checks a table `allow`; `names` are the findings that can be let pass there.
pub fn allowed(
    table: Table<'_>,
    names: impl IntoIterator<Item = Lint>,
    file: &mut InFile<'_>,
) -> Allowed {
    let names: Vec<Lint> = names.into_iter().collect();
    let table_name = table.name.clone();
    let mut each = Vec::new();
    for (word, reason) in table.texts(file) {
        let key = format!("{table_name}.{}", word.get_ref());
        let Some(&lint) = names.iter().find(|lint| lint.as_str() == word.get_ref()) else {
            let words: Vec<&str> = names.iter().map(|lint| lint.as_str()).collect();
            let message = format!(
                "there is no finding {} to allow here",
                quoted(word.get_ref())
            );
            let help = nearest(word.get_ref(), words.iter().copied())
                .map_or_else(|| format!("one of {}", listed(&words)), did_you_mean);
            file.error(&word.span(), &key, message).help(help);
            continue;
        };
        if reason.get_ref().trim().is_empty() {
            file.error(&reason.span(), &key, format!("`{key}` gives no reason"))
                .help(format!(
                    "say why, for whoever reads it next: `{key} = \"…\"`"
                ));
            continue;
        }
        each.push(One {
            lint,
            key,
            source: Arc::clone(file.source),
            span: word.span(),
            used: Cell::new(false),
        });
    }
    Allowed { each }
}
