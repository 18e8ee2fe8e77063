//! What a loop is told by: whom forwards were made for, how many mails were begun, and what was
//! stopped.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::LedgerError;
use super::group::blob;
use super::open::Ledger;
use super::people::Event;
use super::row::strange;
use crate::domain::digest::Digest;

/// Forwards read for one question, at most: more than any cap allows.
const FORWARDS_MAX: u32 = 100_000;

/// Forwards made for one of some senders; they come as one JSON list.
pub(super) const FORWARDS_OF: &str = "SELECT t.sender, t.subject, t.digest FROM json_each(?1) AS asked \
     CROSS JOIN ticket t INDEXED BY ticket_forwards ON t.sender = asked.value AND t.seen_at > ?2 \
     AND t.action = 'forward' AND t.digest IS NOT NULL LIMIT ?3";

/// When mails were begun: forwards, and letters by the step their line names.
pub(super) const BEGUN: &str = "SELECT at FROM event WHERE at > ?1 AND (kind = 'sending' OR \
     (kind = 'letter' AND instr(body, '\"step\":\"sending\"') > 0)) ORDER BY at DESC LIMIT ?2";

/// A forward made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFor {
    /// The subject of the message that was forwarded.
    pub subject: String,
    /// Its content.
    pub digest: Digest,
}

impl Ledger {
    /// The forwards of messages that were found after `since`, by their senders, for each of
    /// `senders`, over all mailboxes.
    pub async fn forwards_of(
        &self,
        senders: &[&str],
        since: Timestamp,
    ) -> Result<HashMap<String, Vec<MadeFor>>, LedgerError> {
        let rows = sqlx::query(FORWARDS_OF)
            .bind(serde_json::to_string(senders).unwrap_or_default())
            .bind(since.as_microsecond())
            .bind(FORWARDS_MAX)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.unreadable(&error))?;
        let mut made: HashMap<String, Vec<MadeFor>> = HashMap::new();
        for row in &rows {
            let (sender, one) = made_for(row).map_err(|error| self.unreadable(&error))?;
            made.entry(sender).or_default().push(one);
        }
        Ok(made)
    }

    /// When mails were begun after `since`, at most `limit`, the newest first.
    pub async fn begun_since(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Timestamp>, LedgerError> {
        let rows = sqlx::query(BEGUN)
            .bind(since.as_microsecond())
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.unreadable(&error))?;
        let time = |row: &SqliteRow| {
            Timestamp::from_microsecond(row.try_get(0)?).map_err(|_| strange("at"))
        };
        let times: Result<_, sqlx::Error> = rows.iter().map(time).collect();
        times.map_err(|error| self.unreadable(&error))
    }

    /// The newest of the events that tell of loops and of the cap, `looped` and `capped`.
    pub async fn newest_alarms(&self, limit: u32) -> Result<Vec<Event>, LedgerError> {
        let kinds = "e.kind IN ('looped', 'capped')";
        self.rare("INDEXED BY event_alarm", kinds, limit).await
    }
}

fn made_for(row: &SqliteRow) -> Result<(String, MadeFor), sqlx::Error> {
    let one = MadeFor {
        subject: row.try_get(1)?,
        digest: Digest::new(blob(row, 2)?),
    };
    Ok((row.try_get(0)?, one))
}
