//! Examines a configuration before it decides: in a process of its own first.
//!
//! Running all cases compiles nearly every expression and fills its tables. In a process of its own
//! that memory is gone with it, and an edit that brings the process down brings down only that one.
//! What is not plainly good there is examined once more here, where each finding can be told.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use tokio::process::Command;
use tokio::time::timeout;

use crate::config::{self, Examined};
use crate::triage::case::Report;

/// Longest time that the other process may take.
const APART_MAX: Duration = Duration::from_mins(2);

/// The configuration in `directory`, and what speaks against it.
///
/// # Errors
/// When the examination broke down.
pub async fn examine(directory: PathBuf) -> Result<Examined, tokio::task::JoinError> {
    let here = directory.clone();
    let loaded = tokio::task::spawn_blocking(move || config::load(&here)).await?;
    if let Ok(config) = loaded
        && (has_no_cases(&directory) || is_good_apart(&directory).await)
        // What was examined is what was read, if nobody has edited it meanwhile.
        && config::digest(&directory) == config.digest
    {
        return Ok(Examined {
            config: Some(config),
            findings: Vec::new(),
            report: Report::default(),
        });
    }
    tokio::task::spawn_blocking(move || config::examine(&directory, Timestamp::now())).await
}

/// Whether there is nothing that could speak against what could be read.
fn has_no_cases(directory: &Path) -> bool {
    config::case_files(directory).is_ok_and(|files| files.is_empty())
}

/// Whether `triaged check` finds nothing to say about it but notes.
async fn is_good_apart(directory: &Path) -> bool {
    let Ok(program) = std::env::current_exe() else {
        return false;
    };
    let check = Command::new(program)
        .arg("--config")
        .arg(directory)
        .arg("check")
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    matches!(timeout(APART_MAX, check).await, Ok(Ok(status)) if status.success())
}
