//! The audit log for other programs: JSON lines as they are, or rows of comma-separated values.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, whoever wrote the
//! subject it came from; such cells get an apostrophe in front.

use serde_json::{Map, Value};

use super::escape::canonical;

use super::chain::Link;

/// The columns that have a name of their own; everything else of an entry is in `detail`.
const COLUMNS: [&str; 12] = [
    "seq",
    "at",
    "actor",
    "mailbox",
    "ticket",
    "event",
    "category",
    "product",
    "action",
    "recipient",
    "folder",
    "reply",
];

/// Members of a line that no row repeats.
const LEFT_OUT: [&str; 2] = ["prev", "hash"];

/// The text is no audit line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no audit line: `{}`", .0.escape_debug())]
pub struct NoLine(String);

/// The first row: the names of the columns, with its line end (RFC 4180).
pub fn csv_names() -> String {
    let mut row = COLUMNS.join(",");
    row.push_str(",detail\r\n");
    row
}

/// One line of the log as a row, with its line end.
///
/// # Errors
/// [`NoLine`] when it is not one.
pub fn csv_row(line: &str) -> Result<String, NoLine> {
    let bad = || NoLine(line.chars().take(80).collect());
    Link::read(line).ok_or_else(bad)?;
    let mut members: Map<String, Value> = serde_json::from_str(line).map_err(|_| bad())?;
    for name in LEFT_OUT {
        members.remove(name);
    }
    let mut row = String::with_capacity(line.len());
    for name in COLUMNS {
        match members.remove(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => cell(&mut row, &text),
            // The product with the place where it was found: the row has its name only.
            Some(Value::Object(hit)) if name == "product" => {
                cell(
                    &mut row,
                    hit.get(name).and_then(Value::as_str).unwrap_or_default(),
                );
            }
            Some(Value::Object(actor)) if name == "actor" => {
                cell(
                    &mut row,
                    actor
                        .get("person")
                        .and_then(Value::as_str)
                        .unwrap_or_default(),
                );
            }
            Some(other) => cell(&mut row, &other.to_string()),
        }
        row.push(',');
    }
    if !members.is_empty() {
        // As in the line itself: a subject in it must not steer the terminal it is read on.
        let detail = canonical(&members).map_err(|_| bad())?;
        cell(&mut row, &detail);
    }
    row.push_str("\r\n");
    Ok(row)
}

fn cell(row: &mut String, text: &str) {
    let armed = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !armed && !text.contains([',', '"', '\r', '\n']) {
        row.push_str(text);
        return;
    }
    row.push('"');
    if armed {
        row.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            row.push('"');
        }
        row.push(c);
    }
    row.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::lines;

    #[test]
    fn a_line_becomes_a_row() {
        let row = csv_row(&lines(1)[0]).unwrap();
        assert_eq!(
            row,
            "1,2026-02-25T06:13:21Z,triaged,support,aeaqcaibaeaqcaibaeaqcaibae,seen,,,,,,,\
             \"{\"\"locator\"\":{\"\"generation\"\":9,\"\"item\"\":\"\"1\"\"},\"\"size\"\":100}\"\r\n"
        );
        assert_eq!(csv_names().matches(',').count(), COLUMNS.len());
        assert!(csv_row("{}").is_err());
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, wanted) in [
            (
                "=HYPERLINK(\"http://x.example\")",
                "\"'=HYPERLINK(\"\"http://x.example\"\")\"",
            ),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@x", "\"'@x\""),
            ("\t=1", "\"'\t=1\""),
            ("a, b", "\"a, b\""),
            ("plain", "plain"),
        ] {
            let mut row = String::new();
            cell(&mut row, text);
            assert_eq!(row, wanted);
        }
    }
}
