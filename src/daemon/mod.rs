//! Layer 6: builds the parts, starts the crews, waits for signals, drains and stops.
//!
//! Decides nothing about mail. What it guarantees: one daemon a state directory, the audit log
//! says when work began and when it ended in order, and after SIGTERM what is in hand gets a
//! bounded time to finish.

mod alarm;
pub mod examination;
mod instance;
pub mod log;
mod reload;
mod retention;
mod service;
mod signals;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::alarm::Alarms;
use self::retention::Forgetting;
use crate::config::metrics::Listen;
use crate::config::{self, Config};
use crate::console::figures::{Figures, Standings};
use crate::console::health::Health;
use crate::console::{Console, survey};
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::MailboxName;
use crate::ledger::{Change, Ledger, LedgerError, Mode, Pen};
use crate::mail::origin::InstanceKey;
use crate::pipeline::apart::Apart;
use crate::pipeline::crew::{Crew, CrewEnd};
use crate::pipeline::dispatch::Dispatch;
use crate::pipeline::fault::Fault;
use crate::pipeline::pulse::{Loop, Pulse, Pulses};
use crate::pipeline::works::Works;
use crate::system::clock::Clock;
use crate::system::notify;

pub use instance::KeyError;

/// Longest time the lanes get to finish once the crews have ended: with what the crews had before,
/// less than half a minute in all.
const LANES_END: Duration = Duration::from_secs(8);

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The instance key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(#[from] std::io::Error),
}

/// How a run ended.
#[derive(Debug)]
pub struct RunEnd {
    /// Each mailbox and how its work ended.
    pub mailboxes: Vec<(MailboxName, CrewEnd)>,
    /// The fault that ended everything, if one did.
    pub failure: Option<String>,
}

/// The key of this installation, if there is one yet.
pub fn existing_key(config: &Config) -> Option<InstanceKey> {
    instance::read(&config.state_dir).ok().flatten()
}

/// The key of this installation, made now if there is none yet.
pub fn key(config: &Config) -> Result<InstanceKey, KeyError> {
    instance::read_or_create(&config.state_dir)
}

/// Runs until work is done (`once`), a signal comes or a fault ends it.
///
/// # Errors
/// When it cannot start.
pub async fn run(config: Config, once: bool) -> Result<RunEnd, StartError> {
    run_by(config, once, Clock::default()).await
}

/// The same, with the clocks of threads going by `clock`.
///
/// # Errors
/// When it cannot start.
pub async fn run_by(config: Config, once: bool, clock: Clock) -> Result<RunEnd, StartError> {
    let ledger = Ledger::open(&config.state_dir, Mode::Daemon).await?;
    let key = Arc::new(instance::read_or_create(&config.state_dir)?);
    let rules_digest = config.policy.rules.digest();
    let works = Works::new(
        ledger.clone(),
        Arc::clone(&config.policy),
        key,
        config.limits.clone(),
        config.audit,
        Apart::own(config.directory.clone()),
        clock,
    );
    works.meters.started(config.stands_in.is_none());
    let version = env!("CARGO_PKG_VERSION").to_owned();
    note(
        &ledger,
        Happening::Started {
            version,
            rules_digest,
        },
    )
    .await?;
    tell_of_stand_in(&ledger, &config, rules_digest).await?;
    let waiting = signals::wait(Arc::clone(&works), &config, once).await?;
    let telling = tokio::spawn(log::keep_telling());

    let (dispatch, mut lanes) = Dispatch::start(&works, &config.delivery).await?;
    let alarms = if once {
        None
    } else {
        Alarms::new(&config, &works, dispatch.way_out())
    };
    let forgetting = Forgetting {
        ledger: ledger.clone(),
        state_dir: config.state_dir.clone(),
        persons: config.retention.persons,
    };
    let forgotten = (!once).then(|| tokio::spawn(forgetting.clone().keep()));
    let mut crews = JoinSet::new();
    let lanes_alive = dispatch.pulses().iter().enumerate();
    let mut pulses: Pulses = lanes_alive
        .map(|(n, pulse)| (Loop::Lane(n + 1), Arc::clone(pulse)))
        .collect();
    for mailbox in config.mailboxes {
        let name = mailbox.name.clone();
        works.meters.begin(&name);
        let pulse = Arc::new(Pulse::new());
        pulses.push((Loop::Mailbox(name.clone()), Arc::clone(&pulse)));
        let crew = Crew {
            works: Arc::clone(&works),
            dispatch: dispatch.clone(),
            config: Arc::new(mailbox),
            once,
            pulse,
        };
        crews.spawn(async move { (name, crew.run().await) });
    }
    drop(dispatch);
    let _console = match config.metrics.filter(|_| !once) {
        Some(listen) => answer(&works, &config.state_dir, pulses.clone(), &listen).await,
        None => JoinSet::new(),
    };
    let at_end = CancellationToken::new();
    let alarming = alarms.map(|alarms| tokio::spawn(alarms.keep(pulses.clone(), at_end.clone())));
    notify::ready(signals::AT_WORK);
    let watching = service::watch(pulses);
    let mut mailboxes = Vec::new();
    loop {
        tokio::select! {
            ended = crews.join_next() => match ended {
                Some(Ok(end)) => mailboxes.push(end),
                // Nobody works on its mailbox any more: a new start must.
                Some(Err(error)) => broke_down(&works, "a crew", &error),
                None => break,
            },
            Some(Err(error)) = lanes.join_next() => broke_down(&works, "a lane", &error),
        }
    }
    mailboxes.sort_by(|a, b| a.0.cmp(&b.0));
    notify::stopping();
    finish(lanes).await;
    waiting.abort();
    telling.abort();
    for task in [watching, forgotten].into_iter().flatten() {
        task.abort();
    }
    if once {
        forgetting.pass().await;
    }
    at_end.cancel();
    if let Some(alarming) = alarming {
        // It is bounded by itself; a panic there changes nothing about how work ended.
        let _ended = alarming.await;
    }
    let failure = works.failure();
    if failure.is_none() {
        note(&ledger, Happening::Stopped).await?;
    }
    ledger.close().await?;
    Ok(RunEnd { mailboxes, failure })
}

