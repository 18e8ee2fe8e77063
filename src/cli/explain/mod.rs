//! `triaged explain`: why messages go where they go, by the function the daemon decides with.
//!
//! Reads one message at a time and forgets it, so that a Maildir of any size can be gone through.

mod json;
mod sources;
mod text;

use std::io::{IsTerminal, Write as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use self::sources::Source;
use super::args::ExplainArgs;
use super::failure::{Failure, FailureKind};
use super::print::{self, Paint};
use super::{load, tickets, wait};
use crate::config::Config;
use crate::daemon;
use crate::domain::ids::TicketId;
use crate::mail::Message;
use crate::mail::origin::InstanceKey;
use crate::triage::{Reading, decide};

/// From this many messages on a bar shows how far it is.
const PROGRESS_FROM: usize = 200;

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
                json: args.json,
            };
            wait(tickets::show(&config.state_dir, &args))?;
            continue;
        }
        all.extend(sources::list(path)?);
    }
    let bar = progress(all.len());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = 0_u64;
    let single = all.len() == 1;
    for source in all {
        if let Err(failure) = one(&source, &config, key.as_ref(), args.json, single, &mut out) {
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

fn progress(count: usize) -> ProgressBar {
    if count < PROGRESS_FROM || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} messages, {eta} left");
    ProgressBar::new(count as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn one(
    source: &Source,
    config: &Config,
    key: Option<&InstanceKey>,
    as_json: bool,
    single: bool,
    out: &mut impl std::io::Write,
) -> Result<(), Failure> {
    let bytes = source.read()?;
    let message = Message::parse(&bytes).map_err(Failure::failed)?;
    let reading: Reading = decide(&message, &config.policy, key);
    if as_json {
        let object = json::object(&source.name(), &message, &reading);
        writeln!(out, "{}", print::json(&object.to_string()))?;
    } else {
        let paint = Paint::stdout();
        writeln!(
            out,
            "{}",
            text::page(
                &source.name(),
                &message,
                &reading,
                &config.policy.rules,
                single,
                paint
            )
        )?;
    }
    Ok(())
}
