//! What differs from run to run, in a form of the same width that does not: the ticket of message
//! `07-…` is `T-00000007`, every moment is `2026-01-01 00:00:00`, every digest is zeros.

use std::collections::HashMap;
use std::path::Path;

use regex::{Captures, Regex};

use super::desk::Desk;

/// References and whole identifiers, by the number of the message.
pub type References = HashMap<String, (String, String)>;

/// Output as it stands in a transcript.
pub fn output(text: &str, desk: &Path, references: &References) -> String {
    let mut text = text.to_owned();
    for (number, (reference, id)) in references {
        text = text.replace(reference, &format!("T-{number:0>8}"));
        text = text.replace(id.as_str(), &format!("{number:0>26}"));
    }
    text = text.replace(&Desk::cases().display().to_string(), "/cases");
    let here = desk.display().to_string();
    if text.contains(&here) {
        // The length of the path moves the columns beside it.
        text = text.replace(&here, "/desk");
        text = replaced(&text, r"(\S) {2,}", "$1  ");
    }
    let time = r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(?:\.\d+)?";
    text = replaced(&text, time, "2026-01-01${1}00:00:00");
    // The numbers of events: sending and filing go on side by side.
    text = hashed(&text, r"(?m)^( *)(\d+)( +2026-01-01)");
    text = hashed(&text, r"(00:00:00)( +\d+)(  )");
    text = replaced(&text, r"set-aside-\d+", "set-aside-TIME");
    // Tickets of a ledger that was lost.
    text = replaced(&text, r"\[T-[A-Z2-7]{8}\]", "[T-OTHER]");
    // Names of forwards, digests and their short forms.
    text = replaced(&text, r"/outbox/new/[^`\s]+", "/outbox/new/NAME");
    // The instance's key is drawn anew each time.
    text = replaced(&text, r"<triaged\.[a-z2-7]+\.[a-z2-7]+@", "<triaged.ID@");
    text = replaced(&text, r"\b[0-9a-f]{64}\b", "0000");
    replaced(&text, r"\b[0-9a-f]{12}\b", "000000000000")
}

/// A command of a transcript with the references of this run.
pub fn command(text: &str, references: &References) -> String {
    let reference = Regex::new(r"\bT-0{4,6}(\d+)\b").unwrap();
    let real = |found: &Captures<'_>| match references.get(&found[1]) {
        Some((reference, _)) => reference.clone(),
        None => found[0].to_owned(),
    };
    reference.replace_all(text, real).into_owned()
}

fn replaced(text: &str, pattern: &str, by: &str) -> String {
    let pattern = Regex::new(pattern).unwrap();
    pattern.replace_all(text, by).into_owned()
}

/// The second group replaced by `#`, as wide as it was.
fn hashed(text: &str, pattern: &str) -> String {
    let pattern = Regex::new(pattern).unwrap();
    let by =
        |found: &Captures<'_>| format!("{}{:>3$}{}", &found[1], "#", &found[3], found[2].len());
    pattern.replace_all(text, by).into_owned()
}
