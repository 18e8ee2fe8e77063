//! What people ask of the ledger: one ticket, lists, the audit log, counts.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, QueryBuilder, Row, Sqlite};

use super::change::StageName;
use super::error::LedgerError;
use super::group::{self, blob};
use super::open::Ledger;
use super::row::{self, SELECT};
use crate::audit::chain::{self, Head};
use crate::domain::digest::Digest;
use crate::domain::event::Entry;
use crate::domain::ids::{CategoryId, MailboxName, ProductId, TicketId};
use crate::domain::ticket::Ticket;

/// Which tickets; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// In one of these stages; empty means any.
    pub stages: Vec<StageName>,
    /// Of this category.
    pub category: Option<CategoryId>,
    /// Of this mailbox.
    pub mailbox: Option<MailboxName>,
    /// About this product.
    pub product: Option<ProductId>,
    /// Found at or after this time.
    pub since: Option<Timestamp>,
}

/// Which events; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this ticket.
    pub ticket: Option<TicketId>,
    /// Of these kinds, by [`crate::domain::event::Happening::as_str`]; empty means any.
    pub kinds: Vec<String>,
    /// Of this mailbox.
    pub mailbox: Option<MailboxName>,
    /// At or after this time.
    pub since: Option<Timestamp>,
    /// From this sequence number on.
    pub from: Option<u64>,
    /// Up to and with this one.
    pub to: Option<u64>,
    /// Newest first, rather than oldest first.
    pub newest_first: bool,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number; 1 is the first.
    pub seq: u64,
    /// The whole canonical line, without a line end.
    pub line: String,
}

impl Event {
    /// The entry the line holds.
    ///
    /// # Errors
    /// When a newer `triaged` wrote a happening this one does not know.
    pub fn entry(&self) -> Result<Entry, LedgerError> {
        serde_json::from_str(&self.line).map_err(|error| LedgerError::Refused {
            what: format!("audit entry {} cannot be read: {error}", self.seq),
        })
    }
}

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// One per mailbox, by name.
    pub mailboxes: Vec<MailboxCount>,
}

/// How much there is of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxCount {
    /// Which.
    pub name: MailboxName,
    /// Tickets per stage; stages without any are left out.
    pub stages: Vec<(StageName, u64)>,
    /// When the oldest one with something left to do was found.
    pub oldest_unfinished: Option<Timestamp>,
}

/// The row of an event beside that of the one before it, whose hash its line repeats.
const EVENTS: &str = "SELECT e.seq, e.body, e.hash, b.hash FROM event e \
     LEFT JOIN event b ON b.seq = e.seq - 1 WHERE ";

