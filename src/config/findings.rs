//! What is wrong with the configuration, as values and as text for people.
//!
//! A finding names its file, line, column and key, says what is wrong and what to do. Rendering
//! is the same for every command that reads a configuration.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::file::source::{Place, Source};
use crate::rules::lint::Lint;

/// Most findings reported at once; what is beyond is counted.
pub const FINDINGS_MAX: usize = 1_000;

/// More notes of one name than this are folded into the first of them.
const ALIKE_MAX: usize = 3;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration is not taken.
    Error,
    /// It is taken, and probably not what was meant.
    Warning,
    /// It is taken; worth a look.
    Note,
}

impl Severity {
    /// The word shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fault, or one thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it was opened.
    pub file: String,
    /// Where in it; absent when it concerns the whole file.
    pub place: Option<Place>,
    /// The key with the tables around it, such as `mailbox.port`.
    pub key: Option<String>,
    /// Its name, when it can be allowed or denied.
    pub lint: Option<Lint>,
    /// What is wrong.
    pub message: String,
    /// What follows from it.
    pub note: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// A second place that belongs to it, and what it has to do with it.
    pub also: Option<Also>,
    marked: Option<Marked>,
}

/// A second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    /// What stands there.
    pub label: String,
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Place,
    marked: Marked,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marked {
    source: Arc<Source>,
    span: Range<usize>,
}

impl Finding {
    /// A fault of a whole file or directory.
    pub fn of_file(
        severity: Severity,
        file: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            file: file.into(),
            place: None,
            key: None,
            lint: None,
            message: message.into(),
            note: None,
            help: None,
            also: None,
            marked: None,
        }
    }

    /// A fault of the piece `span` of a file.
    pub fn at(
        severity: Severity,
        source: &Arc<Source>,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let span = source.clamp(span);
        Self {
            place: Some(source.place(span.start)),
            marked: Some(Marked {
                source: Arc::clone(source),
                span,
            }),
            ..Self::of_file(severity, source.name.clone(), message)
        }
    }

    /// With the key it is about.
    pub fn key(&mut self, key: impl Into<String>) -> &mut Self {
        self.key = Some(key.into());
        self
    }

    /// With its name.
    pub const fn lint(&mut self, lint: Lint) -> &mut Self {
        self.lint = Some(lint);
        self
    }

    /// With what follows from it.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.note = Some(note.into());
        self
    }

    /// With what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// With a second place.
    pub fn also(
        &mut self,
        label: impl Into<String>,
        source: &Arc<Source>,
        span: &Range<usize>,
    ) -> &mut Self {
        let span = source.clamp(span);
        self.also = Some(Also {
            label: label.into(),
            file: source.name.clone(),
            place: source.place(span.start),
            marked: Marked {
                source: Arc::clone(source),
                span,
            },
        });
        self
    }

    fn is_note_of(&self, lint: Lint) -> bool {
        self.severity == Severity::Note && self.lint == Some(lint)
    }

    fn order(&self) -> (Option<Place>, Severity) {
        (self.place, self.severity)
    }
}

/// The one-line form: `file:line:column: error[name]: message; note; help`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.severity)?;
        if let Some(lint) = self.lint {
            write!(f, "[{lint}]")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(Also {
            label, file, place, ..
        }) = &self.also
        {
            write!(f, "; {label} at {file}:{}:{}", place.line, place.column)?;
        }
        for more in [&self.note, &self.help].into_iter().flatten() {
            write!(f, "; {more}")?;
        }
        Ok(())
    }
}

/// Whether one of them forbids to take the configuration.
pub fn any_error(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}

/// Puts them into the order of their files and lines, and bounds their number.
pub fn tidy(findings: &mut Vec<Finding>, files: &[String]) {
    let rank = |file: &str| files.iter().position(|f| f == file);
    findings.sort_by(|a, b| {
        (rank(&a.file), a.order())
            .cmp(&(rank(&b.file), b.order()))
            .then_with(|| a.file.cmp(&b.file))
    });
    findings.dedup();
    let beyond = findings.len().saturating_sub(FINDINGS_MAX);
    if beyond > 0 {
        let mut worst: Vec<(usize, Finding)> =
            std::mem::take(findings).into_iter().enumerate().collect();
        // What weighs least is left out first, then what stands last.
        worst.sort_by_key(|(place, finding)| (finding.severity, *place));
        let cut = worst.split_off(FINDINGS_MAX);
        worst.sort_by_key(|(place, _)| *place);
        findings.extend(worst.into_iter().map(|(_, finding)| finding));
        // An error must stay visible as one, whatever was cut.
        let severity = cut.first().map_or(Severity::Note, |(_, f)| f.severity);
        let file = findings.last().map_or_else(String::new, |f| f.file.clone());
        findings.push(Finding::of_file(
            severity,
            file,
            format!("and {beyond} more findings"),
        ));
    }
}

