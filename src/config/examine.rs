//! Everything that is looked at before a configuration decides about mail.
//!
//! [`load`](super::load) asks whether it can be understood. Here it is also asked whether it is
//! meant: the rules are linted, and the cases under `cases/` are run through it. `check`, the
//! daemon's start and its reload ask the same function, so that what `check` calls good is taken.
//!
//! A case that fails is an error: the configuration can be understood, and is refused.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::case_files::{case_files, read_cases};
use super::file::source::Place;
use super::findings::{self, Finding, Severity};
use super::load::{Config, Written, read_files};
use super::read::{Files, REGISTRY};
use crate::domain::ids::RuleId;
use crate::domain::kind::Kind;
use crate::mail::Message;
use crate::registry::contact::Role;
use crate::rules::lint::{Fired, Lint, Remark, Spot, remarks};
use crate::triage::case::{Case, Judgement, Mark, Report, Standing, judge};
use crate::triage::{Reading, decide};

/// Scores shown of a case that fails.
const SCORES_SHOWN: usize = 3;

/// A configuration and all that was found.
#[derive(Debug)]
pub struct Examined {
    /// Absent when it cannot be understood.
    pub config: Option<Config>,
    /// In the order of files and lines.
    pub findings: Vec<Finding>,
    /// What came of the cases.
    pub report: Report,
}

impl Examined {
    /// Whether it must not decide about mail: it cannot be understood, or a case fails.
    pub fn is_refused(&self) -> bool {
        self.config.is_none() || findings::any_error(&self.findings)
    }

    /// The first error in one line, and how many there are.
    pub fn refusal(&self) -> Option<String> {
        let mut errors = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        let first = errors.next()?;
        Some(match errors.count() {
            0 => first.to_string(),
            more => format!("{first} (and {more} more)"),
        })
    }

    /// Makes every finding of one of `lints` an error.
    pub fn deny(&mut self, lints: &[Lint]) {
        for finding in &mut self.findings {
            if finding.lint.is_some_and(|lint| lints.contains(&lint)) {
                finding.severity = Severity::Error;
            }
        }
    }
}

/// Reads, checks, lints and tries the configuration in `directory`. What has an age is held
/// against `now`.
pub fn examine(directory: &Path, now: Timestamp) -> Examined {
    let mut found = Vec::new();
    let mut files = Files::read(directory, &mut found);
    let mut report = Report::default();
    let mut config = None;
    if let Some(written) = read_files(directory, &files, &mut found)
        && !findings::any_error(&found)
    {
        let policy = &written.config.policy;
        let cases = match case_files(directory) {
            Ok(paths) => read_cases(&paths, policy, &mut files.names, &mut found),
            Err(error) => {
                let message = format!("the cases cannot be listed: {error}");
                let name = directory.display().to_string();
                found.push(Finding::of_file(Severity::Error, name, message));
                Vec::new()
            }
        };
        let fired = try_all(&cases, &written, &mut report, &mut found);
        lint(&written, &fired, &mut found);
        dead_contacts(&written, &mut found);
        stale_contacts(&written, now, &mut found);
        config = Some(written.config);
    }
    findings::tidy(&mut found, &files.names);
    Examined {
        config,
        findings: found,
        report,
    }
}

/// Reads and checks the configuration in `directory`; of what was found only what is about its
/// registry. Neither rules nor cases are tried.
pub fn examine_registry(directory: &Path, now: Timestamp) -> Examined {
    let mut found = Vec::new();
    let files = Files::read(directory, &mut found);
    let written = read_files(directory, &files, &mut found);
    if let Some(written) = written.as_ref().filter(|_| !findings::any_error(&found)) {
        dead_contacts(written, &mut found);
        stale_contacts(written, now, &mut found);
    }
    let registry = directory.join(REGISTRY);
    found.retain(|finding| {
        Path::new(&finding.file).starts_with(&registry) || finding.lint == Some(Lint::DeadContact)
    });
    findings::tidy(&mut found, &files.names);
    Examined {
        config: written.map(|written| written.config),
        findings: found,
        report: Report::default(),
    }
}