/// Says that the last good rules stand in for those on the disk; keeps others as the last good ones.
async fn tell_of_stand_in(
    ledger: &Ledger,
    config: &Config,
    rules_digest: Digest,
) -> Result<(), LedgerError> {
    if let Some(reason) = &config.stands_in {
        tracing::error!(
            reason,
            rules = &rules_digest.to_string()[..12],
            "the rules on the disk are refused; the last good ones decide until they are mended"
        );
        let refused = Happening::ReloadRefused {
            rules_digest: None,
            in_force: rules_digest,
            reason: reload::brief(reason),
        };
        note(ledger, refused).await?;
    } else if let Err(error) = config::keep(config) {
        tracing::warn!(%error, "the rules are in force, but not kept as the last good ones");
    }
    Ok(())
}

/// Lets whoever watches ask; without it mail is worked on all the same. The tasks end when the
/// answer is dropped.
async fn answer(
    works: &Arc<Works>,
    state_dir: &Path,
    pulses: Pulses,
    listen: &Listen,
) -> JoinSet<()> {
    let standings = Standings::default();
    let health = Arc::new(Health::new(Arc::clone(works), pulses));
    let console = Arc::new(Console {
        figures: Figures::new(works, &standings),
        health: Arc::clone(&health),
    });
    let mut tasks = console.serve(listen).await.unwrap_or_else(|error| {
        tracing::error!(%listen, %error, "nobody can ask for figures and health");
        JoinSet::new()
    });
    let (works, state_dir) = (Arc::clone(works), state_dir.to_owned());
    tasks.spawn(survey::keep(works, state_dir, standings, health));
    tasks
}

/// A task that panicked: what it had in hand is in the ledger, and all work ends.
fn broke_down(works: &Works, who: &str, error: &tokio::task::JoinError) {
    works.fail(&Fault::Internal(format!("{who} broke down: {error}")));
}

/// Lets the lanes send what they have begun; what they cannot finish is repeated later.
async fn finish(mut lanes: JoinSet<()>) {
    let all = async { while lanes.join_next().await.is_some() {} };
    if tokio::time::timeout(LANES_END, all).await.is_err() {
        tracing::warn!("a forward was still being sent: it is repeated under the same Message-ID");
        lanes.shutdown().await;
    }
}

async fn note(ledger: &Ledger, happening: Happening) -> Result<(), LedgerError> {
    let noted = ledger.record(&Pen::Person, vec![noted(happening)]).await;
    noted.map(|_| ())
}

/// What happened to the daemon as a whole, for the audit log.
fn noted(happening: Happening) -> Change {
    Change::Note(Entry {
        at: Timestamp::now(),
        actor: Actor::Triaged,
        mailbox: None,
        ticket: None,
        happening,
    })
}
