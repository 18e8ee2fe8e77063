//! One transaction: applies the calls that wait together, and chains their audit lines.
//!
//! What holds for every group:
//! - a line is added for exactly those changes that were written, in the order in which they were
//!   asked for, and the head moves with them;
//! - a ticket that occurs twice is changed twice, in order: the group is cut into waves in which
//!   each ticket occurs once;
//! - calls do not see each other: one that is stale or fenced takes nothing from the others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::change::{Lease, Pen, StageName, Verdict};
use super::error::LedgerError;
use super::learn;
use super::lease::{self, Holders, LeaseCall};
use super::prepare::{Prepared, Step};
use super::privacy;
use super::statement as sql;
use super::threads;
use crate::audit::chain::{self, Head};
use crate::domain::digest::Digest;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::life::Life;

/// What one caller wants written together.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) pen: Pen,
    pub(super) changes: Arc<[Prepared]>,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Outcome {
    /// For every call, in order.
    pub(super) answers: Vec<Result<Vec<Verdict>, LedgerError>>,
    /// For every lease, in order.
    pub(super) leases: Vec<Result<Lease, LedgerError>>,
    /// The head before and after.
    pub(super) before: Head,
    pub(super) after: Head,
    /// The lines between the two.
    pub(super) lines: Vec<String>,
}

/// Where one change of the group stands.
struct Slot<'a> {
    call: usize,
    change: &'a Prepared,
    /// The mailbox of the call's lease, if it has one, and its epoch.
    leased: Option<(&'a MailboxName, u64)>,
    wave: usize,
    /// The ticket's row once it was written.
    number: Option<i64>,
    verdict: Verdict,
}

/// Begins, and reads what every transaction must know. Each message to the database's thread costs
/// about as much as a row, so that statements which always follow each other go together.
const BEGIN: &str = "BEGIN IMMEDIATE; SELECT h.seq, h.hash, m.name, m.holder, m.epoch, m.until \
     FROM head h LEFT JOIN mailbox m";

/// Moves the head and commits.
const END: &str = "UPDATE head SET seq = ?, hash = ?; COMMIT";

/// Begins, applies and commits. After an error the caller rolls back.
pub(super) async fn apply(
    conn: &mut SqliteConnection,
    leases: &[LeaseCall],
    calls: &[Call],
) -> Result<Outcome, sqlx::Error> {
    let rows = sqlx::query(BEGIN).fetch_all(&mut *conn).await?;
    let before = read_head(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
    let mut holders = Holders::of(&rows)?;
    let leases = lease::grant(conn, &mut holders, leases).await?;
    let fenced: Vec<_> = calls.iter().map(|call| holders.check(&call.pen)).collect();

    let mut group = Group::new(calls, &fenced);
    for wave in 0..group.waves {
        group.open(conn, wave).await?;
        group.step(conn, wave).await?;
    }
    group.letters(conn).await?;
    group.threads(conn).await?;
    group.mailboxes(conn).await?;
    group.redact(conn).await?;
    let (after, lines) = group.chain(conn, before).await?;
    group.tally(conn).await?;
    let mut answers: Vec<Result<Vec<Verdict>, LedgerError>> = fenced
        .into_iter()
        .map(|fenced| fenced.map(|()| Vec::new()))
        .collect();
    for slot in &group.slots {
        if let Some(Ok(verdicts)) = answers.get_mut(slot.call) {
            verdicts.push(slot.verdict);
        }
    }
    if after == before {
        sqlx::query("COMMIT").execute(&mut *conn).await?;
    } else {
        sqlx::query(END)
            .bind(after.seq.cast_signed())
            .bind(&after.hash.bytes()[..])
            .execute(&mut *conn)
            .await?;
    }
    Ok(Outcome {
        answers,
        leases,
        before,
        after,
        lines,
    })
}

/// The end of the chain as the transaction sees it.
pub(super) async fn head(conn: &mut SqliteConnection) -> Result<Head, sqlx::Error> {
    let row = sqlx::query("SELECT seq, hash FROM head")
        .fetch_one(conn)
        .await?;
    read_head(&row)
}

fn read_head(row: &SqliteRow) -> Result<Head, sqlx::Error> {
    Ok(Head {
        seq: row.try_get::<i64, _>(0)?.cast_unsigned(),
        hash: Digest::new(blob(row, 1)?),
    })
}

/// A column of exactly `N` bytes.
pub(super) fn blob<const N: usize>(row: &SqliteRow, index: usize) -> Result<[u8; N], sqlx::Error> {
    row.try_get::<&[u8], _>(index)?
        .try_into()
        .map_err(|_| sqlx::Error::Decode(format!("column {index} has not {N} bytes").into()))
}

struct Group<'a> {
    slots: Vec<Slot<'a>>,
    waves: usize,
    tally: BTreeMap<(MailboxName, StageName), i64>,
}

