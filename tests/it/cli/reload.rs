//! An edit while the daemon runs: a faulty one changes nothing, a good one counts from the next
//! message on.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::desk::Desk;

/// Longest wait for a line of the log; far longer than it takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A daemon that runs, and its log.
struct Daemon {
    child: Child,
    log: Receiver<String>,
}

impl Daemon {
    fn start(desk: &Desk) -> Self {
        let mut child = desk
            .command(&["run"])
            .env("TRIAGED_LOG", "debug")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (told, log) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if told.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, log }
    }

    /// Waits for a line that holds `words`.
    fn says(&self, words: &str) {
        let mut before = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return,
                Ok(line) => before.push(line),
                Err(late) => panic!("`{words}` was not said, {late}:\n{}", before.join("\n")),
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.child);
        kill_process(id, signal).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended by itself unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The events of the audit log of these kinds.
fn events(desk: &Desk, kinds: &[&str]) -> Vec<serde_json::Value> {
    let told = desk.triaged(&["audit", "export"]);
    let text = String::from_utf8(told.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &serde_json::Value| kinds.iter().any(|kind| event["event"] == *kind))
        .collect()
}

fn status(desk: &Desk) -> String {
    String::from_utf8(desk.triaged(&["status"]).stdout).unwrap()
}

/// A case that holds under the desk's rules.
const CASE: &str = "[[case]]\nname = \"an invoice\"\nsubject = \"Invoice 12\"\n\
                    body = \"Please send the invoice again.\"\nexpect = \"billing\"\n";

#[test]
fn a_faulty_edit_keeps_the_old_rules_and_the_next_good_one_is_taken() {
    let mut desk = Desk::new();
    std::fs::create_dir(desk.path().join("config/cases")).unwrap();
    std::fs::write(desk.path().join("config/cases/mail.toml"), CASE).unwrap();
    add(&desk, "[edits]\nwatch = false\n");
    let mut daemon = Daemon::start(&desk);
    daemon.says("opened");

    // One that cannot be understood.
    desk.act(
        "replace",
        r#"config/rules/rules.toml: category = "billing" => category = "biling""#,
    );
    daemon.signal(Signal::HUP);
    daemon.says("the old rules stay in force");
    desk.act("mail", "02-invoice");
    daemon.says("decided");
    // Nobody is kept from looking by it.
    let told = status(&desk);
    assert!(told.contains("edit    refused"), "{told}");
    assert!(told.contains("there is no category `biling`"), "{told}");

    // One that can, and breaks a case.
    desk.act(
        "replace",
        r#"config/rules/rules.toml: category = "biling" => category = "technical""#,
    );
    daemon.signal(Signal::HUP);
    daemon.says("failing-case");

    // The same with the case as it is meant now.
    desk.act(
        "replace",
        r#"config/cases/mail.toml: expect = "billing" => expect = "review""#,
    );
    daemon.signal(Signal::HUP);
    daemon.says("were read again");
    desk.act("mail-later", "02-invoice");
    daemon.says("decided");

    daemon.signal(Signal::TERM);
    assert!(daemon.child.wait().unwrap().success());
    let decided = events(&desk, &["decided"]);
    let categories: Vec<_> = decided.iter().map(|event| &event["category"]).collect();
    assert_eq!(categories, ["billing", "technical"]);
    assert_ne!(decided[0]["rules-digest"], decided[1]["rules-digest"]);
    let edits = events(&desk, &["started", "reload-refused", "reloaded"]);
    let kinds: Vec<_> = edits.iter().map(|event| &event["event"]).collect();
    assert_eq!(
        kinds,
        ["started", "reload-refused", "reload-refused", "reloaded"]
    );
    let old = &edits[0]["rules-digest"];
    assert_eq!([&edits[1]["in-force"], &edits[2]["in-force"]], [old, old]);
    assert!(edits[1]["rules-digest"].is_null());
    assert_eq!(edits[2]["rules-digest"], edits[3]["rules-digest"]);
    assert_eq!(&edits[3]["before"], old);
    assert!(!status(&desk).contains("refused"));
}

/// Adds to `triaged.toml`.
fn add(desk: &Desk, lines: &str) {
    let main = desk.path().join("config/triaged.toml");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, format!("{text}\n{lines}")).unwrap();
}

#[test]
fn an_edit_is_seen_by_itself_and_what_needs_a_start_is_named() {
    let mut desk = Desk::new();
    let mut daemon = Daemon::start(&desk);
    daemon.says("opened");
    desk.act(
        "replace",
        r#"config/rules/rules.toml: category = "billing" => category = "biling""#,
    );
    daemon.says("the old rules stay in force");
    daemon.says("there is no category `biling`");
    desk.act(
        "replace",
        r#"config/rules/rules.toml: category = "biling" => category = "technical""#,
    );
    daemon.says("were read again");
    add(&desk, "[limits]\nbatch = 7\n");
    daemon.says("limits.batch");
    daemon.says("were read again");
    desk.act("mail", "02-invoice");
    daemon.says("decided");
    daemon.signal(Signal::TERM);
    assert!(daemon.child.wait().unwrap().success());
    let decided = events(&desk, &["decided"]);
    assert_eq!(decided[0]["category"], "technical");
    let edits = events(&desk, &["reload-refused", "reloaded"]);
    let kinds: Vec<_> = edits.iter().map(|event| &event["event"]).collect();
    assert_eq!(kinds, ["reload-refused", "reloaded", "reloaded"]);
}

