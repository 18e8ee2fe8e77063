//! `triaged reload`: has the running daemon read its rules again, and waits for what it says.
//!
//! The daemon is told by SIGHUP, as ever, and answers in the audit log; the answer becomes the exit
//! code, so that `systemctl reload` ends when the reload does and fails when the edit is refused.
//! Which process is the daemon tells the lock of the state directory, which it holds. A faulty
//! `triaged.toml` must not keep the daemon from refusing it: then the directory is the one that
//! systemd names.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::failure::{Failure, FailureKind};
use super::print::{one_line, say};
use super::{show_findings, state};
use crate::config;
use crate::domain::event::Happening;
use crate::ledger::Ledger;
use crate::system::fs::{self, Held};

/// Longest wait for the daemon's answer: less than systemd waits for a reload (90 s).
const ANSWER_MAX: Duration = Duration::from_secs(80);

/// Pause between two looks into the audit log.
const LOOK: Duration = Duration::from_millis(50);

/// Where systemd says the state directory is (`systemd.exec(5)`).
const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// Most characters of a reason that are shown.
const REASON_MAX: usize = 500;

/// Has the daemon read the configuration again; fails when it refuses.
pub async fn reload(directory: &Path) -> Result<(), Failure> {
    let state_dir = state_dir(directory)?;
    let lock = state_dir.join("lock");
    let daemon = match fs::holder(&lock) {
        Ok(Held::By(daemon)) => daemon,
        Ok(Held::ByUnknown) => {
            return Err(
                Failure::failed("the daemon that runs does not say which process it is")
                    .hint("it is of an earlier version: restart it"),
            );
        }
        Ok(Held::Free) => return Err(not_running()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(not_running()),
        Err(error) => {
            return Err(Failure::failed(format!("`{}`: {error}", lock.display()))
                .hint("run this as the user the daemon runs as, or as root"));
        }
    };
    let ledger = state::open(&state_dir).await?;
    let before = newest(&ledger).await?.map_or(0, |(number, _)| number);
    kill_process(daemon, Signal::HUP).map_err(|error| {
        Failure::failed(format!("the daemon cannot be told: {error}"))
            .hint("run this as the user the daemon runs as, or as root")
    })?;
    let until = Instant::now() + ANSWER_MAX;
    loop {
        if let Some((number, answer)) = newest(&ledger).await?
            && number > before
        {
            return told(answer);
        }
        if !matches!(fs::holder(&lock), Ok(Held::By(now)) if now == daemon) {
            return Err(Failure::failed("the daemon ended before it answered")
                .hint("`journalctl -u triaged` says why"));
        }
        if Instant::now() > until {
            let waited = ANSWER_MAX.as_secs();
            return Err(Failure::failed(format!("no answer within {waited} s"))
                .hint("the daemon may still be at it: look at `triaged status`"));
        }
        sleep(LOOK).await;
    }
}

fn not_running() -> Failure {
    Failure::failed("no daemon runs")
        .hint("a start reads the rules anyway: `systemctl start triaged`")
}

fn state_dir(directory: &Path) -> Result<PathBuf, Failure> {
    let faults = match config::outline(directory) {
        Ok(outline) => return Ok(outline.state_dir),
        Err(faults) => faults,
    };
    std::env::var_os(STATE_DIRECTORY)
        .map(PathBuf::from)
        .ok_or_else(|| {
            show_findings(&faults);
            Failure::shown(FailureKind::Config)
        })
}

/// The newest word about which rules are in force, with its number in the audit log.
async fn newest(ledger: &Ledger) -> Result<Option<(u64, Happening)>, Failure> {
    let Some(event) = ledger.newest_edit().await? else {
        return Ok(None);
    };
    Ok(Some((event.seq, event.entry()?.happening)))
}

fn told(answer: Happening) -> Result<(), Failure> {
    match answer {
        Happening::ReloadRefused { reason, .. } => {
            let reason = one_line(&reason, REASON_MAX);
            Err(Failure::failed(format!("the edit is refused: {reason}"))
                .hint("the rules before it stay in force; `triaged check` shows everything that is wrong"))
        }
        Happening::Reloaded {
            rules_digest,
            before,
        } => {
            let now = &rules_digest.to_string()[..12];
            if rules_digest == before {
                say!("read again: the rules are the same, {now}");
            } else {
                say!("read again: the rules are {now} now");
            }
            Ok(())
        }
        _ => {
            say!("the daemon was started anew, and has read them at its start");
            Ok(())
        }
    }
}
