//! The cases beside the rules: `cases/*.toml` of a configuration directory, or files by name.
//!
//! They are no part of a [`super::Config`]: what they expect is asked in [`super::examine()`]. What
//! names a category, product or rule is held against the policy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::cases;
use super::file::source::Source;
use super::file::table::{InFile, Table};
use super::findings::{self, Finding, Severity};
use super::read::{in_file, toml_files};
use crate::triage::Policy;
use crate::triage::case::Case;

/// The directory of case files within a configuration directory.
const CASES: &str = "cases";

/// Most case files.
const FILES_MAX: usize = 500;

/// The case files of a configuration directory, in order of their names; none when there is no
/// such directory.
pub fn case_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let cases = directory.join(CASES);
    if cases.is_dir() {
        toml_files(&cases)
    } else {
        Ok(Vec::new())
    }
}

/// Reads all cases of `files`, in their order.
///
/// # Errors
/// All findings, when at least one is an error.
pub fn load_cases(files: &[PathBuf], policy: &Policy) -> Result<Vec<Case>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut names = Vec::new();
    let all = read_cases(files, policy, &mut names, &mut findings);
    findings::tidy(&mut findings, &names);
    if findings::any_error(&findings) {
        Err(findings)
    } else {
        Ok(all)
    }
}

/// The same with everything that is wrong in `findings`, and the files that were looked for in
/// `names`.
pub(super) fn read_cases(
    files: &[PathBuf],
    policy: &Policy,
    names: &mut Vec<String>,
    findings: &mut Vec<Finding>,
) -> Vec<Case> {
    let mut all = Vec::new();
    if files.len() > FILES_MAX {
        let message = format!(
            "there are {} case files; at most {FILES_MAX} are read",
            files.len()
        );
        let first = files.first().map(|f| f.display().to_string());
        findings.push(Finding::of_file(
            Severity::Error,
            first.unwrap_or_default(),
            message,
        ));
    }
    for path in files.iter().take(FILES_MAX) {
        let shown = path.display().to_string();
        names.push(shown.clone());
        let directory = path.parent().unwrap_or(Path::new("."));
        match Source::read(path, shown.clone(), None) {
            Ok((source, _)) => {
                let read = |root: Table<'_>, file: &mut InFile<'_>| {
                    cases::cases(root, directory, policy, file)
                };
                all.extend(in_file(&Arc::new(source), findings, read));
            }
            Err(error) => {
                findings.push(Finding::of_file(Severity::Error, shown, error.to_string()));
            }
        }
    }
    all
}
