//! `triaged status` and `triaged mailbox`: what waits, what is stuck, what is known of a mailbox.

use std::io;

use jiff::Timestamp;
use serde_json::json;

use super::alarms::LoopsNow;
use super::args::{MailboxCommand, StatusArgs};
use super::failure::{Failure, FailureKind};
use super::print::say;
use super::print::{Paint, Style, rows as as_rows, table};
use super::rules_now::{RulesNow, ShadowNow};
use super::state;
use super::tickets::local;
use super::waiting::Waiting;
use crate::config::Outline;
use crate::config::mailbox::{MailboxConfig, Mode, Source};
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::MailboxName;
use crate::ledger::{
    Baseline, Change, Ledger, MailboxCount, MailboxPatch, MailboxRecord, Pen, StageName,
};
use crate::system::fs::{self, Held};

/// Whether a daemon has the lock of the state directory.
fn is_running(config: &Outline) -> bool {
    match fs::holder(&config.state_dir.join("lock")) {
        Ok(held) => held != Held::Free,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Shows how things stand; fails when a person must act.
pub async fn status(config: &Outline, args: &StatusArgs) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    let counts = ledger.counts().await?;
    let chain = ledger.head().await?;
    let running = is_running(config);
    let rules = RulesNow::of(&ledger).await?;
    let shadow = ShadowNow::of(&ledger).await?;
    let loops = LoopsNow::of(&ledger).await?;
    let all = |stage| -> u64 { counts.mailboxes.iter().map(|m| of(m, stage)).sum() };
    let observed = all(StageName::Observed);
    let (held, deferred) = (all(StageName::Held), all(StageName::Deferred));
    let mut waiting_for_person = Vec::new();
    for mailbox in &config.mailboxes {
        if mailbox.mode == Mode::Live
            && let Some(record) = ledger.mailbox(&mailbox.name).await?
            && record.generation.is_some()
            && !record.accepted
        {
            waiting_for_person.push(mailbox.name.clone());
        }
    }
    let waiting = Waiting::of(&ledger).await?;
    if args.json {
        let mailboxes: Vec<_> = counts.mailboxes.iter().map(as_json).collect();
        let whole = json!({
            "running": running,
            "mailboxes": mailboxes,
            "held": held,
            "waiting": waiting.all,
            "overdue": waiting.overdue,
            "observed": observed,
            "not_accepted": waiting_for_person,
            "audit": { "seq": chain.seq, "hash": chain.hash },
            "rules_digest": rules.in_force,
            "edit_refused": rules.refused.as_ref().map(|(at, reason)| json!({ "at": at, "reason": reason })),
            "loops": loops.as_json(),
            "shadow": shadow.as_ref().map(ShadowNow::as_json),
        });
        say!("{whole}");
    } else {
        let paint = Paint::stdout();
        let state = if running {
            paint.paint(Style::Good, "running")
        } else {
            paint.paint(Style::Warn, "not running")
        };
        say!("daemon  {state}");
        say!(
            "audit   {} events, head {}",
            chain.seq,
            &chain.hash.to_string()[..12]
        );
        rules.say(paint);
        if let Some(shadow) = &shadow {
            shadow.say();
        }
        say!("{}", as_table(&counts.mailboxes));
        loops.say(paint);
        for name in &waiting_for_person {
            let text = format!("mailbox `{name}` waits: run `triaged mailbox accept {name}`");
            say!("{}", paint.paint(Style::Warn, &text));
        }
        waiting.say(paint);
        if observed > 0 {
            let text = format!(
                "{observed} observed, decided and left alone: `triaged audit stats` shows what would have been done"
            );
            say!("{}", paint.paint(Style::Strong, &text));
        }
        if deferred > 0 {
            let text = format!(
                "{deferred} deferred, sent again by itself: `triaged tickets --stage deferred`"
            );
            say!("{}", paint.paint(Style::Warn, &text));
        }
        if held > 0 {
            let text = format!(
                "{held} held, a person must act: `triaged tickets --stage held`, then `triaged ticket ID`"
            );
            say!("{}", paint.paint(Style::Bad, &text));
        }
    }
    if held > 0 || !waiting_for_person.is_empty() || rules.refused.is_some() || loops.any() {
        return Err(Failure::shown(FailureKind::Failed));
    }
    Ok(())
}

fn of(count: &MailboxCount, stage: StageName) -> u64 {
    count
        .stages
        .iter()
        .find(|(name, _)| *name == stage)
        .map_or(0, |(_, n)| *n)
}

fn as_table(mailboxes: &[MailboxCount]) -> String {
    let mut headings = vec!["mailbox"];
    headings.extend(StageName::ALL.iter().map(|stage| stage.as_str()));
    headings.push("oldest unfinished");
    let mut table = table(&headings);
    for mailbox in mailboxes {
        let mut row = vec![mailbox.name.to_string()];
        row.extend(
            StageName::ALL
                .iter()
                .map(|stage| of(mailbox, *stage).to_string()),
        );
        row.push(
            mailbox
                .oldest_unfinished
                .map_or_else(|| "–".to_owned(), local),
        );
        table.add_row(row);
    }
    as_rows(&table)
}

fn as_json(count: &MailboxCount) -> serde_json::Value {
    let stages: serde_json::Map<_, _> = count
        .stages
        .iter()
        .map(|(name, n)| (name.as_str().to_owned(), json!(n)))
        .collect();
    json!({
        "mailbox": count.name,
        "stages": stages,
        "oldest_unfinished": count.oldest_unfinished,
    })
}

/// `triaged mailbox …`.
pub async fn mailbox(config: &Outline, command: &MailboxCommand) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    match command {
        MailboxCommand::List { json } => list(config, &ledger, *json).await,
        MailboxCommand::Accept { name, new_only } => accept(config, &ledger, name, *new_only).await,
    }
}

