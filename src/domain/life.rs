//! The life of a ticket as one pure function: `step(life, event) -> (life, effect)`.
//!
//! ```text
//!  Seen ──decide──▶ Decided ──begin──▶ Sending ──accepted──▶ Delivered ──moved──▶ Settled
//!   │ tries spent     │  ▲ due/release     │ not now                               ▲
//!   ▼                 │  └── Deferred ◀────┤                                       │
//!  Decided(quarantine)│      Held ◀────────┘ refused                               │
//!   │ moved           └─────────────────── moved (what is only filed) ─────────────┘
//!   ▼
//!  Quarantined         Withdrawn ◀── the source copy vanished before anything was sent
//!
//!  Seen ──decide, `mode = "observe"`──▶ Observed ──`mode = "live"`──▶ Seen
//! ```
//!
//! The pipeline performs what a step says and never invents a change of its own. Every step is
//! written, with its audit event, before its effect is begun. What must hold:
//! - a move out of the source is asked for only from `Decided` (to file) and `Delivered`;
//! - a try is counted before the first byte is parsed, the first one with the finding;
//! - `Sending` is entered by a write of its own, so that a crash there is always known;
//! - from `Observed` nothing is sent or moved until it is decided anew, or a person says so;
//! - the last three stages are ends: no event leaves them but a person's.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::reason::HoldReason;

/// What a decided ticket needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// Sent, then filed.
    Send,
    /// Filed.
    File,
    /// Filed in the quarantine folder.
    Quarantine,
}

impl Next {
    /// The word stored in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::File => "file",
            Self::Quarantine => "quarantine",
        }
    }
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// It lies in the source folder; nothing is decided.
    Seen,
    /// Decided and recorded; nothing is done yet.
    Decided {
        /// What it needs.
        next: Next,
    },
    /// An attempt may be on the wire.
    Sending,
    /// The destination took it; the source copy is still there.
    Delivered,
    /// To be tried again.
    Deferred {
        /// Not before.
        until: Timestamp,
    },
    /// A person must act; it stays in the source folder.
    Held {
        /// What it needs once it is released; `None` before a decision.
        next: Option<Next>,
        /// Why.
        reason: HoldReason,
    },
    /// Decided and recorded; nothing is done, for its mailbox is only observed.
    Observed {
        /// What it would need.
        next: Next,
    },
    /// Done: it lies in its folder.
    Settled,
    /// Done: it lies in the quarantine folder.
    Quarantined,
    /// A person took it away before anything was sent.
    Withdrawn,
}

impl Stage {
    /// The word used in ledger, command line and log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Decided { .. } => "decided",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Deferred { .. } => "deferred",
            Self::Held { .. } => "held",
            Self::Observed { .. } => "observed",
            Self::Settled => "settled",
            Self::Quarantined => "quarantined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nothing is left to do.
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Settled | Self::Quarantined | Self::Withdrawn)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stage and the two counters that outlive it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Where it stands.
    pub stage: Stage,
    /// How often reading it was begun.
    pub tries: u32,
    /// How often sending it was begun.
    pub attempts: u32,
}

impl Life {
    /// A message just found. It is found to be read, so that its first try is counted with it.
    pub const fn new() -> Self {
        Self {
            stage: Stage::Seen,
            tries: 1,
            attempts: 0,
        }
    }
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

/// What happened, or what somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Reading it begins. Counted before the first byte is parsed, so that a crash counts.
    Try {
        /// How many tries a message gets.
        tries_max: u32,
    },
    /// The server or the connection failed before it could be read: the try does not count.
    Spare,
    /// It was decided.
    Decide(Next),
    /// It was decided, or its tries are spent, in a mailbox that is only observed.
    Observe(Next),
    /// Its mailbox is observed no more: it is decided anew.
    Reconsider,
    /// An attempt begins.
    Begin,
    /// An attempt ended.
    End {
        /// How.
        outcome: Outcome,
        /// When the next may begin, if it must be repeated; `None` once it has waited too long.
        retry: Option<Timestamp>,
    },
    /// The way out closed before anything of it was on the wire: the attempt does not count.
    PutBack,
    /// The daemon that was sending is gone: whether it was accepted is not known.
    Interrupted,
    /// The message was seen in its folder, or the move was proved.
    Moved,
    /// The source copy is gone, and no configured folder holds it.
    Vanished,
    /// It must wait for a person.
    Hold(HoldReason),
    /// A person lets it go on.
    Release,
    /// A person wants it tried now.
    Retry,
    /// A person gave it another destination.
    Reroute(Next),
}

/// What the pipeline must now do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Parse and decide.
    Read,
    /// Wait for a lane, then [`Event::Begin`].
    Queue,
    /// Transmit.
    Transmit,
    /// Move the source copy to its folder.
    Move,
    /// Nothing until its time has come.
    Wait,
    /// Nothing: a person must act.
    AskPerson,
    /// Nothing while its mailbox is only observed, then [`Event::Reconsider`].
    Observe,
    /// Nothing: it is at its end.
    Nothing,
}

/// An event that cannot happen at this stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot happen to a ticket that is {stage}")]
pub struct Illegal {
    /// The stage's word.
    pub stage: &'static str,
    /// The event's word.
    pub event: &'static str,
}

