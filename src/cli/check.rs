//! `triaged check`: everything that is wrong with the configuration, at once.

use std::path::Path;

use serde_json::json;

use super::args::CheckArgs;
use super::failure::{Failure, FailureKind};
use super::print::{Paint, Style};
use super::print::{counted, say};
use super::test;
use crate::config::findings::{self, Finding};
use crate::config::{self, Config};

/// Checks the configuration in `directory`.
pub fn check(directory: &Path, args: &CheckArgs) -> Result<(), Failure> {
    let (mut found, config) = match config::load(directory) {
        Ok(config) => (config.warnings.clone(), Some(config)),
        Err(faults) => (faults, None),
    };
    let cases = match &config {
        Some(config) => test::brief(directory, &config.policy)?,
        None => None,
    };
    let cases = cases.map(|(line, of_cases)| {
        found.extend(of_cases);
        line
    });
    let broken = findings::any_error(&found) || config.is_none();
    if args.json {
        for finding in &found {
            say!("{}", as_json(finding));
        }
    } else {
        let paint = Paint::stdout();
        if !found.is_empty() {
            say!("{}", findings::render(&found, paint.colours()));
        }
        if let (Some(config), false) = (&config, broken) {
            say!("{}", summary(directory, config, paint));
            if let Some(cases) = &cases {
                say!("    {cases}");
            }
        }
    }
    if broken {
        return Err(Failure::shown(FailureKind::Config));
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::shown(FailureKind::Found))
    }
}

fn as_json(finding: &Finding) -> serde_json::Value {
    json!({
        "severity": finding.severity.as_str(),
        "file": finding.file,
        "line": finding.place.as_ref().map(|place| place.line),
        "column": finding.place.as_ref().map(|place| place.column),
        "key": finding.key,
        "message": finding.message,
        "help": finding.help,
    })
}

fn summary(directory: &Path, config: &Config, paint: Paint) -> String {
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
