//! What a reader relies on, kept by a test: layers import downwards only, every file says what
//! it is for and stays one idea long, nothing unfinished is left lying about.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module; a module may import its own floor's modules only where
/// [`SAME_FLOOR`] says so, and lower floors always.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("system", 1),
    ("rules", 1),
    ("mail", 1),
    ("registry", 1),
    ("triage", 1),
    ("config", 2),
    ("mailbox", 3),
    ("delivery", 3),
    ("audit", 3),
    ("oauth", 3),
    ("ledger", 3),
    ("pipeline", 4),
    ("console", 5),
    ("doctor", 5),
    ("daemon", 6),
    ("cli", 7),
];

/// The one-way ties between modules of one floor.
const SAME_FLOOR: &[(&str, &str)] = &[
    ("registry", "rules"),
    ("mail", "rules"),
    ("triage", "rules"),
    ("triage", "mail"),
    ("triage", "registry"),
    ("ledger", "audit"),
    ("mailbox", "oauth"),
    ("delivery", "oauth"),
];

/// Crates that the pure floors must not touch: no I/O, no clock, no async below configuration.
const IMPURE: &[&str] = &[
    "tokio",
    "sqlx",
    "async_imap",
    "lettre",
    "tracing",
    "std::fs",
    "std::net",
];

const LINES_MAX: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(directory: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of sources") {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Every source file below `directory`, with its path from the project's root.
fn sources(directory: &str) -> BTreeMap<String, String> {
    let mut files = Vec::new();
    rust_files(&root().join(directory), &mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(root())
                .expect("below the root")
                .display()
                .to_string();
            (name, fs::read_to_string(&path).expect("a readable source"))
        })
        .collect()
}

fn module_of(name: &str) -> &str {
    let inside = name.strip_prefix("src/").unwrap_or(name);
    inside.split(['/', '.']).next().unwrap_or_default()
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, floor)| *floor)
}

/// The top-level modules that a source names by `crate::module`.
fn imports(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found: Vec<String> = code
        .match_indices("crate::")
        .map(|(at, word)| {
            code[at + word.len()..]
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn modules_import_lower_floors_only() {
    let mut faults = Vec::new();
    for (name, text) in sources("src") {
        let module = module_of(&name).to_owned();
        let Some(own) = floor_of(&module) else {
            continue;
        };
        for import in imports(&text) {
            let Some(floor) = floor_of(&import) else {
                continue;
            };
            let level = import == module
                || SAME_FLOOR.contains(&(module.as_str(), import.as_str()))
                || (import == "system" && floor == own);
            if floor > own || (floor == own && !level) {
                faults.push(format!(
                    "{name} (floor {own}) imports `{import}` (floor {floor})"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_has_a_floor() {
    let known: Vec<_> = FLOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for name in sources("src").keys() {
        let module = module_of(name).to_owned();
        assert!(
            known.contains(&module) || ["build", "lib", "main"].contains(&module.as_str()),
            "`{module}` stands on no floor: name it in FLOORS"
        );
    }
}

#[test]
fn the_pure_floors_touch_nothing_outside() {
    let mut faults = Vec::new();
    for (name, text) in sources("src") {
        let pure = ["domain", "rules", "mail", "registry", "triage"].contains(&module_of(&name));
        // Tests read their cases.
        if !pure || name.ends_with("/tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in IMPURE {
            let named = |l: &str| {
                !l.trim_start().starts_with("//")
                    && (l.contains(&format!("{word}::")) || l.contains(&format!("use {word}")))
            };
            if code.lines().any(named) {
                faults.push(format!("{name} uses `{word}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_stays_one_idea_long() {
    let mut faults = Vec::new();
    for (name, text) in sources("src").into_iter().chain(sources("tests")) {
        if !text.starts_with("//!") {
            faults.push(format!("{name} does not open with `//!`"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{name} has {lines} lines, more than {LINES_MAX}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_unfinished_is_left() {
    // Written in two pieces, so that this file does not find itself.
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["todo", "!("],
        ["dbg", "!("],
        ["#[ig", "nore"],
    ];
    let mut faults = Vec::new();
    for (name, text) in sources("src").into_iter().chain(sources("tests")) {
        for mark in marks {
            if text.contains(&mark.concat()) {
                faults.push(format!("{name} holds `{}`", mark.concat()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
