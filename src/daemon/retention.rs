//! Takes the person out of old tickets while the daemon runs: a pass each hour, in bounded pieces.
//!
//! What it takes out is the ledger's. Work on mail goes first: a pass that fails is tried again an
//! hour later, and the log says so.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::ledger::Ledger;

/// Pause between two passes.
const EVERY: Duration = Duration::from_hours(1);

/// Pause between two passes while there is more to do: the log of audit lines grows meanwhile, and
/// mail wants the ledger, too.
const MORE: Duration = Duration::from_mins(1);

/// Whoever takes it out.
#[derive(Debug, Clone)]
pub struct Forgetting {
    /// Where the tickets are.
    pub ledger: Ledger,
    /// Where the audit files are.
    pub state_dir: PathBuf,
    /// How long ago a ticket must have ended; `None` when nothing is taken out.
    pub persons: Option<Duration>,
}

impl Forgetting {
    /// Passes until it is aborted: what is broken off is found again.
    pub async fn keep(self) {
        loop {
            let more = self.pass().await;
            sleep(if more { MORE } else { EVERY }).await;
        }
    }

    /// One pass; whether there is more to do.
    pub async fn pass(&self) -> bool {
        let Some(persons) = self.persons else {
            return false;
        };
        let age = SignedDuration::try_from(persons).unwrap_or(SignedDuration::MAX);
        // Before the first second that a clock can tell nothing ended.
        let Ok(before) = Timestamp::now().checked_sub(age) else {
            return false;
        };
        match self.ledger.forget(&self.state_dir, before).await {
            Ok(done) => {
                if done.tickets > 0 {
                    let tickets = done.tickets;
                    tracing::info!(
                        tickets,
                        "the person was taken out of tickets that ended long ago"
                    );
                }
                done.more
            }
            Err(error) => {
                tracing::error!(%error, "the person cannot be taken out of old tickets now");
                false
            }
        }
    }
}
