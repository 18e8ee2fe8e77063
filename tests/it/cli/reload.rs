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

#[test]
fn a_faulty_edit_keeps_the_old_rules_and_the_next_good_one_is_taken() {
    let mut desk = Desk::new();
    let mut daemon = Daemon::start(&desk);
    daemon.says("opened");

    desk.act(
        "replace",
        r#"config/rules/rules.toml: category = "billing" => category = "biling""#,
    );
    daemon.signal(Signal::HUP);
    daemon.says("the old rules stay in force");
    desk.act("mail", "02-invoice");
    daemon.says("decided");

    desk.act(
        "replace",
        r#"config/rules/rules.toml: category = "biling" => category = "technical""#,
    );
    daemon.signal(Signal::HUP);
    daemon.says("were read again");
    desk.act("mail-later", "02-invoice");
    daemon.says("decided");

    daemon.signal(Signal::TERM);
    assert!(daemon.child.wait().unwrap().success());
    let told = desk.triaged(&["audit", "export"]);
    let text = String::from_utf8(told.stdout).unwrap();
    let decided: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &serde_json::Value| event["event"] == "decided")
        .collect();
    let categories: Vec<_> = decided.iter().map(|event| &event["category"]).collect();
    assert_eq!(categories, ["billing", "technical"]);
    assert_ne!(decided[0]["rules-digest"], decided[1]["rules-digest"]);
}
