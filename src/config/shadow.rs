//! A second set of rules that decides beside the live one and acts on nothing.
//!
//! It is read like the live one, under the same `triaged.toml`. What is wrong with it is told, and
//! leaves the live set without a shadow; it never stops it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::file::source::Source;
use super::findings::{Finding, Severity, any_error};
use super::load::{Config, read_set};
use super::read::Files;
use crate::rules::lint::Lint;

/// Reads the shadow in `directory` and puts it beside the rules of `config`. `main` is
/// `triaged.toml`, which names it `at` this place.
pub(super) fn cast(
    directory: &Path,
    live: &Files,
    config: &mut Config,
    main: &Arc<Source>,
    at: &Range<usize>,
    findings: &mut Vec<Finding>,
) {
    let mut found = Vec::new();
    if directory.is_dir() {
        let files = live.read_shadow(directory, &mut found);
        let written = read_set(&config.directory, &files, true, &mut found);
        // What is said of `triaged.toml` has been said of the live set.
        found.retain(|finding| finding.file != main.name);
        if let Some(written) = written.filter(|_| !any_error(&found))
            && let Some(policy) = Arc::get_mut(&mut config.policy)
        {
            policy.shadow = Some(written.config.policy);
        }
    } else {
        let message = "there is no such directory";
        let name = directory.display().to_string();
        found.push(Finding::of_file(Severity::Error, name, message));
    }
    if any_error(&found) {
        let message = "the shadow is not run: it has faults";
        let finding = Finding::at(Severity::Warning, main, at, message);
        findings
            .push_mut(finding)
            .lint(Lint::BrokenShadow)
            .key("edits.shadow")
            .note("the rules in force decide as ever")
            .help("mend what is said of its files, or take `shadow` out");
    }
    for mut finding in found {
        finding.severity = finding.severity.max(Severity::Warning);
        findings.push(finding);
    }
}
