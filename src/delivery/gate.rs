//! The gate before a message leaves: whatever must be durable first is, or nothing is sent.

use std::time::Duration;

use tokio::time::timeout;

use crate::domain::outcome::{Cause, Outcome};

/// Waits for `gate`, or says why the message stays here.
pub(super) async fn opened<G: Future<Output = bool>>(
    gate: G,
    limit: Duration,
) -> Result<(), Outcome> {
    let why = match timeout(limit, gate).await {
        Ok(true) => return Ok(()),
        Ok(false) => "the ledger did not agree",
        Err(_) => "the ledger did not answer in time",
    };
    Err(Outcome::Deferred {
        cause: Cause::Server,
        reply: format!("{why}; the message was not sent"),
    })
}
