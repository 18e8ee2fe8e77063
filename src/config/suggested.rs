//! Proposed rules as they would be written: the lines of a rule file, and where it would lie.
//!
//! Writes nothing. Invariant: what is given here loads when it is appended to that file.

use std::fmt::Write as _;

use serde_json::Value;

use crate::triage::suggest::Proposed;

/// The file that proposed rules are for, below the configuration directory.
pub const FILE: &str = "rules/suggested.toml";

/// One rule, with what speaks for each keyword beside it. `source` tells people where it is from.
pub fn rule_text(proposed: &Proposed<'_>, source: &str) -> String {
    let draft = &proposed.draft;
    let category = draft.category.as_ref().map_or("", |id| id.as_str());
    let mut out = String::from("[[rule]]\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "id = {}", quoted(draft.id.as_str()));
    let _ = writeln!(out, "category = {}", quoted(category));
    let _ = writeln!(out, "weight = {:?}", draft.weight);
    let _ = writeln!(out, "note = {}", quoted(source));
    out.push_str("any = [\n");
    for word in &proposed.words {
        let counts = word.counts;
        let _ = writeln!(
            out,
            "    {},  # {} of {} messages with it, {} senders",
            quoted(&word.keyword),
            counts.of_category,
            counts.messages,
            counts.senders
        );
    }
    out.push_str("]\n");
    out
}

/// A TOML basic string; JSON's escapes are among those of TOML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
