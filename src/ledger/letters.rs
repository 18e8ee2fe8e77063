//! Letters in the ledger: mail beside the forward, each with a life of its own.
//!
//! A letter is written once: its Message-ID is unique. It is given out only once its ticket is at
//! its end, so that nobody is told of what is not settled.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::change::{StageKey, StageName};
use super::error::LedgerError;
use super::open::Ledger;
use super::prepare::{Line, json};
use super::row::{self, strange};
use super::work::Cursor;
use crate::domain::address::Address;
use crate::domain::event::Entry;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::letter::{Letter, Purpose};
use crate::domain::life::{Life, Next, Stage};

/// Letters with something left to do whose ticket is at its end.
pub(super) const UNFINISHED: &str = "SELECT l.number, l.body, l.stage, l.attempts, l.until, \
     l.made_at, l.changed_at, t.stage, l.hold FROM letter l JOIN ticket t ON t.number = l.ticket \
     WHERE l.mailbox = ? AND l.ended = 0 AND t.ended = 1 AND l.number > ? \
     ORDER BY l.number LIMIT ?";

/// When the first letter may be sent.
pub(super) const DUE: &str = "SELECT min(coalesce(l.until, l.made_at)) FROM letter l \
     JOIN ticket t ON t.number = l.ticket WHERE l.mailbox = ? AND l.ended = 0 AND t.ended = 1 \
     AND l.stage <> 'sending'";

/// Recipients of letters for a purpose since a moment.
pub(super) const SINCE: &str = "SELECT recipient FROM letter WHERE purpose = ? AND made_at >= ?";

/// A letter of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Its row.
    pub number: i64,
    /// What is sent.
    pub letter: Letter,
    /// Where it stands.
    pub life: Life,
    /// Where its ticket stands.
    pub ticket_stage: StageName,
    /// When it was written.
    pub made_at: Timestamp,
    /// When its life last changed.
    pub changed_at: Timestamp,
}

impl Outgoing {
    /// The life of a letter just written: there is nothing to read.
    pub const fn life() -> Life {
        Life {
            stage: Stage::Decided { next: Next::Send },
            tries: 0,
            attempts: 0,
        }
    }
}

/// A new letter in its columns.
#[derive(Debug)]
pub(super) struct Written {
    letter: Letter,
    body: String,
    pub(super) line: Line,
}

impl Written {
    pub(super) fn of(letter: Letter, entry: &Entry) -> Result<Self, LedgerError> {
        Ok(Self {
            body: json("letter", &letter)?,
            letter,
            line: Line::of(entry)?,
        })
    }

    /// The ticket it is about.
    pub(super) const fn ticket(&self) -> TicketId {
        self.letter.ticket
    }