impl Event {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Try { .. } => "try",
            Self::Spare => "spare",
            Self::Decide(_) => "decide",
            Self::Observe(_) => "observe",
            Self::Reconsider => "reconsider",
            Self::Begin => "begin",
            Self::End { .. } => "end",
            Self::PutBack => "put back",
            Self::Interrupted => "interrupted",
            Self::Moved => "moved",
            Self::Vanished => "vanished",
            Self::Hold(_) => "hold",
            Self::Release => "release",
            Self::Retry => "retry",
            Self::Reroute(_) => "reroute",
        }
    }
}

/// What follows when `event` happens to a ticket whose life is `life`.
///
/// # Errors
/// [`Illegal`] when the event has no meaning at this stage; nothing may then be written.
pub fn step(life: &Life, event: &Event) -> Result<(Life, Effect), Illegal> {
    use Stage::{
        Decided, Deferred, Delivered, Held, Observed, Quarantined, Seen, Sending, Settled,
        Withdrawn,
    };

    let Life {
        stage,
        tries,
        attempts,
    } = life;
    let (mut tries, mut attempts) = (*tries, *attempts);
    let (stage, effect) = match (stage, event) {
        (Seen, Event::Try { tries_max }) if tries >= *tries_max => decided(Next::Quarantine),
        (Seen, Event::Try { .. }) => {
            tries += 1;
            (Seen, Effect::Read)
        }
        (Seen, Event::Spare) if tries > 0 => {
            tries -= 1;
            (Seen, Effect::Read)
        }
        (Seen, Event::Decide(next)) => decided(*next),
        (Seen, Event::Observe(next)) => (Observed { next: *next }, Effect::Observe),
        (Observed { .. }, Event::Reconsider) => {
            tries = 0;
            (Seen, Effect::Read)
        }
        (Decided { next: Next::Send } | Deferred { .. }, Event::Begin) => {
            attempts += 1;
            (Sending, Effect::Transmit)
        }
        (Sending, Event::End { outcome, retry }) => ended(outcome, *retry),
        (Sending, Event::PutBack) if attempts > 0 => {
            attempts -= 1;
            decided(Next::Send)
        }
        (Sending, Event::Interrupted) => decided(Next::Send),
        (Decided { next: Next::File } | Delivered, Event::Moved) => (Settled, Effect::Nothing),
        (
            Decided {
                next: Next::Quarantine,
            },
            Event::Moved,
        ) => (Quarantined, Effect::Nothing),
        // Accepted, and then taken from the source by somebody else: the ticket did its work.
        (Delivered, Event::Vanished) => (Settled, Effect::Nothing),
        (
            Seen | Decided { .. } | Sending | Deferred { .. } | Held { .. } | Observed { .. },
            Event::Vanished,
        ) => (Withdrawn, Effect::Nothing),
        (Seen, Event::Hold(reason)) => held(None, reason),
        (Decided { next } | Observed { next }, Event::Hold(reason)) => held(Some(*next), reason),
        (Deferred { .. }, Event::Hold(reason)) => held(Some(Next::Send), reason),
        (Held { next: None, .. }, Event::Release | Event::Retry) => {
            tries = 0;
            (Seen, Effect::Read)
        }
        (
            Held {
                next: Some(next), ..
            },
            Event::Release | Event::Retry,
        ) => decided(*next),
        (Deferred { .. }, Event::Retry) => decided(Next::Send),
        // A person wants it done, whatever the mailbox's mode is.
        (Observed { next }, Event::Release | Event::Retry) => decided(*next),
        (
            Seen | Decided { .. } | Deferred { .. } | Held { .. } | Observed { .. },
            Event::Reroute(next),
        ) => decided(*next),
        _ => {
            return Err(Illegal {
                stage: stage.as_str(),
                event: event.as_str(),
            });
        }
    };
    Ok((
        Life {
            stage,
            tries,
            attempts,
        },
        effect,
    ))
}

fn decided(next: Next) -> (Stage, Effect) {
    let effect = match next {
        Next::Send => Effect::Queue,
        Next::File | Next::Quarantine => Effect::Move,
    };
    (Stage::Decided { next }, effect)
}

fn held(next: Option<Next>, reason: &HoldReason) -> (Stage, Effect) {
    (
        Stage::Held {
            next,
            reason: reason.clone(),
        },
        Effect::AskPerson,
    )
}

fn ended(outcome: &Outcome, retry: Option<Timestamp>) -> (Stage, Effect) {
    match outcome {
        Outcome::Delivered { .. } => (Stage::Delivered, Effect::Move),
        Outcome::Refused { cause, reply } => held(
            Some(Next::Send),
            &HoldReason::Refused {
                cause: *cause,
                reply: reply.clone(),
            },
        ),
        Outcome::Deferred { reply, .. } | Outcome::Uncertain { reply } => match retry {
            Some(until) => (Stage::Deferred { until }, Effect::Wait),
            None => held(
                Some(Next::Send),
                &HoldReason::Expired {
                    reply: reply.clone(),
                },
            ),
        },
    }
}

/// What a ticket found in the ledger at start needs, before anything new happens to it.
pub fn resume(life: &Life) -> Effect {
    match &life.stage {
        Stage::Seen => Effect::Read,
        Stage::Decided { next } => decided(*next).1,
        Stage::Sending => Effect::Queue,
        Stage::Delivered => Effect::Move,
        Stage::Deferred { .. } => Effect::Wait,
        Stage::Held { .. } => Effect::AskPerson,
        Stage::Observed { .. } => Effect::Observe,
        Stage::Settled | Stage::Quarantined | Stage::Withdrawn => Effect::Nothing,
    }
}
