//! The table of faults, `TABLE.md` beside this file: each row of the list, what is done, what must
//! be seen, and which tests hold it, or why this kind of machine cannot run it. Kept like a golden
//! file: `TABLE=write cargo test --test it faults::table` writes it anew from
//! `tests/cases/faults/rows.toml` and, for the sweeps, from the figures of a run by hand in
//! `seen.toml` beside that.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Rows of the list of faults.
const ROWS: u32 = 70;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// First and, for several in one, last row.
    rows: (u32, u32),
    fault: String,
    /// What must be seen beside the oracle.
    #[serde(default)]
    seen: String,
    /// `file: test function`.
    #[serde(default)]
    tests: Vec<String>,
    /// Why it cannot be run.
    #[serde(default)]
    not: String,
}

/// What sweeps saw: see `sweep.rs`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    row: u32,
    runs: usize,
    struck: usize,
    mails: usize,
    repeats: usize,
    uncertain: usize,
}

#[derive(Deserialize)]
struct Rows {
    row: Vec<Row>,
}

#[derive(Deserialize, Default)]
struct Figures {
    #[serde(default)]
    seen: Vec<Seen>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("tests/cases/faults/rows.toml")).unwrap();
    toml::from_str::<Rows>(&text).unwrap().row
}

/// The figures of each row, those of several lines added up.
fn figures() -> BTreeMap<u32, Seen> {
    let text = fs::read_to_string(root().join("tests/cases/faults/seen.toml")).unwrap();
    let mut sums: BTreeMap<u32, Seen> = BTreeMap::new();
    for one in toml::from_str::<Figures>(&text).unwrap().seen {
        let sum = sums.entry(one.row).or_default();
        sum.runs += one.runs;
        sum.struck += one.struck;
        sum.mails += one.mails;
        sum.repeats += one.repeats;
        sum.uncertain += one.uncertain;
    }
    sums
}

fn is_there(test: &str) -> bool {
    let (file, name) = test.split_once(": ").expect("`file: name`");
    let path = root().join(file);
    if path.is_dir() {
        return path.join(name).exists();
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
    text.contains(&format!("fn {name}("))
}

fn table() -> String {
    let mut out = String::from(
        "# The faults, and what was seen\n\n\
         Written by `tests/it/faults/table.rs`. After every row the oracle looks at every message: \
         each lies in its source or its folder, once when nothing is left to do; what is technical \
         reached the right contact, once unless an attempt is recorded as uncertain; repeats have \
         the same Message-ID and enclose the same bytes; nothing else was sent; the audit log \
         verifies.\n\n",
    );
    out.push_str("| row | fault | seen | held by |\n|---|---|---|---|\n");
    for row in rows() {
        let (first, last) = row.rows;
        let number = if first == last {
            first.to_string()
        } else {
            format!("{first}–{last}")
        };
        let held = if row.tests.is_empty() {
            format!("not run: {}", row.not)
        } else {
            let names = row.tests.iter().map(|test| {
                let (file, name) = test.split_once(": ").unwrap_or_default();
                let file = Path::new(file)
                    .strip_prefix("tests/it")
                    .unwrap_or(Path::new(file));
                format!("`{}` {}", file.display(), name.replace('_', " "))
            });
            names.collect::<Vec<_>>().join("; ")
        };
        let _ = writeln!(out, "| {number} | {} | {} | {held} |", row.fault, row.seen);
    }
    out.push_str(
        "\n## The sweeps\n\nFigures of runs by hand. A run is the whole job on a mailbox of its own. \
         Lost: no message, in no run. Every message that was sent twice has an attempt that the \
         audit log records as uncertain; the tests fail otherwise.\n\n\
         | row | runs | fault struck | mails | lost | attempts in doubt | sent twice | of these unexplained |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (row, seen) in figures() {
        let Seen {
            runs,
            struck,
            mails,
            repeats,
            uncertain,
            ..
        } = seen;
        let _ = writeln!(
            out,
            "| {row} | {runs} | {struck} | {mails} | 0 | {uncertain} | {repeats} | 0 |"
        );
    }
    out
}

#[test]
fn the_table_says_what_is_tested() {
    let mut held = vec![false; ROWS as usize + 1];
    for row in rows() {
        let (first, last) = row.rows;
        assert!(
            row.tests.is_empty() != row.not.is_empty(),
            "row {first} has tests, or a reason why it has none"
        );
        assert!(
            row.tests.is_empty() == row.seen.is_empty(),
            "row {first}: what was seen?"
        );
        for test in &row.tests {
            assert!(is_there(test), "row {first}: there is no `{test}`");
        }
        for number in first..=last {
            held[number as usize] = true;
        }
    }
    let missing: Vec<u32> = (1..=ROWS).filter(|row| !held[*row as usize]).collect();
    assert!(missing.is_empty(), "nobody holds {missing:?}");
    let path = root().join("tests/it/faults/TABLE.md");
    if std::env::var_os("TABLE").is_some_and(|value| value == "write") {
        fs::write(&path, table()).unwrap();
    }
    let written = fs::read_to_string(path).unwrap();
    assert!(
        written == table(),
        "the table is old: write it with TABLE=write"
    );
}
