//! Signals: SIGTERM and SIGINT end work in order, SIGHUP reads the rules again.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::config::{self, findings};
use crate::pipeline::works::Works;

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
                _ = hangup.recv() => reload(&works, directory.clone()).await,
            }
        }
        tracing::info!("asked to stop: what is in hand is finished first");
        works.stop.cancel();
    }))
}

/// Takes new rules, registry and routing, or keeps the old ones when the new have a fault.
async fn reload(works: &Arc<Works>, directory: PathBuf) {
    let loaded = tokio::task::spawn_blocking(move || config::load(&directory)).await;
    match loaded {
        Ok(Ok(config)) => {
            let digest = config.policy.rules.digest().to_string();
            works.policy.store(config.policy);
            tracing::info!(
                rules = &digest[..12],
                "rules, registry and routing were read again"
            );
        }
        Ok(Err(faults)) => {
            tracing::error!(
                faults = faults.len(),
                "the new configuration has faults and is not taken; the old rules stay in force:\n{}",
                findings::render(&faults, false)
            );
        }
        Err(error) => tracing::error!(%error, "reading the configuration again broke off"),
    }
}
