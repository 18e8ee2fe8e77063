//! Makes a change ready for the writer: everything that can be computed without the database is
//! computed here, in the caller's task, so that the one writer is not kept waiting.

use serde::Serialize;

use super::change::{Change, MailboxPatch, NewTicket, Patch, StageKey, StageName};
use super::error::LedgerError;
use super::letters::{LetterStep, Written};
use super::privacy::Redaction;
use super::threads::Threaded;
use crate::audit::chain;
use crate::domain::decision::Decision;
use crate::domain::digest::Digest;
use crate::domain::event::Entry;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::life::{Life, Next, Stage};
use crate::domain::locator::Locator;

/// Largest decision or plan that is stored, in bytes of JSON.
const PAPER_MAX: usize = 1 << 20;

/// A change as the writer takes it.
#[derive(Debug)]
pub(super) enum Prepared {
    Open {
        ticket: NewTicket,
        line: Line,
    },
    Step(Box<Step>),
    Letter(Box<Written>),
    LetterStep(Box<LetterStep>),
    Thread(Box<Threaded>),
    Mailbox {
        name: MailboxName,
        patch: MailboxPatch,
        line: Option<Line>,
    },
    Redact {
        redaction: Redaction,
        line: Line,
    },
    Note(Line),
}

/// A line of the audit log that has no place in the chain yet.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) at: i64,
    pub(super) mailbox: Option<MailboxName>,
    pub(super) ticket: Option<TicketId>,
    pub(super) kind: &'static str,
    pub(super) body: String,
}

/// A step in the columns it changes.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) ticket: TicketId,
    pub(super) expected: StageKey,
    pub(super) stage: StageName,
    pub(super) next: Option<&'static str>,
    pub(super) hold: Option<String>,
    pub(super) until: Option<i64>,
    pub(super) tries: u32,
    pub(super) attempts: u32,
    pub(super) learned: Option<Learned>,
    pub(super) locator: Option<Locator>,
    pub(super) line: Line,
}

/// What a step makes known, in columns.
#[derive(Debug)]
pub(super) struct Learned {
    pub(super) digest: Option<Digest>,
    pub(super) action: Option<&'static str>,
    pub(super) category: Option<String>,
    pub(super) product: Option<String>,
    pub(super) priority: Option<&'static str>,
    pub(super) recipient: Option<String>,
    pub(super) message_id: Option<String>,
    pub(super) folder: Option<String>,
    pub(super) sender: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) decision: Option<String>,
    pub(super) plan: Option<String>,
}

impl Prepared {
    pub(super) fn of(change: Change) -> Result<Self, LedgerError> {
        Ok(match change {
            Change::Open { ticket, entry } => Self::Open {
                ticket,
                line: Line::of(&entry)?,
            },
            Change::Step {
                ticket,
                expected,
                life,
                patch,
                entry,
            } => Self::Step(Box::new(Step::of(ticket, expected, &life, patch, &entry)?)),
            Change::Letter { letter, entry } => {
                Self::Letter(Box::new(Written::of(letter, &entry)?))
            }
            Change::LetterStep {
                number,
                expected,
                life,
                letter,
                entry,
            } => Self::LetterStep(Box::new(LetterStep::of(
                number,
                expected,
                &life,
                letter.as_ref(),
                &entry,
            )?)),
            Change::Thread {
                of,
                thread,
                joins,
                keys,
                refiled,
                entry,
            } => {
                let threaded = Threaded::of(of, &thread, joins, keys, entry.as_ref())?;
                Self::Thread(Box::new(threaded.with_moved(refiled)))
            }
            Change::Mailbox { name, patch, entry } => Self::Mailbox {
                name,
                patch,
                line: entry.as_ref().map(Line::of).transpose()?,
            },
            Change::Redact { redaction, entry } => Self::Redact {
                redaction,
                line: Line::of(&entry)?,
            },
            Change::Note(entry) => Self::Note(Line::of(&entry)?),
        })
    }

