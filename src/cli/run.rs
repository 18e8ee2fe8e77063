//! `triaged run`: the daemon, once or for ever, and the trial run that changes nothing.

use super::args::RunArgs;
use super::failure::{Failure, FailureKind};
use super::print::say;
use super::print::{Paint, Style, one_line, rows as as_rows, table};
use crate::config::Config;
use crate::config::log::LogFormat;
use crate::daemon::{self, RunEnd, StartError, log};
use crate::pipeline::crew::CrewEnd;
use crate::pipeline::trial;

/// Threads that parse and wait for the disk; a few are enough on any machine.
const BLOCKING_THREADS: usize = 8;

/// Runs the daemon.
pub fn run(config: Config, args: &RunArgs) -> Result<(), Failure> {
    let mut said = config.log;
    let wanted = args.log_format.as_deref();
    if let Some((_, format)) = LogFormat::WORDS
        .iter()
        .find(|(word, _)| wanted == Some(*word))
    {
        said.format = *format;
    }
    log::start(said);
    let runtime = runtime()?;
    if args.dry_run {
        return runtime.block_on(dry_run(&config));
    }
    let end = runtime.block_on(daemon::run(config, args.once))?;
    told(&end)
}

/// A runtime for the daemon's work.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // One thread for everything small: handing work between threads costs more than the work.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::failed(error)
    }
}

/// Says how a run ended, for people and in the exit code.
pub fn told(end: &RunEnd) -> Result<(), Failure> {
    let mut failed = false;
    for (name, end) in &end.mailboxes {
        match end {
            CrewEnd::Done => {}
            CrewEnd::Unsent { forwards, why } => {
                failed = true;
                eprintln!(
                    "mailbox `{name}`: {forwards} forwards could not be sent and wait for the next \
                     run: {}",
                    one_line(why, 400)
                );
            }
            CrewEnd::NotAccepted { messages } => {
                failed = true;
                eprintln!(
                    "mailbox `{name}` holds {messages} messages at its first run, nothing was \
                     done: look with `triaged run --dry-run`, then run `triaged mailbox accept \
                     {name}`, with `--new-only` to leave them alone"
                );
            }
            CrewEnd::Failed { why } => {
                failed = true;
                eprintln!("mailbox `{name}`: {}", one_line(why, 400));
            }
        }
    }
    if let Some(why) = &end.failure {
        return Err(Failure::failed(why));
    }
    if failed {
        Err(Failure::shown(FailureKind::Failed))
    } else {
        Ok(())
    }
}

async fn dry_run(config: &Config) -> Result<(), Failure> {
    let paint = Paint::stdout();
    let key = daemon::existing_key(config);
    for mailbox in &config.mailboxes {
        say!(
            "{}",
            paint.paint(Style::Strong, &format!("mailbox {}", mailbox.name))
        );
        let mut rows = table(&["from", "subject", "category", "action", "to", "because"]);
        let count = trial::trial(
            mailbox,
            &config.policy,
            key.as_ref(),
            |summary, decision| {
                let category = decision.category.as_ref();
                rows.add_row([
                    one_line(&summary.from, 40),
                    one_line(&summary.subject, 60),
                    category.map_or_else(|| decision.kind.to_string(), ToString::to_string),
                    decision.action.to_string(),
                    one_line(decision.destination(), 60),
                    one_line(&decision.reason.to_string(), 80),
                ]);
            },
        )
        .await
        .map_err(Failure::failed)?;
        say!(
            "{}\n{count} messages; nothing was moved, sent or recorded",
            as_rows(&rows)
        );
    }
    Ok(())
}