    /// `false` when it is there already, or its ticket is not, or is another mailbox's.
    pub(super) async fn write(
        &self,
        conn: &mut SqliteConnection,
        leased: Option<&MailboxName>,
    ) -> Result<bool, sqlx::Error> {
        let Letter {
            ticket,
            purpose,
            plan,
        } = &self.letter;
        let done = sqlx::query(
            "INSERT INTO letter (ticket, mailbox, purpose, recipient, domain, message_id, stage, \
             attempts, body, made_at, changed_at) SELECT number, mailbox, ?1, ?2, ?3, ?4, ?5, 0, \
             ?6, ?7, ?7 FROM ticket WHERE id = ?8 AND mailbox = coalesce(?9, mailbox) \
             ON CONFLICT DO NOTHING",
        )
        .bind(purpose.as_str())
        .bind(plan.recipient.as_str())
        .bind(plan.recipient.domain())
        .bind(&plan.message_id)
        .bind(StageName::of(&Outgoing::life().stage).as_str())
        .bind(&self.body)
        .bind(self.line.at)
        .bind(&ticket.bits()[..])
        .bind(leased.map(MailboxName::as_str))
        .execute(conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// A letter's step in the columns it changes.
#[derive(Debug)]
pub(super) struct LetterStep {
    number: i64,
    expected: StageKey,
    stage: StageName,
    hold: Option<String>,
    until: Option<i64>,
    attempts: u32,
    body: Option<String>,
    pub(super) line: Line,
}

impl LetterStep {
    pub(super) fn of(
        number: i64,
        expected: StageKey,
        life: &Life,
        letter: Option<&Letter>,
        entry: &Entry,
    ) -> Result<Self, LedgerError> {
        let (hold, until) = match &life.stage {
            Stage::Held { reason, .. } => (Some(json("hold reason", reason)?), None),
            Stage::Deferred { until } => (None, Some(until.as_microsecond())),
            _ => (None, None),
        };
        Ok(Self {
            number,
            expected,
            stage: StageName::of(&life.stage),
            hold,
            until,
            attempts: life.attempts,
            body: letter.map(|letter| json("letter", letter)).transpose()?,
            line: Line::of(entry)?,
        })
    }

    /// `false` when it does not stand where the caller believed, or is another mailbox's.
    pub(super) async fn write(
        &self,
        conn: &mut SqliteConnection,
        leased: Option<&MailboxName>,
    ) -> Result<bool, sqlx::Error> {
        let gone = matches!(self.stage, StageName::Delivered | StageName::Withdrawn);
        let done = sqlx::query(
            "UPDATE letter SET stage = ?1, hold = ?2, attempts = ?3, until = ?4, \
             body = iif(?5, NULL, coalesce(?6, body)), changed_at = ?7, ended = ?8 \
             WHERE number = ?9 AND mailbox = coalesce(?10, mailbox) AND stage = ?11 \
             AND attempts = ?12 AND changed_at = ?13",
        )
        .bind(self.stage.as_str())
        .bind(self.hold.as_deref())
        .bind(self.attempts)
        .bind(self.until)
        .bind(gone)
        .bind(self.body.as_deref())
        .bind(self.line.at)
        .bind(gone || self.stage == StageName::Held)
        .bind(self.number)
        .bind(leased.map(MailboxName::as_str))
        .bind(self.expected.stage.as_str())
        .bind(self.expected.attempts)
        .bind(self.expected.changed_at)
        .execute(conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Ledger {
    /// Up to `limit` letters of `mailbox` with something left to do whose ticket is at its end,
    /// oldest first, and where the next page begins; `None` on the last page.
    pub async fn letters(
        &self,
        mailbox: &MailboxName,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<(Vec<Outgoing>, Option<Cursor>), LedgerError> {
        let rows = sqlx::query(UNFINISHED)
            .bind(mailbox.as_str())
            .bind(after.map_or(0, |cursor| cursor.0))
            .bind(limit)
            .fetch_all(self.readers())
            .await;
        let read = |error| self.unreadable(&error);
        let rows = rows.map_err(read)?;
        let letters: Vec<Outgoing> = rows
            .iter()
            .map(outgoing)
            .collect::<Result<_, _>>()
            .map_err(read)?;
        let next = Cursor::behind(&rows, limit).map_err(read)?;
        Ok((letters, next))
    }
}

impl Ledger {
    /// Who got, or is to get, a letter for `purpose` that was written at or after `since`.
    pub async fn letters_since(
        &self,
        purpose: Purpose,
        since: Timestamp,
    ) -> Result<Vec<Address>, LedgerError> {
        let rows = sqlx::query(SINCE)
            .bind(purpose.as_str())
            .bind(since.as_microsecond())
            .fetch_all(self.readers())
            .await;
        let rows = rows.map_err(|error| self.unreadable(&error))?;
        rows.iter()
            .map(|row| {
                let text: &str = row.try_get(0)?;
                text.parse().map_err(|_| strange("an impossible recipient"))
            })
            .collect::<Result<_, _>>()
            .map_err(|error| self.unreadable(&error))
    }

    /// The first moment at which a letter of `mailbox` may be sent; long past for one that was not
    /// tried yet. Letters that are being sent do not count.
    pub async fn letter_due(
        &self,
        mailbox: &MailboxName,
    ) -> Result<Option<Timestamp>, LedgerError> {
        sqlx::query(DUE)
            .bind(mailbox.as_str())
            .fetch_one(self.readers())
            .await
            .and_then(|row| row.try_get::<Option<i64>, _>(0)?.map(row::time).transpose())
            .map_err(|error| self.unreadable(&error))
    }
}

fn outgoing(row: &SqliteRow) -> Result<Outgoing, sqlx::Error> {
    let stage = match row::stage(row, 2)? {
        StageName::Decided => Outgoing::life().stage,
        StageName::Sending => Stage::Sending,
        StageName::Delivered => Stage::Delivered,
        StageName::Deferred => Stage::Deferred {
            until: row::time(row.try_get(4)?)?,
        },
        StageName::Held => Stage::Held {
            next: Some(Next::Send),
            reason: row::json(row, 8)?.ok_or_else(|| strange("no hold reason"))?,
        },
        StageName::Withdrawn => Stage::Withdrawn,
        _ => return Err(strange("a letter at no stage of a letter")),
    };
    Ok(Outgoing {
        number: row.try_get(0)?,
        letter: row::json(row, 1)?.ok_or_else(|| strange("a letter without its text"))?,
        life: Life {
            stage,
            tries: 0,
            attempts: row.try_get(3)?,
        },
        ticket_stage: row::stage(row, 7)?,
        made_at: row::time(row.try_get(5)?)?,
        changed_at: row::time(row.try_get(6)?)?,
    })
}
