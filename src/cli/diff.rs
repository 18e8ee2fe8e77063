//! `triaged diff`: which messages two rule sets send to different places.
//!
//! Both decide every message, one after another, by the function the daemon uses; only counts and a
//! few examples are kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::DiffArgs;
use super::failure::{Failure, FailureKind};
use super::print::{Paint, counted, one_line, say};
use super::recorded::{Recorded, TICKETS_MAX};
use super::{
    config_directory, load, outline, progress, replay, shifts, show_findings, sources, test, wait,
};
use crate::config::{self, Config};
use crate::daemon;
use crate::domain::ids::Folder;
use crate::mail::Message;
use crate::mail::origin::InstanceKey;
use crate::triage::decide;
use crate::triage::shift::{Destination, Example, Shifts};

/// The word for the folders of the configured mailboxes.
const FOLDERS: &str = "folders";

/// The word for the cases beside the new rules.
const CASES: &str = "cases";

/// The word for the tickets of the ledger.
const LEDGER: &str = "ledger";

/// Tickets named of those whose message was not found.
const NAMED_MAX: usize = 10;

/// Compares the configurations `args.old` and `args.new`.
pub fn diff(said: Option<&Path>, args: &DiffArgs) -> Result<(), Failure> {
    let directory = |path: &Path| {
        if path.as_os_str() == "-" {
            config_directory(said)
        } else {
            path.to_owned()
        }
    };
    let (old, new) = (directory(&args.old), directory(&args.new));
    let mut both = Both {
        old: load(&old)?,
        new: load(&new)?,
        key: None,
        shifts: Shifts::default(),
        json: args.json,
    };
    let mut tickets = None;
    both.key = daemon::existing_key(&both.new);
    match args.on.to_str() {
        Some(FOLDERS) => both.folders()?,
        Some(LEDGER) => {
            let state = outline(&config_directory(said))?.state_dir;
            tickets = Some(both.ledger(&state)?);
        }
        Some(CASES) => both.cases(&config::case_files(&new)?)?,
        _ if args.on.extension().is_some_and(|end| end == "toml") => {
            both.cases(std::slice::from_ref(&args.on))?;
        }
        _ => both.files(&args.on)?,
    }
    if args.json {
        let mut summary = shifts::summary(&both.shifts);
        if let Some(tickets) = &tickets {
            summary["tickets"] = tickets.as_json();
        }
        say!("{summary}");
    } else {
        say!("{}", shifts::page(&both.shifts, Paint::stdout()));
        if let Some(tickets) = &tickets {
            tickets.say();
        }
    }
    if both.shifts.changed > 0 {
        Err(Failure::shown(FailureKind::Found))
    } else {
        Ok(())
    }
}

/// The two configurations and what they differ in.
struct Both {
    old: Config,
    new: Config,
    key: Option<InstanceKey>,
    shifts: Shifts,
    json: bool,
}

impl Both {
    /// Compares one message; the answer is where the old rules send it.
    fn compare(&mut self, name: &str, message: &Message) -> Destination {
        let key = self.key.as_ref();
        let was = decide(message, &self.old.policy, key).decision;
        let is = decide(message, &self.new.policy, key).decision;
        let (from, to) = (Destination::of(&was), Destination::of(&is));
        let example = Example {
            name: name.to_owned(),
            subject: message.subject.clone(),
            reason: is.reason.to_string(),
        };
        let gravity = self
            .shifts
            .count(from.clone(), to.clone(), || example.clone());
        if let (Some(gravity), true) = (gravity, self.json) {
            let object = shifts::message(gravity, &from, &to, &example);
            say!("{}", super::print::json(&object.to_string()));
        }
        from
    }