impl Ledger {
    /// The ticket `id`.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, LedgerError> {
        sqlx::query(AssertSqlSafe(format!("{SELECT}WHERE t.id = ?")))
            .bind(&id.bits()[..])
            .fetch_optional(self.readers())
            .await
            .and_then(|row| row.as_ref().map(row::ticket).transpose())
            .map_err(|error| self.unreadable(&error))
    }

    /// Tickets whose identifier begins with `prefix` (as [`TicketId::prefix`] returns it), at
    /// most `limit`.
    pub async fn by_prefix(&self, prefix: &str, limit: u32) -> Result<Vec<Ticket>, LedgerError> {
        let Some((low, high)) = bounds(prefix) else {
            return Ok(Vec::new());
        };
        let text = format!("{SELECT}WHERE t.id BETWEEN ? AND ? ORDER BY t.id LIMIT ?");
        sqlx::query(AssertSqlSafe(text))
            .bind(&low[..])
            .bind(&high[..])
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(row::ticket).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// Tickets that `filter` lets through, newest first, at most `limit`.
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
        limit: u32,
    ) -> Result<Vec<Ticket>, LedgerError> {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push("WHERE true");
        if !filter.stages.is_empty() {
            if filter.stages.iter().all(|stage| !stage.is_end()) {
                // The words alone would not show that the small index is enough.
                query.push(" AND t.ended = 0");
            }
            query.push(" AND t.stage IN (");
            let mut words = query.separated(", ");
            for stage in &filter.stages {
                words.push_bind(stage.as_str());
            }
            query.push(")");
        }
        if let Some(category) = &filter.category {
            query
                .push(" AND t.category = ")
                .push_bind(category.as_str());
        }
        if let Some(mailbox) = &filter.mailbox {
            query.push(" AND t.mailbox = ").push_bind(mailbox.as_str());
        }
        if let Some(product) = &filter.product {
            query.push(" AND t.product = ").push_bind(product.as_str());
        }
        if let Some(since) = filter.since {
            query
                .push(" AND t.seen_at >= ")
                .push_bind(since.as_microsecond());
        }
        query
            .push(" ORDER BY t.number DESC LIMIT ")
            .push_bind(limit);
        query
            .build()
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(row::ticket).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// Events that `filter` lets through, at most `limit`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Event>, LedgerError> {
        let mut query = QueryBuilder::<Sqlite>::new(EVENTS);
        query.push("e.seq BETWEEN ");
        query.push_bind(filter.from.unwrap_or(0).cast_signed());
        query.push(" AND ");
        query.push_bind(filter.to.map_or(i64::MAX, u64::cast_signed));
        if let Some(ticket) = filter.ticket {
            query.push(" AND e.ticket = (SELECT number FROM ticket WHERE id = ");
            query.push_bind(ticket.bits().to_vec()).push(")");
        }
        if !filter.kinds.is_empty() {
            query.push(" AND e.kind IN (");
            let mut words = query.separated(", ");
            for kind in &filter.kinds {
                words.push_bind(kind.as_str());
            }
            query.push(")");
        }
        if let Some(mailbox) = &filter.mailbox {
            query.push(" AND e.mailbox = ").push_bind(mailbox.as_str());
        }
        if let Some(since) = filter.since.map(Timestamp::as_microsecond) {
            // The clock may have gone back: the first that late, and of those behind it the late.
            query.push(" AND e.seq >= (SELECT min(seq) FROM event WHERE at >= ");
            query
                .push_bind(since)
                .push(") AND e.at >= ")
                .push_bind(since);
        }
        let order = if filter.newest_first { "DESC" } else { "ASC" };
        query.push(" ORDER BY e.seq ").push(order);
        query.push(" LIMIT ").push_bind(limit);
        query
            .build()
            .fetch_all(self.readers())
            .await
            .and_then(|rows| rows.iter().map(event).collect())
            .map_err(|error| self.unreadable(&error))
    }

    /// The end of the audit chain.
    pub async fn head(&self) -> Result<Head, LedgerError> {
        let read = |error| self.unreadable(&error);
        let mut conn = self.readers().acquire().await.map_err(read)?;
        group::head(&mut conn).await.map_err(read)
    }

    /// How many tickets stand where; costs the same however many there are.
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        self.count().await.map_err(|error| self.unreadable(&error))
    }

    async fn count(&self) -> Result<Counts, sqlx::Error> {
        let mut mailboxes: Vec<MailboxCount> = sqlx::query(
            "SELECT name, (SELECT seen_at FROM ticket WHERE mailbox = name AND ended = 0 \
             ORDER BY number LIMIT 1) FROM mailbox ORDER BY name",
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(MailboxCount {
                name: MailboxName::from(row.try_get::<&str, _>(0)?),
                stages: Vec::new(),
                oldest_unfinished: row
                    .try_get::<Option<i64>, _>(1)?
                    .map(row::time)
                    .transpose()?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()?;
        let tally = sqlx::query("SELECT mailbox, stage, tickets FROM tally WHERE tickets > 0");
        for row in &tally.fetch_all(self.readers()).await? {
            let name: &str = row.try_get(0)?;
            let count = mailboxes.iter_mut().find(|m| m.name.as_str() == name);
            if let Some(count) = count {
                let tickets = row.try_get::<i64, _>(2)?.cast_unsigned();
                count.stages.push((row::stage(row, 1)?, tickets));
            }
        }
        for count in &mut mailboxes {
            count.stages.sort_unstable();
        }
        Ok(Counts { mailboxes })
    }
}

pub(super) fn event(row: &SqliteRow) -> Result<Event, sqlx::Error> {
    let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
    let hash = Digest::new(blob(row, 2)?);
    let before = row::digest(row, 3)?.unwrap_or(Head::GENESIS.hash);
    Ok(Event {
        seq,
        line: chain::line(seq, row.try_get(1)?, &before, &hash),
    })
}

/// The lowest and highest identifier that begin with `prefix`.
fn bounds(prefix: &str) -> Option<([u8; 16], [u8; 16])> {
    let (mut low, mut high) = ([0_u8; 16], [0xff_u8; 16]);
    for (n, c) in prefix.bytes().enumerate() {
        let digit = match c {
            b'a'..=b'z' => c - b'a',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        for bit in 0..5 {
            let at = n * 5 + bit;
            let one = digit & (0b1_0000 >> bit) != 0;
            match (low.get_mut(at / 8), high.get_mut(at / 8)) {
                (Some(low), _) if one => *low |= 0x80 >> (at % 8),
                (_, Some(high)) if !one => *high &= !(0x80 >> (at % 8)),
                (None, None) if at >= 130 => return None,
                _ => {}
            }
        }
    }
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_bounds_what_begins_with_it() {
        for bits in [[0_u8; 16], [0xff; 16], [0x5a; 16], [0x81; 16]] {
            let text = TicketId::new(bits).to_string();
            for length in 1..=26 {
                let (low, high) = bounds(&text[..length]).unwrap();
                assert!(low <= bits && bits <= high, "{text} {length}");
                if length < 26 {
                    let first = TicketId::new(low).to_string();
                    let last = TicketId::new(high).to_string();
                    assert!(
                        first.starts_with(&text[..length]) && last.starts_with(&text[..length])
                    );
                }
            }
        }
        assert_eq!(bounds("a_"), None);
        assert_eq!(bounds(&"a".repeat(27)), None);
    }
}
