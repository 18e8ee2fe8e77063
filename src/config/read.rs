//! Finds the files of a configuration directory and parses them, syntax faults and all.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::case_files::toml_files;
use super::file::source::{Source, Unreadable, quoted};
use super::findings::{Finding, Severity};
use crate::domain::digest::Digest;

/// The file that must be there.
const MAIN: &str = "triaged.toml";
/// The directory of rule files.
const RULES: &str = "rules";
/// The file of products.
pub(super) const PRODUCTS: &str = "registry/products.toml";
/// The directory of templates.
const TEMPLATES: &str = "templates";
/// Most templates: one a language.
const TEMPLATE_FILES_MAX: usize = 20;
/// Most rule files.
const RULE_FILES_MAX: usize = 200;
/// Most syntax faults told of one file: one slip often makes many.
const SYNTAX_MAX: usize = 20;

/// All files of a configuration that could be read.
#[derive(Debug)]
pub(super) struct Files {
    /// `triaged.toml`.
    pub main: Option<Arc<Source>>,
    /// `rules/*.toml`, by name.
    pub rules: Vec<Arc<Source>>,
    /// Whether a rule file could not be read.
    pub rules_incomplete: bool,
    /// `registry/products.toml`.
    pub products: Option<Arc<Source>>,
    /// `templates/*.toml`, by name.
    pub templates: Vec<Arc<Source>>,
    /// SHA-256 over what `sha256sum` prints for these files, in this order, called by their
    /// names within the directory.
    pub digest: Digest,
    /// The names of all files that were looked for, in the order in which they are told about.
    pub names: Vec<String>,
    sums: String,
}

impl Files {
    /// Reads all files of `directory`.
    pub fn read(directory: &Path, findings: &mut Vec<Finding>) -> Self {
        let mut files = Self::none();
        if !directory.is_dir() {
            let message = "there is no such directory";
            findings
                .push_mut(Finding::of_file(
                    Severity::Error,
                    directory.display().to_string(),
                    message,
                ))
                .help("name the directory that holds `triaged.toml` with `--config`");
            return files;
        }
        files.main = files.take(directory, MAIN, findings);
        files.take_rules(directory, findings);
        files.products = files.take(directory, PRODUCTS, findings);
        files.take_templates(directory, findings);
        files.digest = Digest::of(files.sums.as_bytes());
        files
    }

    /// Reads `triaged.toml` of `directory`; rules and products are given.
    pub fn read_main(
        directory: &Path,
        rules: Vec<Source>,
        products: Option<Source>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut files = Self::none();
        files.main = files.take(directory, MAIN, findings);
        files.take_templates(directory, findings);
        for source in rules.iter().chain(&products) {
            files.names.push(source.name.clone());
            // Writing to a string cannot fail.
            let _ = writeln!(
                files.sums,
                "{}  {}",
                Digest::of(source.text.as_bytes()),
                source.name
            );
        }
        files.rules = rules.into_iter().map(Arc::new).collect();
        files.products = products.map(Arc::new);
        files.digest = Digest::of(files.sums.as_bytes());
        files
    }

    /// Reads the rules of another directory, and its products where it has any; else those of
    /// `self` stand there.
    pub fn read_shadow(&self, directory: &Path, findings: &mut Vec<Finding>) -> Self {
        let mut files = Self::none();
        files.main.clone_from(&self.main);
        files.take_rules(directory, findings);
        files.products = if directory.join(PRODUCTS).exists() {
            files.take(directory, PRODUCTS, findings)
        } else {
            self.products.clone()
        };
        files
    }

    fn none() -> Self {
        Self {
            main: None,
            rules: Vec::new(),
            rules_incomplete: false,
            products: None,
            templates: Vec::new(),
            digest: Digest::of(&[]),
            names: Vec::new(),
            sums: String::new(),
        }
    }

    /// Takes in all rule files of `directory`.
    fn take_rules(&mut self, directory: &Path, findings: &mut Vec<Finding>) {
        let (names, found) = rule_names(directory, findings);
        for name in &names {
            let source = self.take(directory, name, findings);
            self.rules_incomplete |= source.is_none();
            self.rules.extend(source);
        }
        self.rules_incomplete |= !found;
    }

    /// Takes in all templates of `directory`; there need be none.
    fn take_templates(&mut self, directory: &Path, findings: &mut Vec<Finding>) {
        let listed = toml_files(&directory.join(TEMPLATES)).unwrap_or_default();
        let names = listed.iter().filter_map(|path| path.file_name());
        for name in names.take(TEMPLATE_FILES_MAX) {
            let name = format!("{TEMPLATES}/{}", name.display());
            let source = self.take(directory, &name, findings);
            self.templates.extend(source);
        }
    }