    fn files(&mut self, path: &Path) -> Result<(), Failure> {
        let all = sources::list(path)?;
        let bar = progress::bar(all.len() as u64);
        let mut failed = 0_u64;
        for source in all {
            let name = source.name();
            let read = source.read();
            match read.and_then(|bytes| Message::parse(&bytes).map_err(Failure::failed)) {
                Ok(message) => drop(self.compare(&name, &message)),
                Err(failure) => {
                    failed += 1;
                    let why = one_line(&failure.message, 200);
                    bar.suspend(|| eprintln!("{}: {why}", one_line(&name, 200)));
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if failed > 0 {
            eprintln!("{failed} could not be read and were left out");
        }
        Ok(())
    }

    fn cases(&mut self, files: &[PathBuf]) -> Result<(), Failure> {
        let cases = config::load_cases(files, &self.new.policy).map_err(|found| {
            show_findings(&found);
            Failure::shown(FailureKind::Config)
        })?;
        let bar = progress::bar(cases.len() as u64);
        for case in &cases {
            let name = format!("{}: {}", case.origin, case.name);
            let message = test::message(case)?;
            self.compare(&name, &message);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn folders(&mut self) -> Result<(), Failure> {
        let mailboxes = self.new.mailboxes.clone();
        for mailbox in &mailboxes {
            let folders = replay::folders(&self.new, mailbox);
            let walk = replay::walk(mailbox, &folders, |name, filed| {
                self.compare(name, &filed.message);
            });
            wait(walk)?;
        }
        Ok(())
    }

    /// The tickets of the ledger in `state`, where their messages are found.
    fn ledger(&mut self, state: &Path) -> Result<Tickets, Failure> {
        let mut tickets = Tickets::default();
        let mailboxes = self.new.mailboxes.clone();
        for mailbox in &mailboxes {
            let mut recorded = wait(Recorded::read(state, &mailbox.name))?;
            let folders: BTreeSet<Folder> = replay::folders(&self.old, mailbox)
                .into_iter()
                .chain(replay::folders(&self.new, mailbox))
                .chain([mailbox.folder.clone()])
                .collect();
            let folders: Vec<Folder> = folders.into_iter().collect();
            let walk = replay::walk(mailbox, &folders, |name, filed| {
                if let Some(known) = filed.digest.and_then(|digest| recorded.find(digest)) {
                    let name = format!("{}, {name}", known.reference);
                    let was = self.compare(&name, &filed.message);
                    let otherwise = known.decided.is_some_and(|decided| decided != was);
                    tickets.decided_otherwise += u64::from(otherwise);
                }
            });
            wait(walk)?;
            tickets.more |= recorded.more;
            tickets.not_found.extend(recorded.left());
        }
        Ok(tickets)
    }
}

/// What is told of tickets besides where they would go.
#[derive(Debug, Default)]
struct Tickets {
    /// Those whose message lies in no folder that was read.
    not_found: Vec<String>,
    /// Those that were sent elsewhere, when they came, than the old rules send them.
    decided_otherwise: u64,
    /// Whether older tickets were left out.
    more: bool,
}

impl Tickets {
    fn as_json(&self) -> serde_json::Value {
        serde_json::json!({
            "not_found": self.not_found,
            "decided_otherwise": self.decided_otherwise,
            "older_left_out": self.more,
        })
    }

    fn say(&self) {
        let tickets = |count| counted(count, "ticket", "tickets");
        if self.decided_otherwise > 0 {
            let count = usize::try_from(self.decided_otherwise).unwrap_or(usize::MAX);
            say!(
                "{} went elsewhere when decided than OLD sends them",
                tickets(count)
            );
        }
        if !self.not_found.is_empty() {
            let named = self.not_found.iter().take(NAMED_MAX).cloned();
            let named: Vec<String> = named.collect();
            let more = if self.not_found.len() > NAMED_MAX {
                ", …"
            } else {
                ""
            };
            let count = tickets(self.not_found.len());
            say!(
                "{count} left out, no message found: {}{more}",
                named.join(", ")
            );
        }
        if self.more {
            say!("only the newest {TICKETS_MAX} tickets of a mailbox were looked for");
        }
    }
}
