//! Who may change a mailbox's tickets, and what is known of a mailbox.
//!
//! A lease names a holder, an epoch that grows with every change of holder, and an end. Every
//! write of the daemon carries the epoch and is refused once the ledger knows a newer one: a
//! daemon that was stopped for longer than its lease cannot write behind its successor's back.
//! Beside it the daemon holds a file lock, which proves that no other daemon of this state
//! directory lives; a lease left by a dead one is therefore taken over at once.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::change::{Lease, MailboxPatch, Pen};
use super::error::LedgerError;
use crate::domain::ids::MailboxName;

/// A wish for a lease.
#[derive(Debug, Clone)]
pub(super) struct LeaseCall {
    pub(super) mailbox: MailboxName,
    pub(super) holder: String,
    pub(super) now: Timestamp,
    pub(super) until: Timestamp,
    /// Whether an unexpired lease of somebody else may be taken over.
    pub(super) takes_over: bool,
}

#[derive(Debug)]
struct Held {
    holder: Option<String>,
    epoch: u64,
    until: Option<Timestamp>,
}

/// All leases, as the transaction sees them.
#[derive(Debug)]
pub(super) struct Holders(HashMap<MailboxName, Held>);

impl Holders {
    /// Out of the rows of `…, …, name, holder, epoch, until`, one a mailbox; one without a name
    /// when there is no mailbox.
    pub(super) fn of(rows: &[SqliteRow]) -> Result<Self, sqlx::Error> {
        let mut holders = HashMap::with_capacity(rows.len());
        for row in rows {
            let Some(name) = row.try_get::<Option<&str>, _>(2)? else {
                continue;
            };
            let held = Held {
                holder: row.try_get(3)?,
                epoch: row.try_get::<i64, _>(4)?.cast_unsigned(),
                until: row
                    .try_get::<Option<i64>, _>(5)?
                    .and_then(|at| Timestamp::from_microsecond(at).ok()),
            };
            holders.insert(MailboxName::from(name), held);
        }
        Ok(Self(holders))
    }

    /// Whether what is written with `pen` may be written.
    pub(super) fn check(&self, pen: &Pen) -> Result<(), LedgerError> {
        let Pen::Lease(lease) = pen else {
            return Ok(());
        };
        let now = self.0.get(&lease.mailbox).map_or(0, |held| held.epoch);
        if now == lease.epoch && now > 0 {
            return Ok(());
        }
        Err(LedgerError::Fenced {
            mailbox: lease.mailbox.clone(),
            ours: lease.epoch,
            now,
        })
    }
}

/// Gives, renews or refuses leases, in order.
pub(super) async fn grant(
    conn: &mut SqliteConnection,
    holders: &mut Holders,
    calls: &[LeaseCall],
) -> Result<Vec<Result<Lease, LedgerError>>, sqlx::Error> {
    let mut answers = Vec::with_capacity(calls.len());
    for call in calls {
        let held = holders.0.get(&call.mailbox);
        let mine = held.is_some_and(|h| h.holder.as_deref() == Some(call.holder.as_str()));
        if let Some(Held {
            holder: Some(holder),
            until: Some(until),
            ..
        }) = held
            && !mine
            && !call.takes_over
            && *until > call.now
        {
            answers.push(Err(LedgerError::Leased {
                mailbox: call.mailbox.clone(),
                holder: holder.clone(),
                until: *until,
            }));
            continue;
        }
        let epoch = held.map_or(0, |h| h.epoch) + u64::from(!mine);
        sqlx::query(
            "INSERT INTO mailbox (name, holder, epoch, until) VALUES (?, ?, ?, ?) \
             ON CONFLICT DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, \
             until = excluded.until",
        )
        .bind(call.mailbox.as_str())
        .bind(&call.holder)
        .bind(epoch.cast_signed())
        .bind(call.until.as_microsecond())
        .execute(&mut *conn)
        .await?;
        let held = Held {
            holder: Some(call.holder.clone()),
            epoch,
            until: Some(call.until),
        };
        holders.0.insert(call.mailbox.clone(), held);
        answers.push(Ok(Lease {
            mailbox: call.mailbox.clone(),
            epoch,
            until: call.until,
        }));
    }
    Ok(answers)
}

/// Writes what is known of a mailbox; `false` when it was never leased.
pub(super) async fn describe(
    conn: &mut SqliteConnection,
    name: &MailboxName,
    patch: &MailboxPatch,
) -> Result<bool, sqlx::Error> {
    let text = |json: Result<String, serde_json::Error>| {
        json.map_err(|error| sqlx::Error::Encode(Box::new(error)))
    };
    let baseline = patch.baseline.as_ref().map(serde_json::to_string);
    let marks = patch.marks.as_ref().map(serde_json::to_string);
    let done = sqlx::query(
        "UPDATE mailbox SET generation = coalesce(?, generation), baseline = coalesce(?, \
         baseline), accepted = coalesce(?, accepted), marks = coalesce(?, marks) WHERE name = ?",
    )
    .bind(patch.generation.map(|g| i64::from(g.0)))
    .bind(baseline.map(text).transpose()?)
    .bind(patch.accepted)
    .bind(marks.map(text).transpose()?)
    .bind(name.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
