//! Signals: SIGTERM and SIGINT end work in order, SIGHUP reads the rules again.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::reload::{Edit, reload};
use crate::pipeline::works::Works;
use crate::system::notify;

/// What the service manager shows while nothing special is to be told.
pub const AT_WORK: &str = "at work; `triaged status` says what waits";

/// The same after an edit that was not taken.
const AT_WORK_REFUSED: &str =
    "at work by the rules before an edit that was refused; `triaged status` says why";

/// Waits for signals in the background until work ends.
pub fn wait(works: Arc<Works>, directory: PathBuf) -> std::io::Result<JoinHandle<()>> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = term.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => {
                    notify::reloading();
                    notify::ready(match reload(&works, directory.clone()).await {
                        Edit::Taken => AT_WORK,
                        Edit::Refused => AT_WORK_REFUSED,
                    });
                }
            }
        }
        notify::stopping();
        tracing::info!("asked to stop: what is in hand is finished first");
        works.stop.cancel();
    }))
}
