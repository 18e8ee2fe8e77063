//! Finds the files of a configuration directory and parses them, syntax faults and all.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::file::source::{Source, Unreadable, quoted};
use super::file::table::{InFile, Table};
use super::findings::{Finding, Severity};
use crate::domain::digest::Digest;

/// The file that must be there.
const MAIN: &str = "triaged.toml";
/// The directory of rule files.
const RULES: &str = "rules";
/// The directory of templates.
const TEMPLATES: &str = "templates";
/// Most templates: one a language.
const TEMPLATE_FILES_MAX: usize = 20;
/// The directory of products, contacts and customers.
pub(super) const REGISTRY: &str = "registry";
/// The file to begin a registry with.
const PRODUCTS: &str = "registry/products.toml";
/// Most files of one of these directories.
const FILES_MAX: usize = 200;
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
    /// `registry/*.toml`, by name.
    pub registry: Vec<Arc<Source>>,
    /// Whether a file of the registry could not be read, or there is none.
    pub registry_incomplete: bool,
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
        files.take_registry(directory, findings);
        files.take_templates(directory, findings);
        files.digest = Digest::of(files.sums.as_bytes());
        files
    }

    /// Reads `triaged.toml` of `directory`; rules and registry are given.
    pub fn read_main(
        directory: &Path,
        rules: Vec<Source>,
        registry: Vec<Source>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut files = Self::none();
        files.main = files.take(directory, MAIN, findings);
        for source in rules.iter().chain(&registry) {
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
        files.registry = registry.into_iter().map(Arc::new).collect();
        files.take_templates(directory, findings);
        files.digest = Digest::of(files.sums.as_bytes());
        files
    }

    /// Reads the rules of another directory, and its registry where it has one; else that of
    /// `self` stands there.
    pub fn read_shadow(&self, directory: &Path, findings: &mut Vec<Finding>) -> Self {
        let mut files = Self::none();
        files.main.clone_from(&self.main);
        files.templates.clone_from(&self.templates);
        files.take_rules(directory, findings);
        if directory.join(REGISTRY).is_dir() {
            files.take_registry(directory, findings);
        } else {
            files.registry.clone_from(&self.registry);
            files.registry_incomplete = self.registry_incomplete;
        }
        files
    }

    fn none() -> Self {
        Self {
            main: None,
            rules: Vec::new(),
            rules_incomplete: false,
            registry: Vec::new(),
            registry_incomplete: false,
            templates: Vec::new(),
            digest: Digest::of(&[]),
            names: Vec::new(),
            sums: String::new(),
        }
    }

    /// Takes in all rule files of `directory`.
    fn take_rules(&mut self, directory: &Path, findings: &mut Vec<Finding>) {
        let (names, found) = file_names(directory, RULES, findings);
        if found && names.is_empty() {
            let shown = directory.join(RULES).display().to_string();
            let message = if directory.join(RULES).is_dir() {
                "there is no rule file in it"
            } else {
                "there is no such directory"
            };
            findings
                .push_mut(Finding::of_file(Severity::Warning, shown, message))
                .help(
                    "without rules every ticket goes to review; put files ending in `.toml` there",
                );
        }
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

    /// Takes in all files of the registry of `directory`; there must be one.
    fn take_registry(&mut self, directory: &Path, findings: &mut Vec<Finding>) {
        let (mut names, found) = file_names(directory, REGISTRY, findings);
        if found && names.is_empty() {
            names.push(PRODUCTS.to_owned());
        }
        for name in &names {
            let source = self.take(directory, name, findings);
            self.registry_incomplete |= source.is_none();
            self.registry.extend(source);
        }
        self.registry_incomplete |= !found;
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
        Unreadable::TooLarge => "split it: every file beside it is read".to_owned(),
        Unreadable::NotUtf8(_) => "save it as UTF-8 in your editor".to_owned(),
        Unreadable::Nul(_) => "save it as plain text, UTF-8, in your editor".to_owned(),
    }
}

/// The files of one of the directories by name, and whether all could be listed; none when it is
/// not there.
fn file_names(directory: &Path, part: &str, findings: &mut Vec<Finding>) -> (Vec<String>, bool) {
    let within = directory.join(part);
    let shown = within.display().to_string();
    let listed = match toml_files(&within) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (Vec::new(), true),
        Err(error) => {
            let message = format!("it cannot be listed: {error}");
            findings.push(Finding::of_file(Severity::Error, shown, message));
            return (Vec::new(), false);
        }
    };
    let mut names: Vec<String> = listed
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| format!("{part}/{}", name.display()))
        .collect();
    let found = names.len();
    if found > FILES_MAX {
        let message = format!("there are {found} files in it; at most {FILES_MAX} are read");
        findings.push(Finding::of_file(Severity::Error, shown, message));
        names.truncate(FILES_MAX);
    }
    (names, found <= FILES_MAX)
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

/// The files ending in `.toml` right below `directory`, in order of their names.
pub fn toml_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        // Editors leave `.#x.toml` and `x.toml~` behind.
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if !hidden && path.extension().is_some_and(|end| end == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Parses one file and lets `check` read its table. What is found on a line that could not be
/// parsed is left out: it follows from that.
pub(super) fn in_file<T>(
    source: &Arc<Source>,
    findings: &mut Vec<Finding>,
    check: impl FnOnce(Table<'_>, &mut InFile<'_>) -> T,
) -> T {
    let parsed = parse(source, findings);
    let mut found = Vec::new();
    let mut file = InFile {
        source,
        broken: !parsed.broken_lines.is_empty(),
        findings: &mut found,
    };
    let value = check(Table::root(parsed.items), &mut file);
    let follows = |f: &Finding| {
        f.place
            .is_some_and(|p| parsed.broken_lines.contains(&p.line))
    };
    found.retain(|finding| !follows(finding));
    // Findings may repeat words of the file; a stranger's file that is no TOML gives none.
    if source.shown.is_empty() && !parsed.broken_lines.is_empty() {
        found.clear();
    }
    findings.append(&mut found);
    value
}
