//! The cases for people: what failed first, then the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::{Ran, is_told};
use crate::cli::print::{Paint, Style, counted, one_line, rows, table};
use crate::domain::decision::Decision;
use crate::domain::ids::RuleId;
use crate::triage::Policy;
use crate::triage::case::{Mark, Outcome, Report, Standing, Tally};

/// Most failures shown one by one; the others are counted, and are in `--json`.
const FAILURES_MAX: usize = 100;

/// Most known misses, mended and counted ones shown, a line each.
const LINES_MAX: usize = 40;

/// Hits shown for a failure.
const HITS_MAX: usize = 6;

/// Rules that no case fires, shown without `--coverage`.
const UNTOUCHED_MAX: usize = 5;

/// The page, as it grows case by case.
pub struct Page {
    paint: Paint,
    dangerous: Vec<String>,
    failed: Vec<String>,
    lines: BTreeMap<&'static str, Vec<String>>,
}

impl Page {
    /// An empty one.
    pub const fn new(paint: Paint) -> Self {
        Self {
            paint,
            dangerous: Vec::new(),
            failed: Vec::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Adds one case; what passed leaves no trace.
    pub fn add(&mut self, ran: &Ran<'_>) {
        let standing = ran.judgement.standing;
        if !is_told(standing) {
            return;
        }
        if standing == Standing::Failed {
            let dangerous = matches!(ran.judgement.mark, Some(Mark::Dangerous(_)));
            let list = if dangerous {
                &mut self.dangerous
            } else {
                &mut self.failed
            };
            if list.len() < FAILURES_MAX {
                list.push(failure(ran, self.paint));
            }
            return;
        }
        let word = match standing {
            Standing::Mended => "mended",
            Standing::KnownMiss => "known",
            _ => "counted",
        };
        let lines = self.lines.entry(word).or_default();
        if lines.len() < LINES_MAX {
            let style = if standing == Standing::Mended {
                Style::Good
            } else {
                Style::Faint
            };
            let word = self.paint.paint(style, &format!("{word:<9}"));
            let advice = match standing {
                Standing::Mended => "holds now: take `known` away".to_owned(),
                _ => told(ran),
            };
            lines.push(format!("{word} {}: {advice}\n", place(ran)));
        }
    }

    /// The whole page.
    pub fn finish(
        self,
        report: &Report,
        untouched: &[&RuleId],
        policy: &Policy,
        coverage: bool,
    ) -> String {
        let mut out = String::new();
        for part in self.dangerous.iter().chain(&self.failed) {
            out.push_str(part);
            out.push('\n');
        }
        let shown = self.dangerous.len() + self.failed.len();
        let rest = (report.failed as usize).saturating_sub(shown);
        if rest > 0 {
            let _ = writeln!(
                out,
                "… and {} more, see `--json`\n",
                counted(rest, "failure", "failures")
            );
        }
        for word in ["mended", "known", "counted"] {
            out.extend(
                self.lines
                    .get(word)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
        if !self.lines.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{}\n", matrix(report));
        let _ = writeln!(out, "{}\n", figures(report));
        out.push_str(&covered(untouched, policy, coverage));
        let dangerous = report.all.dangerous;
        if dangerous > 0 {
            let loud = counted(dangerous as usize, "DANGEROUS ERROR", "DANGEROUS ERRORS");
            let _ = writeln!(out, "{}", self.paint.paint(Style::Bad, &loud));
        }
        let (word, style) = if report.failed > 0 {
            ("failed", Style::Bad)
        } else {
            ("ok", Style::Good)
        };
        let _ = write!(out, "{}: {}", self.paint.paint(style, word), counts(report));
        out
    }
}

/// How many there are and what came of them, in one line.
pub fn counts(report: &Report) -> String {
    let mut line = counted(report.cases as usize, "case", "cases");
    let _ = write!(line, ": {} passed", report.passed);
    for (count, word) in [
        (report.failed, "failed"),
        (report.known, "known to miss"),
        (report.mended, "no longer miss"),
        (report.counted, "missed in samples"),
    ] {
        if count > 0 {
            let _ = write!(line, ", {count} {word}");
        }
    }
    line
}

fn place(ran: &Ran<'_>) -> String {
    format!("{}: {}", ran.case.origin, one_line(&ran.case.name, 80))
}

/// What was expected and what came, in one line.
fn told(ran: &Ran<'_>) -> String {
    let misses = ran.judgement.misses_told().join(", ");
    format!("{misses}; got `{}`", ran.judgement.got)
}

fn failure(ran: &Ran<'_>, paint: Paint) -> String {
    let decision = &ran.reading.decision;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let name = paint.paint(Style::Faint, &format!("{name:<9}"));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name} {value}");
    };
    line("subject", &one_line(&ran.subject, 200));
    for miss in &ran.judgement.misses {
        line("miss", &miss.to_string());
    }
    line("got", &got(ran, decision));
    let scores = decision
        .scores
        .iter()
        .map(|s| format!("{} {:.2}", s.category, s.points));
    let scores: Vec<String> = scores.collect();
    if !scores.is_empty() {
        line("scores", &scores.join(", "));
    }
    for hit in decision.evidence.iter().take(HITS_MAX) {
        let text = one_line(&hit.text, 60);
        let hit = format!(
            "{:+.2} {}: `{text}` in the {} (rule `{}`)",
            hit.weight, hit.category, hit.zone, hit.rule
        );
        line("", &hit);
    }
    let head = match ran.judgement.mark {
        Some(Mark::Dangerous(danger)) => format!("DANGEROUS: {danger}:"),
        _ => "failed".to_owned(),
    };
    format!("{} {}\n{out}", paint.paint(Style::Bad, &head), place(ran))
}

fn got(ran: &Ran<'_>, decision: &Decision) -> String {
    format!(
        "`{}`, {} → {}: {}",
        ran.judgement.got,
        decision.action,
        one_line(decision.destination(), 120),
        one_line(&decision.reason.to_string(), 200)
    )
}

/// Rows: what was expected; columns: what came.
fn matrix(report: &Report) -> String {
    let columns: BTreeSet<&Outcome> = report.matrix.keys().map(|(_, got)| got).collect();
    let expected: BTreeSet<&Outcome> = report.matrix.keys().map(|(wanted, _)| wanted).collect();
    let mut headings = vec!["expected \\ got".to_owned()];
    headings.extend(columns.iter().map(ToString::to_string));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut grid = table(&headings);
    for wanted in expected {
        let cells = columns.iter().map(|got| {
            let cell = (wanted.clone(), (*got).clone());
            let count = report.matrix.get(&cell);
            count.map_or_else(|| "·".to_owned(), ToString::to_string)
        });
        grid.add_row(std::iter::once(wanted.to_string()).chain(cells));
    }
    rows(&grid)
}

fn figures(report: &Report) -> String {
    let mut grid = table(&[
        "",
        "right",
        "left",
        "unsure",
        "wrong",
        "dangerous",
        "right of decided",
        "decided",
    ]);
    let mut add = |name: &str, tally: &Tally| {
        grid.add_row([
            name.to_owned(),
            tally.right.to_string(),
            tally.left.to_string(),
            tally.unsure.to_string(),
            tally.wrong.to_string(),
            tally.dangerous.to_string(),
            format!("{:.1} %", tally.right_percent()),
            format!("{:.1} %", tally.decided_percent()),
        ]);
    };
    for (file, tally) in &report.files {
        let name = Path::new(file)
            .file_name()
            .map(|name| name.to_string_lossy());
        add(&name.unwrap_or_default(), tally);
    }
    for (language, tally) in &report.languages {
        add(&format!("language {language}"), tally);
    }
    add("all", &report.all);
    add("without known misses", &report.without_known);
    if report.sample != Tally::default() {
        add("samples", &report.sample);
    }
    let mut out = rows(&grid);
    let (stated, met) = report.priorities;
    if stated > 0 {
        let _ = write!(out, "\npriority: {met} of {stated} right");
    }
    let languages = report.languages_told;
    if languages.all() > 0 {
        let _ = write!(
            out,
            "\nlanguage: {} of {} right, {} left open",
            languages.right,
            languages.all(),
            languages.open
        );
    }
    out
}

fn covered(untouched: &[&RuleId], policy: &Policy, all: bool) -> String {
    let rules = policy.rules.rules();
    if untouched.is_empty() {
        return format!("every one of {} rules is fired by a case\n", rules.len());
    }
    let mut out = format!(
        "{} of {} fired by no case",
        untouched.len(),
        counted(rules.len(), "rule is", "rules are")
    );
    if all {
        out.push_str(":\n");
        for rule in rules.iter().filter(|rule| untouched.contains(&rule.id())) {
            let _ = writeln!(out, "  {} ({})", rule.id(), rule.origin());
        }
    } else {
        let names = untouched.iter().take(UNTOUCHED_MAX);
        let names: Vec<String> = names.map(|id| format!("`{id}`")).collect();
        let more = if untouched.len() > UNTOUCHED_MAX {
            ", …"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            ": {}{more} (`--coverage` lists them)",
            names.join(", ")
        );
    }
    out
}
