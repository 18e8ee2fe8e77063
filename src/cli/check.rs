//! `triaged check`: everything that is wrong with the configuration, at once, and what in it is
//! probably not meant.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::args::CheckArgs;
use super::failure::{Failure, FailureKind};
use super::print::{Paint, Style, counted, one_line, say};
use super::test;
use crate::config::findings::{self, Finding, Severity};
use crate::config::{self, Config};
use crate::rules::lint::Lint;

/// The word that names every finding.
const ALL: &str = "all";

/// Checks the configuration in `directory`.
pub fn check(directory: &Path, args: &CheckArgs) -> Result<(), Failure> {
    let denied = denied(&args.deny)?;
    let mut examined = config::examine(directory, Timestamp::now());
    examined.deny(&denied);
    if args.json {
        for finding in &examined.findings {
            say!("{}", as_json(finding));
        }
    } else {
        let paint = Paint::stdout();
        let page = if args.all {
            findings::render(&examined.findings, paint.colours())
        } else {
            findings::render_folded(&examined.findings, paint.colours())
        };
        if !page.is_empty() {
            say!("{page}");
        }
        if let Some(config) = examined.config.as_ref().filter(|_| !examined.is_refused()) {
            say!("{}", summary(directory, config, paint));
            if examined.report.cases > 0 {
                say!("    {}", test::counts(&examined.report));
            }
        }
    }
    let unnamed = |f: &Finding| f.severity == Severity::Error && f.lint.is_none();
    if examined.config.is_none() || examined.findings.iter().any(unnamed) {
        return Err(Failure::shown(FailureKind::Config));
    }
    let notes_only = |finding: &Finding| finding.severity == Severity::Note;
    if examined.findings.iter().all(notes_only) {
        Ok(())
    } else {
        Err(Failure::shown(FailureKind::Found))
    }
}

/// The findings that `--deny` names.
fn denied(words: &[String]) -> Result<Vec<Lint>, Failure> {
    if words.iter().any(|word| word == ALL) {
        return Ok(Lint::ALL.to_vec());
    }
    let lint = |word: &String| {
        let found = Lint::ALL.into_iter().find(|lint| lint.as_str() == word);
        found.ok_or_else(|| {
            let names: Vec<String> = Lint::ALL.iter().map(|lint| format!("`{lint}`")).collect();
            Failure::usage(format!("there is no finding `{}`", one_line(word, 60)))
                .hint(format!("one of: `{ALL}`, {}", names.join(", ")))
        })
    };
    words.iter().map(lint).collect()
}

fn as_json(finding: &Finding) -> serde_json::Value {
    json!({
        "severity": finding.severity.as_str(),
        "name": finding.lint.map(Lint::as_str),
        "file": finding.file,
        "line": finding.place.as_ref().map(|place| place.line),
        "column": finding.place.as_ref().map(|place| place.column),
        "key": finding.key,
        "message": finding.message,
        "note": finding.note,
        "help": finding.help,
    })
}

/// What there is, in one line.
pub fn summary(directory: &Path, config: &Config, paint: Paint) -> String {
    let rules = &config.policy.rules;
    let routes = &config.policy.routing.categories;
    let good = paint.paint(Style::Good, "ok");
    format!(
        "{good}: {}: {}, {}, {}, {} with {}, digest {}",
        directory.display(),
        counted(config.mailboxes.len(), "mailbox", "mailboxes"),
        counted(routes.len(), "category", "categories"),
        counted(
            config.policy.registry.products().len(),
            "product",
            "products"
        ),
        counted(rules.rules().len(), "rule", "rules"),
        counted(rules.keywords(), "keyword", "keywords"),
        &rules.digest().to_string()[..12]
    )
}