async fn list(config: &Outline, ledger: &Ledger, json: bool) -> Result<(), Failure> {
    let mut rows = table(&["mailbox", "address", "source", "first run", "generation"]);
    for mailbox in &config.mailboxes {
        let record = ledger.mailbox(&mailbox.name).await?;
        let first_run = match mailbox.mode {
            Mode::Live => first_run(record.as_ref()),
            Mode::Observe => "observed: comes with `mode = \"live\"`",
        };
        let generation = record.as_ref().and_then(|r| r.generation);
        if json {
            let line = json!({
                "mailbox": mailbox.name,
                "address": mailbox.address,
                "source": source(mailbox),
                "first_run": first_run,
                "generation": generation,
            });
            say!("{line}");
        } else {
            rows.add_row([
                mailbox.name.to_string(),
                mailbox.address.to_string(),
                source(mailbox),
                first_run.to_owned(),
                generation.map_or_else(|| "–".to_owned(), |g| g.to_string()),
            ]);
        }
    }
    if !json {
        say!("{}", as_rows(&rows));
    }
    Ok(())
}

fn first_run(record: Option<&MailboxRecord>) -> &'static str {
    match record {
        Some(record) if record.generation.is_none() => "not opened yet",
        Some(record) if !record.accepted => "waits for `mailbox accept`",
        Some(record) if record.baseline.is_some() => "accepted, new mail only",
        Some(_) => "accepted",
        None => "not opened yet",
    }
}

fn source(mailbox: &MailboxConfig) -> String {
    match &mailbox.source {
        Source::Imap(imap) => {
            format!(
                "imap {}:{} as {}",
                imap.server.host, imap.server.port, imap.login.user
            )
        }
        Source::Maildir { path } => format!("maildir {}", path.display()),
    }
}

async fn accept(
    config: &Outline,
    ledger: &Ledger,
    typed: &str,
    new_only: bool,
) -> Result<(), Failure> {
    let name = MailboxName::from(typed);
    let mailbox = config
        .mailboxes
        .iter()
        .find(|m| m.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = config
                .mailboxes
                .iter()
                .map(|m| format!("`{}`", m.name))
                .collect();
            Failure::usage(format!(
                "`{}` is no mailbox",
                super::print::one_line(typed, 60)
            ))
            .hint(format!("one of: {}", names.join(", ")))
        })?;
    if mailbox.mode == Mode::Observe {
        return Err(Failure::failed(format!(
            "mailbox `{name}` is observed: nothing is done there"
        ))
        .hint("set `mode = \"live\"` in triaged.toml and restart the daemon first"));
    }
    let record = ledger.mailbox(&name).await?;
    let Some(generation) = record.as_ref().and_then(|r| r.generation) else {
        return Err(
            Failure::failed(format!("mailbox `{name}` was not opened yet"))
                .hint("start `triaged run` first: it looks how much mail lies there"),
        );
    };
    if record.as_ref().is_some_and(|r| r.accepted) {
        say!("mailbox `{name}` was accepted before");
        return Ok(());
    }
    let baseline = match (&mailbox.source, new_only) {
        (_, false) => None,
        // The daemon puts in the real UIDNEXT when it takes this up.
        (Source::Imap(_), true) => Some(Baseline::Below {
            generation,
            uid: u32::MAX,
        }),
        (Source::Maildir { .. }, true) => Some(Baseline::Before(Timestamp::now())),
    };
    let entry = Entry {
        at: Timestamp::now(),
        actor: Actor::Person(state::person()),
        mailbox: Some(name.clone()),
        ticket: None,
        happening: Happening::MailboxAccepted,
    };
    let patch = MailboxPatch {
        accepted: Some(true),
        baseline,
        ..MailboxPatch::default()
    };
    let change = Change::Mailbox {
        name: name.clone(),
        patch,
        entry: Some(entry),
    };
    ledger.record(&Pen::Person, vec![change]).await?;
    say!("mailbox `{name}` accepted");
    Ok(())
}