    fn take(
        &mut self,
        directory: &Path,
        name: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<Arc<Source>> {
        let path = directory.join(name);
        let shown = path.display().to_string();
        self.names.push(shown.clone());
        match Source::read(&path, shown.clone(), Some(directory)) {
            Ok((source, bytes)) => {
                // Writing to a string cannot fail.
                let _ = writeln!(self.sums, "{}  {name}", Digest::of(&bytes));
                Some(Arc::new(source))
            }
            Err(error) => {
                let finding = Finding::of_file(Severity::Error, shown, error.to_string());
                findings.push_mut(finding).help(remedy(&error, name));
                None
            }
        }
    }
}

fn remedy(error: &Unreadable, name: &str) -> String {
    match error {
        Unreadable::Absent => match name {
            MAIN => "copy the `triaged.toml` that comes with triaged and change it".to_owned(),
            _ => format!("write {}; an empty file will do", quoted(name)),
        },
        Unreadable::Io(_) => "the user the daemon runs as must be able to read it".to_owned(),
        Unreadable::Irregular => "put a plain file there".to_owned(),
        Unreadable::Writable { .. } => {
            "`chmod o-w` it: who can write rules can send mail away".to_owned()
        }
        Unreadable::TooLarge => "split it: every file in `rules/` is read".to_owned(),
        Unreadable::NotUtf8(_) => "save it as UTF-8 in your editor".to_owned(),
        Unreadable::Nul(_) => "save it as plain text, UTF-8, in your editor".to_owned(),
    }
}

/// The rule files by name, and whether all could be listed.
fn rule_names(directory: &Path, findings: &mut Vec<Finding>) -> (Vec<String>, bool) {
    let rules = directory.join(RULES);
    let shown = rules.display().to_string();
    let listed = toml_files(&rules);
    let mut names: Vec<String> = listed
        .iter()
        .flatten()
        .filter_map(|path| path.file_name())
        .map(|name| format!("{RULES}/{}", name.display()))
        .collect();
    match listed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings
                .push_mut(Finding::of_file(
                    Severity::Warning,
                    shown,
                    "there is no such directory",
                ))
                .help("without rules every ticket goes to review; put rule files there");
        }
        Err(error) => {
            let message = format!("it cannot be listed: {error}");
            findings.push(Finding::of_file(Severity::Error, shown, message));
            return (names, false);
        }
        Ok(_) if names.is_empty() => {
            findings
                .push_mut(Finding::of_file(
                    Severity::Warning,
                    shown,
                    "there is no rule file in it",
                ))
                .help(
                    "without rules every ticket goes to review; put files ending in `.toml` there",
                );
        }
        Ok(_) if names.len() > RULE_FILES_MAX => {
            let message = format!(
                "there are {} rule files; at most {RULE_FILES_MAX} are read",
                names.len()
            );
            findings.push(Finding::of_file(Severity::Error, shown, message));
            names.truncate(RULE_FILES_MAX);
            return (names, false);
        }
        Ok(_) => {}
    }
    (names, true)
}

/// A file's table, as far as it could be parsed.
#[derive(Debug)]
pub(super) struct Parsed<'s> {
    /// What was understood.
    pub items: DeTable<'s>,
    /// The lines on which it was not.
    pub broken_lines: Vec<usize>,
}

/// Parses a file and reports its syntax faults.
pub(super) fn parse<'s>(source: &'s Arc<Source>, findings: &mut Vec<Finding>) -> Parsed<'s> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut broken_lines = Vec::new();
    for error in &errors {
        let span = error.span().unwrap_or(source.text.len()..source.text.len());
        // "expected literal string" is the parser's own word and no help.
        let message = error.message();
        let message = message
            .split(", expected literal string")
            .next()
            .unwrap_or(message);
        let finding = Finding::at(Severity::Error, source, &span, message);
        let line = finding.place.map_or(0, |place| place.line);
        // What follows on the same line follows from the same slip.
        if broken_lines.contains(&line) {
            continue;
        }
        broken_lines.push(line);
        if broken_lines.len() > SYNTAX_MAX {
            break;
        }
        let finding = findings.push_mut(finding);
        if let Some(help) = syntax_help(source, line, message) {
            finding.help(help);
        }
    }
    Parsed {
        items: table.into_inner(),
        broken_lines,
    }
}

/// What most often is behind a syntax fault.
fn syntax_help(source: &Source, line: usize, message: &str) -> Option<&'static str> {
    let text = source.text.lines().nth(line.checked_sub(1)?)?;
    let curly = ['“', '”', '„', '‘', '’'];
    if text.contains(curly) {
        return Some("write straight quotes, `\"` or `'`");
    }
    if message.contains("duplicate key") {
        return Some("a key may stand once in a table; keep one of them");
    }
    if message.contains("basic string") || message.contains("literal string,") {
        return Some("a text ends with the quote it began with, on the same line");
    }
    if message.contains("string values must be quoted") {
        return Some("text stands in quotes: `key = \"text\"`");
    }
    None
}
