//! Messages that would go elsewhere, for people and as JSON; shared by `diff` and `replay`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::print::{Paint, Style, counted, one_line};
use crate::triage::shift::{Destination, Example, Gravity, Shifts};

/// Most groups shown to people.
const GROUPS_MAX: usize = 100;

/// The groups, dangerous ones first and loud, then a line with all counts.
pub fn page(shifts: &Shifts, paint: Paint) -> String {
    let mut out = String::new();
    let groups = shifts.groups();
    for (gravity, from, to, group) in groups.iter().take(GROUPS_MAX) {
        let count = usize::try_from(group.count).unwrap_or(usize::MAX);
        let count = counted(count, "message", "messages");
        let way = format!(
            "{} → {}",
            one_line(&from.name, 120),
            one_line(&to.name, 120)
        );
        // Writing to a string cannot fail.
        let _ = match gravity {
            Gravity::Plain => writeln!(out, "{count}: {}", paint.paint(Style::Strong, &way)),
            Gravity::SentOut => {
                let loud = paint.paint(Style::Bad, "DANGEROUS: sent out:");
                writeln!(out, "{loud} {count}: {way}")
            }
            Gravity::OtherPublisher => {
                let loud = paint.paint(Style::Bad, "DANGEROUS: to another publisher:");
                writeln!(out, "{loud} {count}: {way}")
            }
        };
        for example in &group.examples {
            let _ = writeln!(out, "  {}", line(example));
        }
        if group.count > group.examples.len() as u64 {
            out.push_str("  …\n");
        }
    }
    if groups.len() > GROUPS_MAX {
        let _ = writeln!(
            out,
            "… and {} more ways, see `--json`",
            groups.len() - GROUPS_MAX
        );
    }
    if !groups.is_empty() {
        out.push('\n');
    }
    let seen = usize::try_from(shifts.seen).unwrap_or(usize::MAX);
    let _ = write!(out, "{}: ", counted(seen, "message", "messages"));
    let _ = match (shifts.changed, shifts.dangerous()) {
        (0, _) => write!(out, "none goes elsewhere"),
        (changed, 0) => write!(out, "{changed} would go elsewhere"),
        (changed, dangerous) => {
            let loud = paint.paint(Style::Bad, &format!("{dangerous} of them DANGEROUS"));
            write!(out, "{changed} would go elsewhere, {loud}")
        }
    };
    out
}

fn line(example: &Example) -> String {
    format!(
        "{}: {}: {}",
        one_line(&example.name, 160),
        one_line(&example.subject, 80),
        one_line(&example.reason, 160)
    )
}

/// One message that goes elsewhere.
pub fn message(gravity: Gravity, from: &Destination, to: &Destination, example: &Example) -> Value {
    json!({
        "message": example.name,
        "subject": example.subject,
        "from": from.name,
        "to": to.name,
        "gravity": gravity.as_str(),
        "reason": example.reason,
    })
}

/// The last object: all counts.
pub fn summary(shifts: &Shifts) -> Value {
    let groups: Vec<Value> = shifts
        .groups()
        .iter()
        .map(|(gravity, from, to, group)| {
            json!({
                "from": from.name, "to": to.name,
                "gravity": gravity.as_str(), "count": group.count,
            })
        })
        .collect();
    json!({ "summary": {
        "messages": shifts.seen,
        "elsewhere": shifts.changed,
        "dangerous": shifts.dangerous(),
        "groups": groups,
    }})
}