    /// The ticket whose row this changes.
    pub(super) fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Open { ticket, .. } => Some(ticket.id),
            Self::Step(step) => Some(step.ticket),
            Self::Letter(_)
            | Self::LetterStep(_)
            | Self::Thread(_)
            | Self::Mailbox { .. }
            | Self::Redact { .. }
            | Self::Note(_) => None,
        }
    }

    pub(super) fn line(&self) -> Option<&Line> {
        match self {
            Self::Open { line, .. } | Self::Redact { line, .. } | Self::Note(line) => Some(line),
            Self::Step(step) => Some(&step.line),
            Self::Letter(letter) => Some(&letter.line),
            Self::LetterStep(step) => Some(&step.line),
            Self::Thread(threaded) => threaded.line.as_ref(),
            Self::Mailbox { line, .. } => line.as_ref(),
        }
    }
}

impl Line {
    pub(super) fn of(entry: &Entry) -> Result<Self, LedgerError> {
        Ok(Self {
            at: entry.at.as_microsecond(),
            mailbox: entry.mailbox.clone(),
            ticket: entry.ticket,
            kind: entry.happening.as_str(),
            body: chain::body(entry).map_err(|error| refused("audit entry", &error))?,
        })
    }
}

impl Step {
    fn of(
        ticket: TicketId,
        expected: StageKey,
        life: &Life,
        patch: Patch,
        entry: &Entry,
    ) -> Result<Self, LedgerError> {
        let (next, hold, until) = match &life.stage {
            Stage::Decided { next } | Stage::Observed { next } => (Some(*next), None, None),
            Stage::Held { next, reason } => (*next, Some(json("hold reason", reason)?), None),
            Stage::Deferred { until } => (None, None, Some(until.as_microsecond())),
            _ => (None, None, None),
        };
        Ok(Self {
            ticket,
            expected,
            stage: StageName::of(&life.stage),
            next: next.map(Next::as_str),
            hold,
            until,
            tries: life.tries,
            attempts: life.attempts,
            locator: patch.locator.clone(),
            learned: Learned::of(patch)?,
            line: Line::of(entry)?,
        })
    }
}

impl Learned {
    fn of(patch: Patch) -> Result<Option<Self>, LedgerError> {
        let Patch {
            digest,
            decision,
            plan,
            folder,
            summary,
            locator: _,
        } = patch;
        if digest.is_none()
            && decision.is_none()
            && plan.is_none()
            && folder.is_none()
            && summary.is_none()
        {
            return Ok(None);
        }
        let decided = decision.as_ref();
        let text = |text: &dyn ToString| text.to_string();
        let (sender, subject) = summary.map(|s| (s.from, s.subject)).unzip();
        Ok(Some(Self {
            digest,
            action: decided.map(|d| d.action.as_str()),
            category: decided.and_then(|d| d.category.as_ref().map(|c| text(c))),
            product: decided.and_then(|d| d.product.as_ref().map(|p| text(&p.product))),
            priority: decided.map(|d| d.priority.as_str()),
            recipient: match &plan {
                Some(plan) => Some(text(&plan.recipient)),
                None => decided.and_then(|d| d.recipient.as_ref().map(|r| text(r))),
            },
            message_id: plan.as_ref().map(|p| p.message_id.clone()),
            folder: folder
                .as_ref()
                .or_else(|| decided.map(|d: &Decision| &d.folder))
                .map(|f| text(f)),
            sender,
            subject,
            decision: decided.map(|d| json("decision", d)).transpose()?,
            plan: plan.as_ref().map(|p| json("plan", p)).transpose()?,
        }))
    }
}

/// `value` as JSON to be stored.
pub(super) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, LedgerError> {
    let text = serde_json::to_string(value).map_err(|error| refused(what, &error))?;
    if text.len() > PAPER_MAX {
        return Err(LedgerError::Refused {
            what: format!(
                "a {what} of {} bytes, at most {PAPER_MAX} are kept",
                text.len()
            ),
        });
    }
    Ok(text)
}

fn refused(what: &'static str, error: &serde_json::Error) -> LedgerError {
    LedgerError::Refused {
        what: format!("a {what} that is no JSON: {error}"),
    }
}