/// Decides all cases; the rules that fired on each ticket.
fn try_all(
    cases: &[Case],
    written: &Written,
    report: &mut Report,
    found: &mut Vec<Finding>,
) -> Vec<Vec<RuleId>> {
    let mut fired = Vec::with_capacity(cases.len());
    for case in cases {
        let message = match Message::parse(&case.mail) {
            Ok(message) => message,
            Err(error) => {
                let message = format!("case `{}` is no mail: {error}", case.name);
                found.push(at(case, Severity::Error, Lint::FailingCase, message));
                continue;
            }
        };
        let reading = decide(&message, &written.config.policy, None);
        let judgement = judge(case, &reading);
        report.count(case, &reading, &judgement);
        match judgement.standing {
            Standing::Failed => found.push(failing(case, &reading, &judgement)),
            Standing::Mended => {
                let message = format!("case `{}` is marked `known` and holds", case.name);
                let mut finding = at(case, Severity::Note, Lint::UnusedAllow, message);
                finding
                    .note("while it is marked, nobody is told when it breaks again")
                    .help("take `known` out");
                found.push(finding);
            }
            Standing::Passed | Standing::KnownMiss | Standing::Counted => {}
        }
        if reading.decision.kind == Kind::Ticket {
            fired.push(reading.verdict.map(|v| v.fired).unwrap_or_default());
        }
    }
    fired
}

/// A finding about a case.
fn at(case: &Case, severity: Severity, lint: Lint, message: String) -> Finding {
    let file = case.origin.file.to_string();
    let mut finding = Finding::of_file(severity, file, message);
    finding.place = Some(Place {
        line: case.origin.line as usize,
        column: 1,
    });
    finding.lint(lint).key("case");
    finding
}

/// What a failing case says to the person who broke it.
fn failing(case: &Case, reading: &Reading, judgement: &Judgement) -> Finding {
    let decision = &reading.decision;
    let misses = judgement.misses_told();
    let danger = match judgement.mark {
        Some(Mark::Dangerous(danger)) => Some(danger),
        _ => None,
    };
    let mut message = format!("case `{}` fails: {}", case.name, misses.join("; "));
    if misses.is_empty() {
        message = format!("case `{}` fails", case.name);
    }
    if let Some(danger) = danger {
        message = format!("{message}: {danger}");
    }
    let scores: Vec<String> = decision
        .scores
        .iter()
        .take(SCORES_SHOWN)
        .map(|score| format!("{} {:.2}", score.category, score.points))
        .collect();
    let mut note = format!("it comes out as `{}`: {}", judgement.got, decision.reason);
    if !scores.is_empty() {
        note = format!("{note}; {}", scores.join(", "));
    }
    let mut finding = at(case, Severity::Error, Lint::FailingCase, message);
    finding.note(note).help(if danger.is_some() {
        "mend the rules; such a miss cannot be marked as known"
    } else {
        "mend the rules or the case; a miss you accept is marked `known = true`"
    });
    finding
}

const fn severity(lint: Lint) -> Severity {
    match lint {
        Lint::FailingCase => Severity::Error,
        Lint::Unreachable
        | Lint::AlwaysRun
        | Lint::Duplicate
        | Lint::Contradictory
        | Lint::DeadProduct
        | Lint::SilentCategory
        | Lint::StaleCase
        | Lint::BrokenShadow
        | Lint::UnusedAllow => Severity::Warning,
        Lint::Shadowed
        | Lint::OverBroad
        | Lint::Untested
        | Lint::PartOfWord
        | Lint::DeadContact
        | Lint::StaleContact
        | Lint::TooLarge => Severity::Note,
    }
}

