//! What reaches the daemon from outside: SIGTERM and SIGINT end work in order, SIGHUP and an edit of
//! the files have the rules read again.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::reload::{Edit, reload};
use super::watch::Watch;
use crate::config::Config;
use crate::pipeline::works::Works;
use crate::system::notify;

/// What the service manager shows while nothing special is to be told.
pub const AT_WORK: &str = "at work; `triaged status` says what waits";

/// The same after an edit that was not taken.
const AT_WORK_REFUSED: &str =
    "at work by the rules before an edit that was refused; `triaged status` says why";

/// Waits for signals and edits in the background until work ends; who runs `once` sees no edits.
pub async fn wait(
    works: Arc<Works>,
    config: &Config,
    once: bool,
) -> std::io::Result<JoinHandle<()>> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut watch = if config.edits.watch && !once {
        Some(Watch::new(config).await)
    } else {
        None
    };
    let (directory, started_with) = (config.directory.clone(), config.settings.clone());
    Ok(tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = term.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => {}
                () = edited(watch.as_mut()) => tracing::info!("the configuration was edited"),
            }
            notify::reloading();
            if let Some(watch) = &mut watch {
                watch.examining().await;
            }
            let edit = reload(&works, directory.clone(), &started_with).await;
            notify::ready(match edit {
                Edit::Taken => AT_WORK,
                Edit::Refused => AT_WORK_REFUSED,
            });
        }
        notify::stopping();
        tracing::info!("asked to stop: what is in hand is finished first");
        works.stop.cancel();
    }))
}

/// Returns when the files were edited; never when nobody watches them.
async fn edited(watch: Option<&mut Watch>) {
    match watch {
        Some(watch) => watch.edited().await,
        None => std::future::pending().await,
    }
}
