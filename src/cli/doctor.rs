//! `triaged doctor`: the steps of an examination, as they end.

use serde_json::json;

use super::args::DoctorArgs;
use super::failure::{Failure, FailureKind};
use super::print::{self, Paint, Style, one_line, say};
use crate::config::Config;
use crate::doctor::{self, Step, Verdict};

/// Longest text of a server that is shown.
const CHARS_MAX: usize = 500;

/// Examines everything; fails when a step did.
pub async fn doctor(config: &Config, args: &DoctorArgs) -> Result<(), Failure> {
    let paint = Paint::stdout();
    let mut part = String::new();
    let mut tell = |step: &Step| {
        if args.json {
            let line = json!({
                "part": step.part,
                "step": step.name,
                "verdict": step.verdict.as_str(),
                "found": step.found,
                "remedy": step.remedy,
            });
            say!("{}", print::json(&line.to_string()));
            return;
        }
        if part != step.part {
            say!("{}", paint.paint(Style::Strong, &step.part));
            part.clone_from(&step.part);
        }
        let (mark, style) = match step.verdict {
            Verdict::Good => ("✓", Style::Good),
            Verdict::Odd => ("!", Style::Warn),
            Verdict::Failed => ("✗", Style::Bad),
            Verdict::LeftOut => ("–", Style::Faint),
        };
        let found = one_line(&step.found, CHARS_MAX);
        say!("  {} {:<10}  {found}", paint.paint(style, mark), step.name);
        if let Some(remedy) = &step.remedy {
            say!("    {:<10}  → {}", "", one_line(remedy, CHARS_MAX));
        }
    };
    if doctor::examine(config, &mut tell).await {
        Ok(())
    } else {
        Err(Failure::shown(FailureKind::Failed))
    }
}