#[test]
fn a_start_with_a_faulty_edit_stops_or_works_with_the_last_good_rules() {
    let mut desk = Desk::new();
    desk.act("mail", "02-invoice");
    assert!(desk.triaged(&["run", "--once"]).status.success());
    desk.act(
        "replace",
        r#"config/rules/rules.toml: any = ["invoice*"] => any = "invoice*""#,
    );
    desk.act("mail-later", "02-invoice");
    let refused = desk.triaged(&["run", "--once"]);
    assert_eq!(refused.status.code(), Some(78), "{refused:?}");

    let main = desk.path().join("config/triaged.toml");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(
        &main,
        format!("{text}\n[edits]\nat-start = \"last-good\"\n"),
    )
    .unwrap();
    let worked = desk.triaged(&["run", "--once"]);
    assert!(worked.status.success(), "{worked:?}");
    let loud = String::from_utf8(worked.stderr).unwrap();
    assert!(
        loud.contains("`rule.any` must be a list in brackets"),
        "{loud}"
    );
    let told = status(&desk);
    assert!(told.contains("edit    refused"), "{told}");
    let decided = events(&desk, &["decided"]);
    assert_eq!(decided.len(), 2);
    assert_eq!(decided[0]["rules-digest"], decided[1]["rules-digest"]);
    let refused = events(&desk, &["reload-refused"]);
    assert_eq!(refused[0]["in-force"], decided[0]["rules-digest"]);

    // Without any that were ever good there is nothing to work with.
    std::fs::remove_file(desk.path().join("state/last-good.json")).unwrap();
    assert_eq!(desk.triaged(&["run", "--once"]).status.code(), Some(78));
}

#[test]
fn a_shadow_disagrees_in_the_audit_log_and_acts_on_nothing() {
    let mut desk = Desk::new();
    let next = desk.path().join("config/next/rules");
    std::fs::create_dir_all(&next).unwrap();
    let live = std::fs::read_to_string(desk.path().join("config/rules/rules.toml")).unwrap();
    let other = live.replace("category = \"billing\"", "category = \"technical\"");
    std::fs::write(next.join("rules.toml"), &other).unwrap();
    let main = desk.path().join("config/triaged.toml");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(
        &main,
        format!("{text}\n[edits]\nwatch = false\nshadow = \"next\"\n"),
    )
    .unwrap();
    let mut daemon = Daemon::start(&desk);
    daemon.says("opened");
    desk.act("mail", "02-invoice");
    daemon.says("decided");

    // A broken shadow leaves the live rules as they are, without a shadow.
    std::fs::write(next.join("rules.toml"), "[[rule]]\nid = \"x\"\n").unwrap();
    daemon.signal(Signal::HUP);
    daemon.says("were read again");
    desk.act("mail-later", "02-invoice");
    daemon.says("decided");
    daemon.signal(Signal::TERM);
    assert!(daemon.child.wait().unwrap().success());

    let decided = events(&desk, &["decided"]);
    let categories: Vec<_> = decided.iter().map(|event| &event["category"]).collect();
    assert_eq!(categories, ["billing", "billing"]);
    let differed = events(&desk, &["shadow-differed"]);
    assert_eq!(differed.len(), 1, "{differed:?}");
    assert_eq!(differed[0]["live"]["to"], "Billing");
    assert_ne!(differed[0]["shadow"]["to"], "Billing");
    assert_eq!(differed[0]["ticket"], decided[0]["ticket"]);
    let told = status(&desk);
    assert!(told.contains("1 tickets would go elsewhere"), "{told}");
    let checked = desk.triaged(&["check"]);
    assert_eq!(checked.status.code(), Some(3));
    let text = String::from_utf8(checked.stdout).unwrap();
    assert!(text.contains("warning[broken-shadow]"), "{text}");
}

#[test]
fn a_reload_waits_for_the_answer_and_a_new_folder_needs_no_restart() {
    let mut desk = Desk::new();
    add(&desk, "[edits]\nwatch = false\n");
    let said = |told: std::process::Output| {
        let text = [told.stdout, told.stderr].concat();
        (told.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, text) = said(desk.triaged(&["reload"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no daemon runs"), "{text}");

    let mut daemon = Daemon::start(&desk);
    daemon.says("opened");
    let (code, text) = said(desk.triaged(&["reload"]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the rules are the same"), "{text}");

    // What cannot be read is the daemon's to refuse, too, where systemd says whose state it is.
    desk.act(
        "replace",
        r#"config/triaged.toml: name = "Partner AB" => name = "#,
    );
    let (code, text) = said(desk.triaged(&["reload"]));
    assert_eq!(code, Some(78), "{text}");
    let state = desk.path().join("state");
    let told = desk
        .command(&["reload"])
        .env("STATE_DIRECTORY", state)
        .output();
    let (code, text) = said(told.unwrap());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the edit is refused: "), "{text}");
    desk.act(
        "replace",
        "config/triaged.toml: name = \n => name = \"Partner AB\"\n",
    );
    desk.act(
        "replace",
        "config/triaged.toml: owner = \"partner\"\naction = \"keep\" => owner = \"partner\"\naction = \"keep\"\nfolder = \"Invoices\"",
    );
    let (code, text) = said(desk.triaged(&["reload"]));
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(events(&desk, &["reload-refused"]).len(), 1);
    assert_eq!(events(&desk, &["reloaded"]).len(), 2);
    desk.act("mail-later", "02-invoice");
    daemon.says("decided");
    daemon.signal(Signal::TERM);
    assert!(daemon.child.wait().unwrap().success());
    let filed: usize = ["new", "cur"]
        .map(|part| desk.path().join("mailbox/.Invoices").join(part))
        .map(|folder| std::fs::read_dir(folder).unwrap().count())
        .iter()
        .sum();
    assert_eq!(filed, 1);
}
