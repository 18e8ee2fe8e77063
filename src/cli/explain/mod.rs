//! `triaged explain`: why messages go where they go, by the function the daemon decides with.
//!
//! Reads one message at a time and forgets it, so that a Maildir of any size can be gone through.

mod json;
mod text;
mod whatif;

use std::io::Write as _;
use std::path::Path;

use super::args::ExplainArgs;
use super::failure::{Failure, FailureKind};
use super::print::{self, Paint};
use super::sources::{self, Source};
use super::{load, progress, state, tickets};
use crate::config::Config;
use crate::daemon;
use crate::domain::ids::TicketId;
use crate::ledger::Ledger;
use crate::mail::Message;
use crate::mail::origin::InstanceKey;
use crate::triage::thread::{Marks, Past};
use crate::triage::{Reading, decide_in, whatif as what_if};

/// Explains every message that `args` names.
pub async fn explain(directory: &Path, args: &ExplainArgs) -> Result<(), Failure> {
    let config = load(directory)?;
    let key = daemon::existing_key(&config);
    let mut all = Vec::new();
    for path in &args.paths {
        let typed = path.to_string_lossy();
        if !path.exists() && typed != "-" && TicketId::prefix(&typed).is_some() {
            let args = super::args::TicketArgs {
                ticket: typed.into_owned(),
                sheet: false,
                json: args.json,
            };
            tickets::show(&config.state_dir, &args).await?;
            continue;
        }
        all.extend(sources::list(path)?);
    }
    let bar = progress::bar(all.len() as u64);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = 0_u64;
    let show = Show {
        json: args.json,
        single: all.len() == 1,
        what_if: all.len() == 1 || args.what_if,
    };
    // Before the daemon ran there is none; then no message belongs to a thread.
    let ledger = state::open(&config.state_dir).await.ok();
    let known = Known {
        config: &config,
        key: key.as_ref(),
        ledger: ledger.as_ref(),
    };
    for source in all {
        if let Err(failure) = one(&source, &known, show, &mut out).await {
            bar.suspend(|| eprintln!("{}: {}", source.name(), failure.message));
            failed += 1;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    out.flush()?;
    if failed > 0 {
        Err(Failure::shown(FailureKind::Failed))
    } else {
        Ok(())
    }
}

/// How messages are shown.
#[derive(Debug, Clone, Copy)]
struct Show {
    json: bool,
    single: bool,
    what_if: bool,
}

/// What messages are decided with.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    config: &'a Config,
    key: Option<&'a InstanceKey>,
    ledger: Option<&'a Ledger>,
}

impl Known<'_> {
    /// What the ledger knows of the message's thread, in whatever mailbox.
    async fn past(&self, message: &Message) -> Result<Past, Failure> {
        let marks = Marks::of(message, &self.config.policy, self.key);
        let Some(ledger) = self.ledger.filter(|_| !marks.is_empty()) else {
            return Ok(Past::default());
        };
        for mailbox in &self.config.mailboxes {
            let found = ledger.threads(&mailbox.name, &marks.keys()).await?;
            let thread = marks.find(&found);
            if thread.is_some() {
                let replies = mailbox.isv_replies;
                return Ok(Past { thread, replies });
            }
        }
        Ok(Past::default())
    }
}

async fn one(
    source: &Source,
    known: &Known<'_>,
    show: Show,
    out: &mut impl std::io::Write,
) -> Result<(), Failure> {
    let bytes = source.read()?;
    let message = Message::parse(&bytes).map_err(Failure::failed)?;
    let past = known.past(&message).await?;
    let (config, key) = (known.config, known.key);
    let reading: Reading = decide_in(&message, &config.policy, key, &past);
    // What would change for other words is asked of the words alone.
    let what_if = show.what_if && reading.decision.link.is_none();
    let what_if = what_if.then(|| what_if::what_if(&message, &config.policy, key, &reading));
    let what_if = what_if.as_ref();
    let name = source.name();
    if show.json {
        let object = json::object(&name, &message, &reading, what_if);
        writeln!(out, "{}", print::json(&object.to_string()))?;
    } else {
        let paint = Paint::stdout();
        let rules = &config.policy.rules;
        let page = text::page(
            &name,
            &message,
            &reading,
            rules,
            what_if,
            show.single,
            paint,
        );
        writeln!(out, "{page}")?;
    }
    Ok(())
}