/// All of them with the lines they are about, and a count at the end; empty when there are none.
pub fn render(findings: &[Finding], colour: bool) -> String {
    page(findings, &count(findings), colour)
}

/// As [`render`], but of many notes of one name only the first, which tells how many there are.
pub fn render_folded(findings: &[Finding], colour: bool) -> String {
    let alike = |lint: Lint| findings.iter().filter(move |f| f.is_note_of(lint));
    let mut shown = Vec::new();
    for finding in findings {
        let lint = finding.lint.filter(|lint| finding.is_note_of(*lint));
        let Some(lint) = lint.filter(|lint| alike(*lint).nth(ALIKE_MAX).is_some()) else {
            shown.push(finding.clone());
            continue;
        };
        let is_first = alike(lint).next().is_some_and(|first| first == finding);
        if is_first {
            let mut first = finding.clone();
            let more = alike(lint).count() - 1;
            first.note(format!(
                "{more} more notes are `{lint}`; `--all` shows each"
            ));
            shown.push(first);
        }
    }
    page(&shown, &count(findings), colour)
}

fn page(findings: &[Finding], count: &str, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for finding in findings {
        out.push_str(&renderer.render(&[group(finding)]));
        out.push_str("\n\n");
    }
    if !findings.is_empty() {
        out.push_str(count);
        out.push('\n');
    }
    // The renderer pads empty gutters; no terminal needs that.
    out.lines()
        .flat_map(|line| [line.trim_end(), "\n"])
        .collect()
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&finding.message);
    let mut group = Group::with_title(match finding.lint {
        Some(lint) => title.id(lint.as_str()),
        None => title,
    });
    let also = finding.also.as_ref();
    // Two places in one file are shown in one piece.
    let near = also.filter(|also| also.file == finding.file);
    let marks = finding.marked.as_ref().map(|marked| {
        let second = near.map(|also| (&also.marked.span, also.label.as_str()));
        (marked, Some(&marked.span), second)
    });
    match marks.and_then(|(marked, first, second)| excerpt(&marked.source, first, second)) {
        Some(excerpt) => group = group.element(excerpt),
        None => group = group.element(origin(&finding.file, finding.place)),
    }
    if let (Some(also), None) = (also, near) {
        let second = Some((&also.marked.span, also.label.as_str()));
        match excerpt(&also.marked.source, None, second) {
            Some(excerpt) => group = group.element(excerpt),
            None => group = group.element(origin(&also.file, Some(also.place))),
        }
    }
    if let Some(note) = &finding.note {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help));
    }
    group
}

fn origin(file: &str, place: Option<Place>) -> Origin<'_> {
    let origin = Origin::path(file);
    match place {
        Some(Place { line, column }) => origin.line(line).char_column(column),
        None => origin,
    }
}

/// The lines of a file with the fault, or what belongs to it, underlined; nothing when the file
/// must not be shown or the lines are too long for anybody to read.
fn excerpt<'f>(
    source: &'f Source,
    fault: Option<&Range<usize>>,
    other: Option<(&Range<usize>, &'f str)>,
) -> Option<Snippet<'f, Annotation<'f>>> {
    /// Longest line shown, in bytes.
    const LINE_BYTES_MAX: usize = 1_000;
    let spans = || fault.into_iter().chain(other.map(|(span, _)| span));
    let start = spans().map(|span| span.start).min()?;
    let end = spans().map(|span| span.end).max()?;
    let (lines, number) = source.lines_around(&(start..end));
    let shown = source.shown.get(lines.clone())?;
    if source.shown.is_empty() || shown.lines().any(|line| line.len() > LINE_BYTES_MAX) {
        return None;
    }
    let here = |span: &Range<usize>| span.start - lines.start..span.end - lines.start;
    let fault = fault.map(|span| AnnotationKind::Primary.span(here(span)));
    let other = other.map(|(span, label)| AnnotationKind::Context.span(here(span)).label(label));
    let snippet = Snippet::source(shown).path(&source.name).line_start(number);
    Some(snippet.annotations(fault.into_iter().chain(other)))
}

fn count(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let words = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (of(severity), severity))
        .filter(|(number, _)| *number > 0)
        .map(|(number, severity)| {
            format!("{number} {severity}{}", if number == 1 { "" } else { "s" })
        });
    words.collect::<Vec<_>>().join(", ")
}
