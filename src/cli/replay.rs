//! `triaged replay`: the archive through today's rules.
//!
//! Where a message lies is where people left it, and so the truth; where it would go now is
//! compared with that. Folders are only read: with EXAMINE over IMAP, and no flag changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::args::ReplayArgs;
use super::failure::{Failure, FailureKind};
use super::print::{self, Paint, counted, one_line, rows, say, table};
use super::{progress, shifts, wait};
use crate::config::Config;
use crate::config::mailbox::{MailboxConfig, Source};
use crate::daemon;
use crate::domain::decision::Action;
use crate::domain::ids::Folder;
use crate::oauth::Tokens;
use crate::pipeline::archive::{self, Filed};
use crate::triage::decide;
use crate::triage::routing::Routing;
use crate::triage::shift::{Destination, Example, Reach, Shifts};

/// How often each folder came where another, or the same, holds the message.
type Matrix = BTreeMap<(String, String), u64>;

/// Replays the archive.
pub fn replay(config: &Config, args: &ReplayArgs) -> Result<(), Failure> {
    let key = daemon::existing_key(config);
    let routing = &config.policy.routing;
    let mut shifts = Shifts::default();
    let mut matrix = Matrix::new();
    for mailbox in mailboxes(config, args.maildir.as_deref())? {
        let folders = if args.folder.is_empty() {
            folders(config, &mailbox)
        } else {
            args.folder
                .iter()
                .map(|name| Folder::new(name.as_str()))
                .collect()
        };
        let walk = walk(&mailbox, &folders, |name, filed| {
            let decision = decide(&filed.message, &config.policy, key.as_ref()).decision;
            let lies = lies_in(routing, filed.folder);
            let goes = Destination {
                reach: Reach::of(decision.action),
                name: decision.folder.to_string(),
            };
            *matrix
                .entry((lies.name.clone(), goes.name.clone()))
                .or_default() += 1;
            // The folder is all that a person's hand shows.
            let same = lies.name == goes.name;
            let to = if same { lies.clone() } else { goes };
            let example = Example {
                name: name.to_owned(),
                subject: filed.message.subject.clone(),
                reason: decision.reason.to_string(),
            };
            let gravity = shifts.count(lies.clone(), to.clone(), || example.clone());
            if let (Some(gravity), true) = (gravity, args.json) {
                let object = shifts::message(gravity, &lies, &to, &example);
                say!("{}", print::json(&object.to_string()));
            }
        });
        wait(walk)?;
    }
    if args.json {
        say!("{}", shifts::summary(&shifts));
    } else {
        if !matrix.is_empty() {
            say!("{}\n", grid(&matrix));
        }
        say!("{}", shifts::page(&shifts, Paint::stdout()));
    }
    if shifts.changed > 0 {
        Err(Failure::shown(FailureKind::Found))
    } else {
        Ok(())
    }
}

/// The configured mailboxes, or a Maildir of that name instead.
pub fn mailboxes(config: &Config, path: Option<&Path>) -> Result<Vec<MailboxConfig>, Failure> {
    let Some(path) = path else {
        return Ok(config.mailboxes.clone());
    };
    if !path.is_dir() {
        let message = format!("`{}` is no directory", path.display());
        return Err(Failure::failed(message));
    }
    let like = config.mailboxes.first().cloned().ok_or_else(|| {
        Failure::failed("no mailbox is configured").hint("add a `[[mailbox]]` to triaged.toml")
    })?;
    let source = Source::Maildir {
        path: path.to_owned(),
    };
    Ok(vec![MailboxConfig { source, ..like }])
}

/// The folders that hold what is done: all that are filed into but the quarantine, which holds what
/// could not be read. The watched folder is the queue, not the archive.
pub fn folders(config: &Config, mailbox: &MailboxConfig) -> Vec<Folder> {
    let routing = &config.policy.routing;
    let queues = routing.categories.values().map(|route| &route.folder);
    let all = queues
        .chain(routing.kinds.values())
        .chain(routing.notices.values())
        .chain([&routing.replies]);
    let all: BTreeSet<&Folder> = all
        .filter(|folder| **folder != mailbox.folder && **folder != routing.quarantine)
        .collect();
    all.into_iter().cloned().collect()
}

/// Shows every message of these folders with its name; folders that are not there are left out.
pub async fn walk(
    mailbox: &MailboxConfig,
    folders: &[Folder],
    mut show: impl FnMut(&str, &Filed<'_>),
) -> Result<(), Failure> {
    let mut unreadable = 0;
    let tokens = Tokens::default();
    for folder in folders {
        let mut bar = None;
        let walked = archive::walk(mailbox, &tokens, folder, |filed| {
            let name = format!("{folder}/{}", filed.item);
            show(&name, &filed);
            bar.get_or_insert_with(|| progress::bar(filed.total)).inc(1);
        });
        let walked = walked
            .await
            .map_err(|trouble| Failure::failed(one_line(&trouble.to_string(), 400)))?;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        unreadable += walked.unwrap_or_default().unreadable;
    }
    if unreadable > 0 {
        let count = usize::try_from(unreadable).unwrap_or(usize::MAX);
        let count = counted(count, "message", "messages");
        eprintln!("{count} could not be read and were left out");
    }
    Ok(())
}

/// What a folder tells of the messages that people left in it.
fn lies_in(routing: &Routing, folder: &Folder) -> Destination {
    let routes = routing
        .categories
        .values()
        .filter(|route| route.folder == *folder);
    let actions: Vec<Action> = routes.map(|route| route.action).collect();
    let reach = if actions.contains(&Action::Forward) {
        Reach::Outside
    } else if actions.contains(&Action::Review) {
        Reach::Review
    } else {
        Reach::House
    };
    Destination {
        reach,
        name: folder.to_string(),
    }
}

/// Rows: where messages lie; columns: where they would go.
fn grid(matrix: &Matrix) -> String {
    let columns: BTreeSet<&String> = matrix.keys().map(|(_, goes)| goes).collect();
    let lying: BTreeSet<&String> = matrix.keys().map(|(lies, _)| lies).collect();
    let mut headings = vec!["lies in \\ goes to"];
    headings.extend(columns.iter().map(|name| name.as_str()));
    let mut grid = table(&headings);
    for lies in lying {
        let cells = columns.iter().map(|goes| {
            let count = matrix.get(&(lies.clone(), (*goes).clone()));
            count.map_or_else(|| "·".to_owned(), ToString::to_string)
        });
        grid.add_row(std::iter::once(one_line(lies, 60)).chain(cells));
    }
    rows(&grid)
}
