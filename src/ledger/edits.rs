//! What became of edits, and where a shadow would have gone elsewhere.
//!
//! Both are rare among the events and have indexes of their own, so that asking costs the same
//! however long the log is.

use sqlx::AssertSqlSafe;

use super::error::LedgerError;
use super::open::Ledger;
use super::people::{self, Event};

impl Ledger {
    /// The newest of the events that say which rules are in force: `started`, `reloaded`,
    /// `reload-refused`.
    pub async fn newest_edit(&self) -> Result<Option<Event>, LedgerError> {
        let edits = "INDEXED BY event_edit";
        let kinds = "e.kind IN ('started', 'reloaded', 'reload-refused')";
        Ok(self.rare(edits, kinds, 1).await?.pop())
    }

    /// The newest tickets that a shadow would have sent elsewhere, at most `limit`.
    pub async fn shadow_differences(&self, limit: u32) -> Result<Vec<Event>, LedgerError> {
        let shadow = "INDEXED BY event_shadow";
        self.rare(shadow, "e.kind = 'shadow-differed'", limit).await
    }

    pub(super) async fn rare(
        &self,
        index: &str,
        condition: &str,
        limit: u32,
    ) -> Result<Vec<Event>, LedgerError> {
        let text = format!(
            "SELECT e.seq, e.body, e.hash, b.hash FROM event e {index} \
             LEFT JOIN event b ON b.seq = e.seq - 1 \
             WHERE {condition} ORDER BY e.seq DESC LIMIT ?"
        );
        sqlx::query(AssertSqlSafe(text))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(people::event).collect())
            .map_err(|error| self.unreadable(&error))
    }
}
