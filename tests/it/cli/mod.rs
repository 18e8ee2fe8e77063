//! The command line as an operator meets it: whole sessions at a prompt, kept as files.
//!
//! Each file under `tests/cases/cli/sessions/` is a transcript: a line that begins with `$ ` is
//! run, the lines below it are all that it printed. What differs from run to run (references,
//! times, digests, paths) is written in a fixed form, see [`steady`]. After a wanted change of the
//! output, `TRANSCRIPTS=write cargo test --test it cli::` writes the files anew: read the
//! difference before it is kept.

mod desk;
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
    let output = desk.into_closed_pipe(&["explain", &Desk::mail().display().to_string()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
