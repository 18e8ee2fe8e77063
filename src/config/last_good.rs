//! The last rules and products that decided about mail, kept beside the ledger.
//!
//! One file, replaced as a whole, so that it is never half of one set and half of another. It is
//! read only at a start with a faulty edit, and only where `edits.at-start` says so: whoever
//! restarts a host at night did not make the edit, and cannot mend it.
//!
//! Kept is what stands in `rules/` and `registry/`. `triaged.toml` is never taken from here: an
//! old allow-list or an old server is not what the operator means.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::source::Source;
use super::findings::{self, Finding, Severity};
use super::load::{Config, read_files};
use super::read::{Files, REGISTRY};
use crate::system::fs;

/// Its name in the state directory.
pub const NAME: &str = "last-good.json";

/// The files by their names within the configuration directory.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    files: BTreeMap<String, String>,
}

/// Keeps rules and products of `config` in its state directory as the last good ones; nothing is
/// written when they are kept already, or come from there.
///
/// # Errors
/// When they cannot be written.
pub fn keep(config: &Config) -> io::Result<()> {
    if config.stands_in.is_some() {
        return Ok(());
    }
    let kept = Kept {
        files: config
            .sources
            .iter()
            .map(|source| {
                let path = Path::new(&source.name);
                let name = path.strip_prefix(&config.directory).unwrap_or(path);
                (name.display().to_string(), source.text.clone())
            })
            .collect(),
    };
    let text = serde_json::to_vec(&kept)?;
    let path = config.state_dir.join(NAME);
    if std::fs::read(&path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::replace(&path, &text)
}

/// The configuration in `directory` with the rules and products that are kept in `state_dir`.
///
/// # Errors
/// All findings, when nothing is kept, or what is kept does not fit `triaged.toml` any more.
pub fn load_last_good(directory: &Path, state_dir: &Path) -> Result<Config, Vec<Finding>> {
    let path = state_dir.join(NAME);
    let shown = path.display().to_string();
    let fault = |message: String| vec![Finding::of_file(Severity::Error, shown.clone(), message)];
    let bytes = std::fs::read(&path)
        .map_err(|error| fault(format!("no last good rules can be read: {error}")))?;
    let kept: Kept = serde_json::from_slice(&bytes)
        .map_err(|error| fault(format!("the last good rules cannot be read: {error}")))?;
    let (registry, rules): (Vec<_>, Vec<_>) = kept
        .files
        .into_iter()
        .partition(|(name, _)| Path::new(name).starts_with(REGISTRY));
    let source = |(name, text): (String, String)| Source::of_text(format!("{shown}: {name}"), text);
    let mut found = Vec::new();
    let files = Files::read_main(
        directory,
        rules.into_iter().map(source).collect(),
        registry.into_iter().map(source).collect(),
        &mut found,
    );
    let config = read_files(directory, &files, &mut found);
    findings::tidy(&mut found, &files.names);
    match config {
        Some(written) if !findings::any_error(&found) => Ok(written.config),
        _ => Err(found),
    }
}
