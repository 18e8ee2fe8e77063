//! What only the ledger and the disk know, asked from time to time: where tickets stand, since
//! when the oldest waits, how long the audit log is, how much room is left.
//!
//! A question from outside is answered from what was found last, so that nobody can make the
//! ledger work by asking often.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::figures::Standings;
use super::health::{Health, Surveyed};
use crate::pipeline::works::Works;
use crate::system::fs;

/// Pause between two surveys.
pub const EVERY: Duration = Duration::from_secs(5);

/// Surveys until it is aborted.
pub async fn keep(
    works: Arc<Works>,
    state_dir: PathBuf,
    standings: Standings,
    health: Arc<Health>,
) {
    loop {
        survey(&works, &state_dir, &standings, &health).await;
        standings.set_well(health.ills().is_empty());
        tokio::time::sleep(EVERY).await;
    }
}

async fn survey(works: &Works, state_dir: &Path, standings: &Standings, health: &Health) {
    let (counts, head) = match (works.ledger.counts().await, works.ledger.head().await) {
        (Ok(counts), Ok(head)) => (counts, head),
        (Err(error), _) | (_, Err(error)) => {
            // The age of the last survey tells of it from outside.
            tracing::debug!(%error, "the ledger cannot be read");
            return;
        }
    };
    let free = fs::free(state_dir).map_err(|error| error.to_string());
    standings.set(&counts, head, free.as_ref().ok().copied());
    health.surveyed(Surveyed {
        at: Instant::now(),
        free,
    });
}
