//! `triaged test`: the cases beside the rules, decided by the function the daemon uses.
//!
//! Nothing is sent, moved or recorded, and the instance key is not used: what comes of a case
//! depends on the files alone.

mod json;
mod junit;
mod text;

pub use text::counts;

use std::path::{Path, PathBuf};

use super::args::TestArgs;
use super::failure::{Failure, FailureKind};
use super::print::{Paint, say};
use super::{load, show_findings};
use crate::config;
use crate::mail::Message;
use crate::triage::case::{Case, Judgement, Report, Standing, judge};
use crate::triage::{Policy, Reading, decide};

/// One case and what came of it.
#[derive(Debug)]
pub struct Ran<'c> {
    /// The case.
    pub case: &'c Case,
    /// How its message was read.
    pub reading: Reading,
    /// The subject, for people.
    pub subject: String,
    /// How the two compare.
    pub judgement: Judgement,
}

/// Runs the cases.
pub fn test(directory: &Path, args: &TestArgs) -> Result<(), Failure> {
    let config = load(directory)?;
    let files = files(directory, &args.files)?;
    let cases = config::load_cases(&files, &config.policy).map_err(|found| {
        show_findings(&found);
        Failure::shown(FailureKind::Config)
    })?;
    if cases.is_empty() {
        let message = format!("no cases in `{}`", directory.join("cases").display());
        return Err(Failure::failed(message)
            .hint("write `cases/NAME.toml` beside `rules/`, or name a file of cases"));
    }
    let mut junit = args.junit.as_ref().map(|_| junit::Junit::new());
    let mut page = text::Page::new(Paint::stdout());
    let report = run(&cases, &config.policy, |ran| {
        if let Some(junit) = &mut junit {
            junit.add(ran);
        }
        if args.json {
            say!("{}", super::print::json(&json::case(ran).to_string()));
        } else {
            page.add(ran);
        }
    })?;
    let untouched = report.untouched(&config.policy.rules);
    if args.json {
        say!("{}", json::summary(&report, &untouched, &config.policy));
    } else {
        say!(
            "{}",
            page.finish(&report, &untouched, &config.policy, args.coverage)
        );
    }
    if let (Some(junit), Some(path)) = (junit, &args.junit) {
        junit.write(path)?;
    }
    if report.failed > 0 {
        Err(Failure::shown(FailureKind::Found))
    } else {
        Ok(())
    }
}

/// Decides every case; `each` is shown one after another.
pub fn run<'c>(
    cases: &'c [Case],
    policy: &Policy,
    mut each: impl FnMut(&Ran<'c>),
) -> Result<Report, Failure> {
    let mut report = Report::default();
    for case in cases {
        let message = message(case)?;
        let reading = decide(&message, policy, None);
        let judgement = judge(case, &reading);
        report.count(case, &reading, &judgement);
        each(&Ran {
            case,
            reading,
            subject: message.subject,
            judgement,
        });
    }
    Ok(report)
}

/// The message of a case.
pub fn message(case: &Case) -> Result<Message, Failure> {
    Message::parse(&case.mail)
        .map_err(|error| Failure::failed(format!("{}: `{}`: {error}", case.origin, case.name)))
}

/// The files of cases: those that are named, all of a named directory, or those beside the rules.
pub fn files(directory: &Path, named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if named.is_empty() {
        return Ok(config::case_files(directory)?);
    }
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            files.extend(config::toml_files(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Whether a case is told of one by one.
const fn is_told(standing: Standing) -> bool {
    !matches!(standing, Standing::Passed)
}