/// What is odd in the rules and is not let pass, and what is let pass for nothing.
fn lint(written: &Written, fired: &[Vec<RuleId>], found: &mut Vec<Finding>) {
    let drafts: Vec<_> = written
        .rules
        .iter()
        .map(|rule| rule.draft().clone())
        .collect();
    let fired: Vec<Fired<'_>> = fired.iter().map(|rules| Fired { rules }).collect();
    let rules = &written.config.policy.rules;
    for remark in remarks(&drafts, rules.negation(), rules.settings(), &fired) {
        // What concerns two rules may be allowed in either.
        let other = remark.also.as_ref().map(|(spot, _)| *spot);
        let passed = [Some(remark.at), other].into_iter().flatten().any(|spot| {
            let rule = written.rules.get(spot.draft);
            rule.is_some_and(|rule| rule.allow.lets_pass(remark.lint))
        });
        if !passed {
            found.extend(finding(remark, written));
        }
    }
    let without_cases = |lint| !matches!(lint, Lint::Untested | Lint::OverBroad);
    for rule in &written.rules {
        found.extend(
            rule.allow
                .unused(|lint| !fired.is_empty() || without_cases(lint)),
        );
    }
}

fn finding(remark: Remark, written: &Written) -> Option<Finding> {
    let place = |spot: Spot| Some(written.rules.get(spot.draft)?.place(spot.part));
    let (source, span, key) = place(remark.at)?;
    let mut finding = Finding::at(severity(remark.lint), source, span, remark.message);
    finding
        .lint(remark.lint)
        .key(key)
        .note(remark.note)
        .help(remark.hint);
    if let Some((spot, label)) = remark.also
        && let Some((source, span, _)) = place(spot)
    {
        finding.also(label, source, span);
    }
    Some(finding)
}

/// Who may receive although no product names them.
fn dead_contacts(written: &Written, found: &mut Vec<Finding>) {
    let config = &written.config;
    let contacts: Vec<_> = config
        .policy
        .registry
        .products()
        .iter()
        .flat_map(|product| product.contacts.chain(Role::Technical))
        .map(|contact| contact.address)
        .collect();
    let Some(span) = written.allow.as_ref().filter(|_| written.forwards) else {
        return;
    };
    let allow = &config.delivery.allow;
    let addresses = allow
        .addresses
        .iter()
        .filter(|address| !contacts.iter().any(|contact| address.same_as(contact)))
        .map(ToString::to_string);
    let domains = allow
        .domains
        .iter()
        .filter(|domain| !contacts.iter().any(|contact| contact.domain() == *domain))
        .cloned();
    for idle in addresses.chain(domains) {
        let message = format!("no product has a contact at `{idle}`");
        let finding = Finding::at(severity(Lint::DeadContact), &written.main, span, message);
        found
            .push_mut(finding)
            .lint(Lint::DeadContact)
            .key("delivery.allow")
            .note("nothing is ever sent there, and nothing should be allowed without need")
            .help("take it out, or give a product of the registry this contact");
    }
}

/// Contacts that nobody has looked at for long.
fn stale_contacts(written: &Written, now: Timestamp, found: &mut Vec<Finding>) {
    let today = TimeZone::UTC.to_datetime(now).date();
    for contact in &written.verified {
        let days = (today - contact.on).get_days();
        let limit = written.verified_within.as_secs() / (24 * 60 * 60);
        if i64::from(days) <= i64::try_from(limit).unwrap_or(i64::MAX) {
            continue;
        }
        let message = format!(
            "`{}` was verified {days} days ago, longer than {limit}",
            contact.address
        );
        let finding = Finding::at(
            severity(Lint::StaleContact),
            &contact.source,
            &contact.span,
            message,
        );
        found
            .push_mut(finding)
            .lint(Lint::StaleContact)
            .key(contact.key.clone())
            .note("support desks move, and nobody tells; mail to an old address may be read by others")
            .help("look it up on the offer's page in Partner Center, and write the day of that here");
    }
}
