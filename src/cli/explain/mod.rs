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
use super::{load, progress, tickets, wait};
use crate::config::Config;
use crate::daemon;
use crate::domain::ids::TicketId;
use crate::mail::Message;
use crate::mail::origin::InstanceKey;
use crate::triage::{Reading, decide, whatif as what_if};

/// Explains every message that `args` names.
pub fn explain(directory: &Path, args: &ExplainArgs) -> Result<(), Failure> {
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
            wait(tickets::show(&config.state_dir, &args))?;
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
    for source in all {
        if let Err(failure) = one(&source, &config, key.as_ref(), show, &mut out) {
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

fn one(
    source: &Source,
    config: &Config,
    key: Option<&InstanceKey>,
    show: Show,
    out: &mut impl std::io::Write,
) -> Result<(), Failure> {
    let bytes = source.read()?;
    let message = Message::parse(&bytes).map_err(Failure::failed)?;
    let reading: Reading = decide(&message, &config.policy, key);
    let what_if = show.what_if;
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
