//! Conditions, order and `stop` of rules through the whole decision: `tests/cases/conditions.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use triaged::config::load;
use triaged::domain::decision::Action;
use triaged::mail::Message;
use triaged::triage::decide;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: String,
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    name: String,
    mail: String,
    /// A category; `technical` is what is forwarded.
    expect: String,
    priority: Option<String>,
    /// A part of the reason.
    because: Option<String>,
    #[serde(default)]
    left_out: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped configuration with `rules` beside its own.
fn lay_out(rules: &str, into: &Path) {
    let from = root().join("config");
    for part in ["rules", "registry"] {
        std::fs::create_dir(into.join(part)).expect("a directory");
        for entry in std::fs::read_dir(from.join(part)).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name");
            std::fs::copy(&path, into.join(part).join(name)).expect("a copy");
        }
    }
    std::fs::write(into.join("rules/00-conditions.toml"), rules).expect("written");
    let main = std::fs::read_to_string(from.join("triaged.toml")).expect("the file");
    let zone = "#time-zone = \"UTC\"";
    assert!(main.contains(zone), "`time-zone` is not where it was");
    let main = main.replace(zone, "time-zone = \"Europe/Stockholm\"");
    let main = main.replace("[decision]\n", "[decision]\nforward-threshold = 2.0\n");
    std::fs::write(into.join("triaged.toml"), main).expect("written");
}

#[test]
fn rules_apply_where_their_conditions_hold() {
    let text = std::fs::read_to_string(root().join("tests/cases/conditions.toml")).expect("cases");
    let file: File = toml::from_str(&text).expect("cases in TOML");
    let directory = tempfile::tempdir().expect("a directory");
    lay_out(&file.rules, directory.path());
    let config = load(directory.path()).unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(file.case.len() > 8);
    for case in file.case {
        let name = &case.name;
        let mut mail = case.mail.trim_start().to_owned();
        if !mail.starts_with("From:") {
            mail.insert_str(0, "From: Kim <kim@else.example>\n");
        }
        let message = Message::parse(mail.as_bytes()).expect("a message");
        let reading = decide(&message, &config.policy, None);
        let decision = reading.decision;
        let told = match decision.action {
            Action::Forward => "technical".to_owned(),
            _ => decision.category.map(|c| c.to_string()).unwrap_or_default(),
        };
        let reason = decision.reason.to_string();
        assert_eq!(told, case.expect, "{name}: {reason} {:?}", decision.scores);
        if let Some(priority) = &case.priority {
            assert_eq!(decision.priority.as_str(), priority, "{name}");
        }
        if let Some(because) = &case.because {
            assert!(reason.contains(because.as_str()), "{name}: {reason}");
        }
        let verdict = reading.verdict.expect("a verdict");
        let mut left_out: Vec<String> = verdict
            .unapplied
            .iter()
            .filter(|rule| rule.rule.as_str().starts_with("c-"))
            .map(|rule| format!("{}: {}", rule.rule, rule.why))
            .collect();
        left_out.sort();
        let mut expected = case.left_out.clone();
        expected.sort();
        assert_eq!(left_out, expected, "{name}");
    }
}
