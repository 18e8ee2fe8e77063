//! Incidents in the ledger, each by the ticket of the notice that opened it.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::error::LedgerError;
use super::open::Ledger;
use super::prepare::{Line, json};
use super::row::{self, strange};
use crate::domain::event::Entry;
use crate::domain::ids::TicketId;
use crate::domain::incident::Incident;

/// Most incidents that are open at once: more than there are products.
const OPEN_MAX: u32 = 2000;

/// Those that go on.
pub(super) const OPEN: &str =
    "SELECT body FROM incident WHERE ended = 0 AND until > ?1 ORDER BY until LIMIT ?2";

/// An incident in its columns.
#[derive(Debug)]
pub(super) struct Written {
    /// The ticket by which this becomes known.
    pub(super) of: TicketId,
    notice: TicketId,
    product: String,
    until: i64,
    ended: bool,
    body: String,
    pub(super) line: Line,
}

impl Written {
    pub(super) fn of(
        of: TicketId,
        incident: &Incident,
        entry: &Entry,
    ) -> Result<Self, LedgerError> {
        Ok(Self {
            of,
            notice: incident.notice,
            product: incident.product.to_string(),
            until: incident.until.as_microsecond(),
            ended: incident.ended.is_some(),
            body: json("incident", incident)?,
            line: Line::of(entry)?,
        })
    }

    pub(super) async fn write(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO incident (notice, product, until, ended, body) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (notice) DO UPDATE SET until = excluded.until, ended = excluded.ended, \
             body = excluded.body",
        )
        .bind(&self.notice.bits()[..])
        .bind(&self.product)
        .bind(self.until)
        .bind(self.ended)
        .bind(&self.body)
        .execute(conn)
        .await
        .map(|_| ())
    }
}

impl Ledger {
    /// The incidents that go on at `now`, the first to end first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn open_incidents(&self, now: Timestamp) -> Result<Vec<Incident>, LedgerError> {
        sqlx::query(OPEN)
            .bind(now.as_microsecond())
            .bind(OPEN_MAX)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(incident).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// The newest incidents, or those of them that go on at `open_at`, at most `limit`, with how
    /// many tickets are linked to each.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn incidents(
        &self,
        open_at: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<(Incident, u64)>, LedgerError> {
        let text = "SELECT body FROM incident WHERE ?1 IS NULL OR (ended = 0 AND until > ?1) \
                    ORDER BY number DESC LIMIT ?2";
        let newest = sqlx::query(text)
            .bind(open_at.map(Timestamp::as_microsecond))
            .bind(limit)
            .fetch_all(self.readers());
        let newest: Result<Vec<Incident>, sqlx::Error> = newest
            .await
            .and_then(|rows| rows.iter().map(incident).collect());
        let mut counted = Vec::new();
        for one in newest.map_err(|error| self.unreadable(&error))? {
            let text = "SELECT count(*) FROM decision WHERE json_extract(body, '$.incident') = ?";
            let count: i64 = sqlx::query_scalar(text)
                .bind(one.notice.to_string())
                .fetch_one(self.readers())
                .await
                .map_err(|error| self.unreadable(&error))?;
            counted.push((one, count.cast_unsigned()));
        }
        Ok(counted)
    }

    /// The incident that the notice `id` opened.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn incident(&self, id: TicketId) -> Result<Option<Incident>, LedgerError> {
        sqlx::query("SELECT body FROM incident WHERE notice = ?")
            .bind(&id.bits()[..])
            .fetch_optional(self.readers())
            .await
            .and_then(|row| row.map(|row| incident(&row)).transpose())
            .map_err(|error| self.unreadable(&error))
    }
}

fn incident(row: &SqliteRow) -> Result<Incident, sqlx::Error> {
    row::json(row, 0)?.ok_or_else(|| strange("an incident without a body"))
}
