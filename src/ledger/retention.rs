//! Taking the person out of tickets that ended long ago, a bounded piece at a time.
//!
//! What is taken out is what `privacy erase` takes out, and in the same way: the ticket stays, each
//! audit line keeps its place and hash, and a later line vouches for what it says now. The audit
//! files follow; which lines they still lack is kept beside the ledger until they do, so that a
//! crash leaves nothing behind.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::error::LedgerError;
use super::open::Ledger;
use super::people::EventFilter;
use super::privacy::Redaction;
use super::row::{self, SELECT};
use crate::domain::event::Actor;
use crate::domain::ticket::Ticket;
use crate::system::fs;

/// The file with the lines that the audit files still lack.
const PENDING: &str = "retention.json";

/// Tickets of one piece.
const PIECE: u32 = 20;

/// Pieces of one pass: bounds the lines that are rewritten together.
const PIECES_MAX: usize = 50;

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Tickets that have no person any more.
    pub tickets: u64,
    /// Whether there is more to do at once.
    pub more: bool,
}

impl Ledger {
    /// Takes the person out of tickets that ended before `before`, oldest first, at most a thousand,
    /// and brings the audit files in `dir` to the same state.
    ///
    /// # Errors
    /// When the ledger or a file cannot be read or written. Saying it again goes on.
    pub async fn forget(&self, dir: &Path, before: Timestamp) -> Result<Forgotten, LedgerError> {
        let mut done = Forgotten::default();
        let mut lines = pending(dir).map_err(|e| LedgerError::io("read", dir.join(PENDING), &e))?;
        for _ in 0..PIECES_MAX {
            let tickets = self.ripe(before).await?;
            done.more = tickets.len() == PIECE as usize;
            if tickets.is_empty() {
                break;
            }
            self.forget_piece(dir, &tickets, &mut lines).await?;
            done.tickets += tickets.len() as u64;
            if !done.more {
                break;
            }
        }
        if !lines.is_empty() {
            self.rewrite_lines(dir, lines.into_iter()).await?;
            keep(dir, &[]).map_err(|e| LedgerError::io("write", dir.join(PENDING), &e))?;
        }
        Ok(done)
    }

    async fn forget_piece(
        &self,
        dir: &Path,
        tickets: &[Ticket],
        lines: &mut Vec<u64>,
    ) -> Result<(), LedgerError> {
        let mut bodies = Vec::new();
        for ticket in tickets {
            let mut found = BTreeMap::new();
            let filter = EventFilter {
                ticket: Some(ticket.id),
                ..EventFilter::default()
            };
            self.gather(filter, &mut found).await?;
            let events = found.into_values().collect();
            bodies.extend(self.redacted_bodies(events, &ticket.summary.from)?);
        }
        lines.extend(bodies.iter().map(|(seq, _)| *seq));
        keep(dir, lines).map_err(|e| LedgerError::io("write", dir.join(PENDING), &e))?;
        let redaction = Redaction {
            tickets: tickets.iter().map(|ticket| ticket.id).collect(),
            address: String::new(),
            bodies,
        };
        self.redact(redaction, &Actor::Triaged).await
    }

    /// The oldest tickets that ended before `before`, with all that is told of the same matter, and
    /// still have a person.
    async fn ripe(&self, before: Timestamp) -> Result<Vec<Ticket>, LedgerError> {
        let text = format!(
            "{SELECT}WHERE t.ended = 1 AND t.changed_at < ?1 AND (t.sender <> '' OR t.subject <> '') \
             AND NOT EXISTS (SELECT 1 FROM ticket o \
             WHERE (o.thread = coalesce(t.thread, t.number) OR o.number = t.thread) \
             AND (o.ended = 0 OR o.changed_at >= ?1)) \
             ORDER BY t.number LIMIT ?2"
        );
        let rows = sqlx::query(AssertSqlSafe(text))
            .bind(before.as_microsecond())
            .bind(PIECE)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.unreadable(&error))?;
        let tickets = rows.iter().map(row::ticket).collect::<Result<_, _>>();
        tickets.map_err(|error| self.unreadable(&error))
    }
}

fn pending(dir: &Path) -> io::Result<Vec<u64>> {
    match std::fs::read(dir.join(PENDING)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Keeps the numbers of lines that the audit files lack; none means that they lack nothing.
fn keep(dir: &Path, lines: &[u64]) -> io::Result<()> {
    let path = dir.join(PENDING);
    if lines.is_empty() {
        return std::fs::remove_file(path);
    }
    let bytes = serde_json::to_vec(lines).map_err(io::Error::other)?;
    fs::replace(&path, &bytes)
}
