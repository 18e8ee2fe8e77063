//! Everything that is looked at before a configuration decides about mail.
//!
//! [`load`](super::load) asks whether it can be understood. Here it is also asked whether it is
//! meant: the rules are linted, and the cases under `cases/` are run through it. `check`, the
//! daemon's start and its reload ask the same function, so that what `check` calls good is taken.
//!
//! A case that fails is an error: the configuration can be understood, and is refused.

use std::path::Path;
use std::sync::Arc;

use super::file::cases::{self, Placed};
use super::file::source::Source;
use super::file::table::{InFile, Table};
use super::findings::{self, Finding, Severity};
use super::load::{Config, Written, in_file, read_files};
use super::read::Files;
use crate::domain::ids::ProductId;
use crate::domain::kind::Kind;
use crate::rules::lint::{Fired, Lint, Remark, Spot, remarks};
use crate::triage::case::{Case, Mark, Outcome, Trial};

/// Most cases that are run.
pub const CASES_MAX: usize = 20_000;

/// Scores shown of a case that fails.
const SCORES_SHOWN: usize = 3;

/// A configuration and all that was found.
#[derive(Debug)]
pub struct Examined {
    /// Absent when it cannot be understood.
    pub config: Option<Config>,
    /// In the order of files and lines.
    pub findings: Vec<Finding>,
    /// The cases that were run.
    pub tried: Vec<Tried>,
}

/// A case that was run.
#[derive(Debug)]
pub struct Tried {
    /// The file's name, as it was opened.
    pub file: String,
    /// The case.
    pub case: Case,
    /// What came of it.
    pub trial: Trial,
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

/// Reads, checks, lints and tries the configuration in `directory`.
pub fn examine(directory: &Path) -> Examined {
    let mut found = Vec::new();
    let mut files = Files::read(directory, &mut found);
    let mut tried = Vec::new();
    let mut config = None;
    if let Some(written) = read_files(directory, &files, &mut found)
        && !findings::any_error(&found)
    {
        let sources = files.read_cases(directory, &mut found);
        let placed = read_cases(&sources, &written.config, &mut found);
        tried = try_all(placed, &written.config, &mut found);
        lint(&written, &tried, &mut found);
        dead_contacts(&written, &mut found);
        config = Some(written.config);
    }
    findings::tidy(&mut found, &files.names);
    Examined {
        config,
        findings: found,
        tried,
    }
}

fn read_cases(sources: &[Arc<Source>], config: &Config, found: &mut Vec<Finding>) -> Vec<Placed> {
    let mut placed = Vec::new();
    for source in sources {
        let check =
            |root: Table<'_>, file: &mut InFile<'_>| cases::cases(root, &config.policy, file);
        placed.extend(in_file(source, found, check));
    }
    if let Some(beyond) = placed.get(CASES_MAX) {
        let message = format!(
            "there are {} cases; at most {CASES_MAX} are run",
            placed.len()
        );
        found.push(Finding::at(
            Severity::Error,
            &beyond.source,
            &beyond.at,
            message,
        ));
        placed.truncate(CASES_MAX);
    }
    placed
}

fn try_all(placed: Vec<Placed>, config: &Config, found: &mut Vec<Finding>) -> Vec<Tried> {
    let mut tried = Vec::with_capacity(placed.len());
    for one in placed {
        let Some(trial) = one.case.run(&config.policy) else {
            let message = "this case makes no mail that can be read";
            let finding = Finding::at(Severity::Error, &one.source, &one.at, message);
            found.push_mut(finding).lint(Lint::FailingCase);
            continue;
        };
        if trial.fails(&one.case) {
            found.push(failing(&one, &trial));
        } else if let Some(known) = one.known_at.filter(|_| is_as_told(&trial)) {
            let message = format!(
                "case `{}` is marked `known` and comes out right",
                one.case.name
            );
            let finding = Finding::at(Severity::Note, &one.source, &known, message);
            found
                .push_mut(finding)
                .lint(Lint::UnusedAllow)
                .note("while it is marked, nobody is told when it breaks again")
                .help("take `known` out");
        }
        tried.push(Tried {
            file: one.source.name.clone(),
            case: one.case,
            trial,
        });
    }
    tried
}

fn is_as_told(trial: &Trial) -> bool {
    trial.mark == Mark::Right && !trial.other_priority
}

/// What a failing case says to the person who broke it.
fn failing(one: &Placed, trial: &Trial) -> Finding {
    let (case, decision) = (&one.case, &trial.decision);
    let outcome = Outcome::of(decision);
    let product =
        |product: Option<&str>| product.map_or_else(String::new, |p| format!(" for `{p}`"));
    let hit = decision.product.as_ref().map(|hit| hit.product.as_str());
    let message = if trial.mark == Mark::Right {
        format!(
            "case `{}` comes out with priority {}, not {}",
            case.name,
            decision.priority,
            case.priority.unwrap_or_default()
        )
    } else {
        format!(
            "case `{}` comes out as {}{}, not {}{}{}",
            case.name,
            outcome.as_str(),
            product(hit),
            case.expect.as_str(),
            product(case.product.as_ref().map(ProductId::as_str)),
            if trial.mark == Mark::Dangerous {
                ": it would leave the house"
            } else {
                ""
            }
        )
    };
    let scores: Vec<String> = decision
        .scores
        .iter()
        .take(SCORES_SHOWN)
        .map(|score| format!("{} {:.2}", score.category, score.points))
        .collect();
    let mut finding = Finding::at(Severity::Error, &one.source, &one.at, message);
    let help = if trial.mark == Mark::Dangerous {
        "mend the rules; such a miss cannot be marked as known"
    } else {
        "mend the rules or the case; a miss you accept is marked `known = true`"
    };
    finding
        .lint(Lint::FailingCase)
        .key("case")
        .note(match scores.as_slice() {
            [] => decision.reason.to_string(),
            scores => format!("{}; {}", decision.reason, scores.join(", ")),
        })
        .help(help);
    finding
}

const fn severity(lint: Lint) -> Severity {
    match lint {
        Lint::FailingCase => Severity::Error,
        Lint::Unreachable
        | Lint::Duplicate
        | Lint::Contradictory
        | Lint::DeadProduct
        | Lint::SilentCategory
        | Lint::StaleCase
        | Lint::UnusedAllow => Severity::Warning,
        Lint::Shadowed
        | Lint::OverBroad
        | Lint::Untested
        | Lint::PartOfWord
        | Lint::DeadContact
        | Lint::TooLarge => Severity::Note,
    }
}

/// What is odd in the rules and is not let pass, and what is let pass for nothing.
fn lint(written: &Written, tried: &[Tried], found: &mut Vec<Finding>) {
    let drafts: Vec<_> = written
        .rules
        .iter()
        .map(|rule| rule.draft().clone())
        .collect();
    let fired: Vec<Fired<'_>> = tried
        .iter()
        .filter(|one| one.trial.decision.kind == Kind::Ticket)
        .map(|one| Fired {
            rules: &one.trial.fired,
        })
        .collect();
    for remark in remarks(&drafts, written.config.policy.rules.settings(), &fired) {
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
        .filter_map(|product| product.technical.as_ref())
        .map(|contact| &contact.address)
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
            .help("take it out, or give a product of registry/products.toml this contact");
    }
}
