//! Plays a transcript and compares what is printed with what it says.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::desk::Desk;
use super::steady;

/// Set to `write`, the files are written anew.
const VARIABLE: &str = "TRANSCRIPTS";

/// Every transcript.
pub fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(Desk::cases().join("sessions")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no transcripts");
    files
}

/// Plays one; the error shows where it went another way.
pub fn check(path: &Path) -> Result<(), String> {
    let said = fs::read_to_string(path).unwrap();
    let printed = play(&said);
    if std::env::var(VARIABLE).is_ok_and(|value| value == "write") {
        fs::write(path, printed).unwrap();
        return Ok(());
    }
    let mut pairs = said.lines().zip(printed.lines()).enumerate();
    let differing = pairs.find(|(_, (said, printed))| said != printed);
    let line = match differing {
        Some((n, _)) => n,
        None if said.lines().count() == printed.lines().count() => return Ok(()),
        None => said.lines().count().min(printed.lines().count()),
    };
    let from = |text: &str| {
        text.lines()
            .skip(line)
            .take(8)
            .collect::<Vec<_>>()
            .join("\n")
    };
    Err(format!(
        "{}, line {}: expected\n{}\n-- printed\n{}\n",
        path.display(),
        line + 1,
        from(&said),
        from(&printed)
    ))
}

/// The transcript with what its commands print now.
fn play(said: &str) -> String {
    let mut desk = Desk::new();
    let mut out = String::new();
    for line in said.lines() {
        if line.starts_with('#') || line.is_empty() {
            // Blank lines and comments between commands; those in an output are indented.
            let _ = writeln!(out, "{line}");
        } else if let Some(command) = line.strip_prefix("$ ") {
            let _ = writeln!(out, "{line}");
            out.push_str(&run(&mut desk, command));
        }
    }
    out
}

fn run(desk: &mut Desk, command: &str) -> String {
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    let printed = if verb == "triaged" {
        let typed = steady::command(rest, &desk.references());
        let cases = format!("{}/", Desk::cases().display());
        let place = |word: &str| match word.strip_prefix("/cases/") {
            Some(rest) => format!("{cases}{rest}"),
            None => word.to_owned(),
        };
        let words: Vec<String> = typed.split_whitespace().map(place).collect();
        let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = desk.triaged(&arguments);
        let mut printed = String::from_utf8(output.stdout).unwrap();
        printed.push_str(&String::from_utf8(output.stderr).unwrap());
        match output.status.code() {
            Some(0) => {}
            Some(code) => {
                let _ = writeln!(printed, "[exit {code}]");
            }
            None => panic!("`{command}` was killed: {}", output.status),
        }
        printed
    } else {
        desk.act(verb, rest)
    };
    let printed = steady::output(&printed, desk.path(), &desk.references());
    // Indented, so that no output can be taken for a command, a comment or a gap.
    let mut out = String::new();
    for line in printed.lines() {
        let line = if line.is_empty() { "." } else { line };
        let _ = writeln!(out, "  {line}");
    }
    out
}
