//! The command line as an operator meets it: whole sessions at a prompt, kept as files.
//!
//! Each file under `tests/cases/cli/sessions/` is a transcript: a line that begins with `$ ` is
//! run, the lines below it are all that it printed. What differs from run to run (references,
//! times, digests, paths) is written in a fixed form, see [`steady`]. After a wanted change of the
//! output, `TRANSCRIPTS=write cargo test --test it cli::` writes the files anew: read the
//! difference before it is kept.

mod desk;
mod init;
mod reload;
mod retention;
mod steady;
mod transcript;

use std::collections::BTreeSet;

use self::desk::Desk;

#[test]
fn sessions_print_what_their_files_say() {
    let faults: Vec<String> = transcript::files()
        .iter()
        .filter_map(|path| transcript::check(path).err())
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn explain_json_keeps_its_contract() {
    const KEYS: [&str; 16] = [
        "file",
        "kind",
        "category",
        "owner",
        "product",
        "priority",
        "action",
        "destination",
        "confidence",
        "runner_up",
        "subject",
        "from",
        "text",
        "evidence",
        "scores",
        "rules_digest",
    ];
    const EVIDENCE: [&str; 6] = ["rule", "zone", "keyword", "text", "span", "weight"];
    let desk = Desk::new();
    let mail = Desk::mail().display().to_string();
    let output = desk.triaged(&["explain", "--json", &mail]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut actions, mut hits) = (BTreeSet::new(), 0);
    for line in text.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in KEYS {
            assert!(object.get(key).is_some(), "`{key}` is missing in {line}");
        }
        actions.insert(object["action"].as_str().unwrap().to_owned());
        let seen = object["text"].as_str().unwrap();
        for evidence in object["evidence"].as_array().unwrap() {
            for key in EVIDENCE {
                assert!(evidence.get(key).is_some(), "`{key}` is missing in {line}");
            }
            if evidence["zone"] == "body" {
                let end =
                    |n: usize| usize::try_from(evidence["span"][n].as_u64().unwrap()).unwrap();
                assert_eq!(evidence["text"], seen[end(0)..end(1)], "{line}");
                hits += 1;
            }
        }
    }
    let wanted = ["forward", "ignore", "keep", "review"].map(str::to_owned);
    assert_eq!(actions, BTreeSet::from(wanted));
    assert!(hits > 0, "no hit in any text");
}

#[test]
fn the_start_of_two_references_names_both() {
    let desk = Desk::new();
    let (start, names) = desk.two_alike();
    for name in &names {
        desk.place(name);
    }
    assert!(desk.triaged(&["run", "--once"]).status.success());
    let output = desk.triaged(&["ticket", &start]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("stands for several tickets"), "{told}");
    assert_eq!(told.matches(&format!("`{start}")).count(), 3, "{told}");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let desk = Desk::new();
    let output = desk.with_closed_output(&["explain", &Desk::mail().display().to_string()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn suggest_finds_the_matter_and_never_a_name_a_habit_or_a_number() {
    let mut desk = Desk::new();
    desk.act("labelled", "");
    let output = desk.triaged(&["suggest", "--json", "--max", "255"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut kept, mut all) = (BTreeSet::new(), Vec::new());
    for line in text.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(keyword) = object["keyword"].as_str() {
            all.push(keyword.to_owned());
            if object["withdrawn"].is_null() {
                kept.insert(format!(
                    "{}: {keyword}",
                    object["category"].as_str().unwrap()
                ));
            }
        }
    }
    for wanted in [
        "billing: dunning letter",
        "billing: reminder",
        "technical: freezes",
        "technical: blank screen",
    ] {
        assert!(kept.contains(wanted), "`{wanted}` is not in {kept:?}");
    }
    // One sender's greeting, a product, a customer's name, a number, a keyword of a rule, and what
    // would send a contract out.
    let traps = [
        "sunshine", "regards", "tidvakt", "lumen", "karin", "4711", "invoice",
    ];
    for trap in traps {
        assert!(
            !all.iter().any(|word| word.contains(trap)),
            "`{trap}` is in {all:?}"
        );
    }
    assert!(all.iter().any(|word| word == "login page"), "{all:?}");
    assert!(!kept.iter().any(|word| word.contains("login")), "{kept:?}");
}

#[test]
fn what_suggest_proposes_loads_and_is_not_proposed_again() {
    let mut desk = Desk::new();
    desk.act("labelled", "");
    let proposed = || {
        let output = desk.triaged(&["suggest"]);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("+++"));
        let added: Vec<String> = lines
            .filter_map(|line| line.strip_prefix('+').map(|line| format!("{line}\n")))
            .collect();
        added.concat()
    };
    let first = proposed();
    assert!(first.contains("freezes"), "{first}");
    std::fs::write(desk.path().join("config/rules/suggested.toml"), &first).unwrap();
    let second = proposed();
    assert!(!second.contains("freezes"), "{second}");
    let explained = Desk::cases().join("labelled/Forwarded/12.eml");
    let output = desk.triaged(&["explain", "--json", explained.to_str().unwrap()]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("suggested-technical-en"), "{told}");
}
