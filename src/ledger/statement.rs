//! SQL over many rows at once: the texts, made once for a few row counts.
//!
//! Handing rows over one statement each costs a change of thread per row and is about eight times
//! slower than one statement with all rows in a `VALUES` list; handing them over as one JSON text
//! lies between the two. Only texts of this program and question marks are put together here:
//! every value is bound.

use std::sync::{Arc, OnceLock};

use sqlx::AssertSqlSafe;

/// The row counts a statement is made for; a batch is cut into these, largest first.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// A statement with a `VALUES` list between two fixed texts.
#[derive(Debug)]
pub(super) struct Statement {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    texts: [OnceLock<Arc<str>>; SIZES.len()],
}

impl Statement {
    pub(super) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self {
            head,
            columns,
            tail,
            texts: [const { OnceLock::new() }; SIZES.len()],
        }
    }

    /// Cuts `rows` into pieces, each with the statement for so many rows.
    pub(super) fn pieces<'r, T>(
        &'static self,
        mut rows: &'r [T],
    ) -> impl Iterator<Item = (AssertSqlSafe<Arc<str>>, &'r [T])> {
        std::iter::from_fn(move || {
            let (size, text) = SIZES
                .iter()
                .zip(&self.texts)
                .find(|(size, _)| **size <= rows.len())?;
            let (piece, rest) = rows.split_at_checked(*size)?;
            rows = rest;
            let text = text.get_or_init(|| self.text(*size));
            Some((AssertSqlSafe(Arc::clone(text)), piece))
        })
    }

    fn text(&self, rows: usize) -> Arc<str> {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        let rows = vec![row; rows].join(",");
        format!("{} VALUES {rows} {}", self.head, self.tail).into()
    }
}

/// New tickets; answers with those that were not there before.
pub(super) static OPEN: Statement = Statement::new(
    "INSERT INTO ticket (id, mailbox, generation, item, size, stage, tries, attempts, seen_at, \
     changed_at, epoch)",
    11,
    "ON CONFLICT DO NOTHING RETURNING id, number, mailbox",
);

/// Tickets that go on; answers with those that stood where they were expected.
pub(super) static STEP: Statement = Statement::new(
    "WITH v (id, mailbox, stage_was, tries_was, attempts_was, changed_was, stage, next, hold, \
     tries, attempts, until, changed_at, epoch) AS (",
    14,
    ") UPDATE ticket SET stage = v.stage, next = v.next, hold = v.hold, tries = v.tries, \
     attempts = v.attempts, until = v.until, changed_at = v.changed_at, epoch = coalesce(v.epoch, \
     ticket.epoch) FROM v WHERE ticket.id = v.id AND ticket.mailbox = coalesce(v.mailbox, \
     ticket.mailbox) AND ticket.stage = v.stage_was AND ticket.tries = v.tries_was AND \
     ticket.attempts = v.attempts_was AND ticket.changed_at = v.changed_was \
     RETURNING id, number, mailbox",
);

/// What becomes known of tickets. What a decision says is taken from it as a whole.
pub(super) static LEARN: Statement = Statement::new(
    "WITH v (number, digest, action, category, product, priority, recipient, message_id, folder, \
     sender, subject) AS (",
    11,
    ") UPDATE ticket SET digest = coalesce(v.digest, ticket.digest), \
     action = coalesce(v.action, ticket.action), \
     category = iif(v.action IS NULL, ticket.category, v.category), \
     product = iif(v.action IS NULL, ticket.product, v.product), \
     priority = coalesce(v.priority, ticket.priority), \
     recipient = iif(v.action IS NULL, coalesce(v.recipient, ticket.recipient), v.recipient), \
     message_id = coalesce(v.message_id, ticket.message_id), \
     folder = coalesce(v.folder, ticket.folder), \
     sender = coalesce(v.sender, ticket.sender), \
     subject = coalesce(v.subject, ticket.subject) FROM v WHERE ticket.number = v.number",
);

/// Decisions as a whole.
pub(super) static DECISION: Statement =
    Statement::new("INSERT OR REPLACE INTO decision (ticket, body)", 2, "");

/// Plans as a whole.
pub(super) static PLAN: Statement =
    Statement::new("INSERT OR REPLACE INTO plan (ticket, body)", 2, "");

/// Tickets that reached their end, or were taken back from it.
pub(super) static ENDED: Statement = Statement::new(
    "WITH v (number, ended) AS (",
    2,
    ") UPDATE ticket SET ended = v.ended FROM v WHERE ticket.number = v.number",
);

/// Plans of tickets at their end.
pub(super) static UNPLAN: Statement = Statement::new("DELETE FROM plan WHERE ticket IN (", 1, ")");

/// Threads as a whole.
pub(super) static THREAD: Statement = Statement::new(
    "WITH v (ticket, standing, waiting_since, due, body) AS (",
    5,
    ") INSERT INTO thread (ticket, mailbox, standing, waiting_since, due, body) \
     SELECT v.ticket, t.mailbox, v.standing, v.waiting_since, v.due, v.body FROM v \
     JOIN ticket t ON t.number = v.ticket WHERE true \
     ON CONFLICT (ticket) DO UPDATE SET standing = excluded.standing, \
     waiting_since = excluded.waiting_since, due = excluded.due, body = excluded.body",
);

/// What threads are found by; the first to have a key keeps it.
pub(super) static THREAD_KEY: Statement = Statement::new(
    "INSERT INTO thread_key (ticket, key)",
    2,
    "ON CONFLICT DO NOTHING",
);

/// Lines of the audit log.
pub(super) static EVENT: Statement = Statement::new(
    "INSERT INTO event (seq, at, ticket, mailbox, kind, body, hash)",
    7,
    "",
);

/// How many tickets more or fewer stand somewhere.
pub(super) static TALLY: Statement = Statement::new(
    "INSERT INTO tally (mailbox, stage, tickets)",
    3,
    "ON CONFLICT DO UPDATE SET tickets = tickets + excluded.tickets",
);