impl<'a> Group<'a> {
    fn new(calls: &'a [Call], fenced: &[Result<(), LedgerError>]) -> Self {
        let mut slots = Vec::with_capacity(calls.iter().map(|c| c.changes.len()).sum());
        let mut waves: HashMap<TicketId, usize> = HashMap::with_capacity(slots.capacity());
        for (n, (call, fenced)) in calls.iter().zip(fenced).enumerate() {
            if fenced.is_err() {
                continue;
            }
            let leased = match &call.pen {
                Pen::Lease(lease) => Some((&lease.mailbox, lease.epoch)),
                Pen::Person => None,
            };
            for change in call.changes.iter() {
                let wave = change.ticket().map_or(0, |id| {
                    let next = waves.entry(id).or_default();
                    *next += 1;
                    *next - 1
                });
                slots.push(Slot {
                    call: n,
                    change,
                    leased,
                    wave,
                    number: None,
                    verdict: Verdict::Written,
                });
            }
        }
        Self {
            waves: waves.into_values().max().unwrap_or(0),
            slots,
            tally: BTreeMap::new(),
        }
    }

    fn count(&mut self, mailbox: &MailboxName, stage: StageName, by: i64) {
        *self.tally.entry((mailbox.clone(), stage)).or_default() += by;
    }

    async fn open(&mut self, conn: &mut SqliteConnection, wave: usize) -> Result<(), sqlx::Error> {
        let mut rows = Vec::new();
        for (n, slot) in self.slots.iter_mut().enumerate() {
            if let Prepared::Open { ticket, line } = slot.change
                && slot.wave == wave
            {
                slot.verdict = Verdict::Known;
                if slot.leased.is_none_or(|(name, _)| *name == ticket.mailbox) {
                    rows.push((
                        n,
                        ticket,
                        line.at,
                        slot.leased.map_or(0, |(_, epoch)| epoch),
                    ));
                } else {
                    slot.verdict = Verdict::Stale;
                }
            }
        }
        for (text, piece) in sql::OPEN.pieces(&rows) {
            let mut query = sqlx::query(text);
            for (_, ticket, at, epoch) in piece {
                query = query
                    .bind(&ticket.id.bits()[..])
                    .bind(ticket.mailbox.as_str())
                    .bind(i64::from(ticket.locator.generation.0))
                    .bind(ticket.locator.item.to_string())
                    .bind(ticket.size.cast_signed())
                    .bind(StageName::Seen.as_str())
                    .bind(Life::new().tries)
                    .bind(Life::new().attempts)
                    .bind(at)
                    .bind(at)
                    .bind(epoch.cast_signed());
            }
            let mut found = numbers(&query.fetch_all(&mut *conn).await?)?;
            for (n, ticket, ..) in piece {
                if let Some((number, mailbox)) = found.remove(&ticket.id)
                    && let Some(slot) = self.slots.get_mut(*n)
                {
                    slot.verdict = Verdict::Written;
                    slot.number = Some(number);
                    self.count(&mailbox, StageName::Seen, 1);
                }
            }
        }
        Ok(())
    }

    async fn step(&mut self, conn: &mut SqliteConnection, wave: usize) -> Result<(), sqlx::Error> {
        let mut rows = Vec::new();
        for (n, slot) in self.slots.iter_mut().enumerate() {
            if let Prepared::Step(step) = slot.change
                && slot.wave == wave
            {
                let step: &Step = step;
                slot.verdict = Verdict::Stale;
                rows.push((n, step, slot.leased));
            }
        }
        let mut written: Vec<(i64, &Step)> = Vec::with_capacity(rows.len());
        for (text, piece) in sql::STEP.pieces(&rows) {
            let mut query = sqlx::query(text);
            for (_, step, leased) in piece {
                query = query
                    .bind(&step.ticket.bits()[..])
                    .bind(leased.map(|(name, _)| name.as_str()))
                    .bind(step.expected.stage.as_str())
                    .bind(step.expected.tries)
                    .bind(step.expected.attempts)
                    .bind(step.expected.changed_at)
                    .bind(step.stage.as_str())
                    .bind(step.next)
                    .bind(step.hold.as_deref())
                    .bind(step.tries)
                    .bind(step.attempts)
                    .bind(step.until)
                    .bind(step.line.at)
                    .bind(leased.map(|(_, epoch)| epoch.cast_signed()));
            }
            let mut found = numbers(&query.fetch_all(&mut *conn).await?)?;
            for (n, step, _) in piece {
                if let Some((number, mailbox)) = found.remove(&step.ticket)
                    && let Some(slot) = self.slots.get_mut(*n)
                {
                    slot.verdict = Verdict::Written;
                    slot.number = Some(number);
                    written.push((number, *step));
                    if step.stage != step.expected.stage {
                        self.count(&mailbox, step.expected.stage, -1);
                        self.count(&mailbox, step.stage, 1);
                    }
                }
            }
        }
        learn::learn(conn, &written).await?;
        learn::end(conn, &written).await
    }

    async fn letters(&mut self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let stale = self.stale();
        for slot in &mut self.slots {
            let leased = slot.leased.map(|(name, _)| name);
            let (done, otherwise) = match slot.change {
                // It follows from a step that was not written.
                Prepared::Letter(letter) if stale.contains(&(slot.call, letter.ticket())) => {
                    (false, Verdict::Stale)
                }
                Prepared::Letter(letter) => (letter.write(conn, leased).await?, Verdict::Known),
                Prepared::LetterStep(step) => (step.write(conn, leased).await?, Verdict::Stale),
                _ => continue,
            };
            if !done {
                slot.verdict = otherwise;
            }
        }
        Ok(())
    }

    /// The tickets whose steps were not written, by call.
    fn stale(&self) -> HashSet<(usize, TicketId)> {
        self.slots
            .iter()
            .filter(|slot| slot.verdict == Verdict::Stale)
            .filter_map(|slot| Some((slot.call, slot.change.ticket()?)))
            .collect()
    }

    async fn threads(&mut self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let stale = self.stale();
        let numbers: HashMap<TicketId, i64> = self
            .slots
            .iter()
            .filter_map(|slot| Some((slot.change.ticket()?, slot.number?)))
            .collect();
        let mut rows = Vec::new();
        for slot in &mut self.slots {
            if let Prepared::Thread(threaded) = slot.change {
                if stale.contains(&(slot.call, threaded.of)) {
                    slot.verdict = Verdict::Stale;
                } else {
                    rows.push(&**threaded);
                }
            }
        }
        threads::write(conn, &rows, &numbers).await
    }

    async fn mailboxes(&mut self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        for slot in &mut self.slots {
            if let Prepared::Mailbox { name, patch, .. } = slot.change {
                let allowed = slot.leased.is_none_or(|(leased, _)| leased == name);
                if !allowed || !lease::describe(conn, name, patch).await? {
                    slot.verdict = Verdict::Stale;
                }
            }
        }
        Ok(())
    }

    /// Takes out personal data.
    async fn redact(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        for slot in &self.slots {
            if let Prepared::Redact { redaction, .. } = slot.change {
                privacy::apply(conn, redaction).await?;
            }
        }
        Ok(())
    }

    /// Adds the lines of what was written to the chain.
    async fn chain(
        &self,
        conn: &mut SqliteConnection,
        before: Head,
    ) -> Result<(Head, Vec<String>), sqlx::Error> {
        let mut head = before;
        let mut lines = Vec::with_capacity(self.slots.len());
        let mut rows = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            if slot.verdict != Verdict::Written {
                continue;
            }
            let Some(line) = slot.change.line() else {
                continue;
            };
            let number = match (slot.number, line.ticket) {
                (None, Some(id)) => number(conn, id).await?,
                (number, _) => number,
            };
            let next = head.with(&line.body);
            lines.push(chain::line(next.seq, &line.body, &head.hash, &next.hash));
            rows.push((next, line, number));
            head = next;
        }
        for (text, piece) in sql::EVENT.pieces(&rows) {
            let mut query = sqlx::query(text);
            for (head, line, number) in piece {
                query = query
                    .bind(head.seq.cast_signed())
                    .bind(line.at)
                    .bind(*number)
                    .bind(line.mailbox.as_ref().map(MailboxName::as_str))
                    .bind(line.kind)
                    .bind(line.body.as_str())
                    .bind(&head.hash.bytes()[..]);
            }
            query.execute(&mut *conn).await?;
        }
        Ok((head, lines))
    }

    async fn tally(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.tally.iter().filter(|(_, by)| **by != 0).collect();
        for (text, piece) in sql::TALLY.pieces(&rows) {
            let mut query = sqlx::query(text);
            for ((mailbox, stage), by) in piece {
                query = query.bind(mailbox.as_str()).bind(stage.as_str()).bind(**by);
            }
            query.execute(&mut *conn).await?;
        }
        Ok(())
    }
}

/// Rows of `id, number, mailbox`.
fn numbers(rows: &[SqliteRow]) -> Result<HashMap<TicketId, (i64, MailboxName)>, sqlx::Error> {
    let mut last: Option<MailboxName> = None;
    rows.iter()
        .map(|row| {
            let name: &str = row.try_get(2)?;
            let mailbox = match &last {
                Some(known) if known.as_str() == name => known.clone(),
                _ => MailboxName::from(name),
            };
            last = Some(mailbox.clone());
            Ok((TicketId::new(blob(row, 0)?), (row.try_get(1)?, mailbox)))
        })
        .collect()
}

pub(super) async fn number(
    conn: &mut SqliteConnection,
    id: TicketId,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query("SELECT number FROM ticket WHERE id = ?")
        .bind(&id.bits()[..])
        .fetch_optional(conn)
        .await?
        .map(|row| row.try_get(0))
        .transpose()
}
