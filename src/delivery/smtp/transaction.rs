//! One message to one recipient over an open session (RFC 5321 §3.3).
//!
//! Two halves, because they fail differently. Up to DATA nothing is at stake: a session that had
//! died unnoticed may be replaced and the same said again. From the first byte of the message on
//! the outcome is one of the server's words, or *uncertain* once the last byte may have left.

use std::time::Duration;

use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use tokio::time::timeout;

use super::class::{Step, ends_session};
use super::dots::Pieces;
use super::offer::Offer;
use super::patience::Patience;
use super::session::{Session, deferred, lost, refused};
use super::wire::Broken;
use crate::delivery::gate::opened;
use crate::domain::address::Address;
use crate::domain::outcome::{Cause, Outcome, spoken};
use crate::mail::rendered::Rendered;

/// Ends a message that has no bytes.
const LONE_DOT: &str = ".\r\n";

/// Sender and recipient in the client library's checked form.
pub(super) struct Envelope {
    /// `None` is the null sender.
    from: Option<lettre::Address>,
    to: lettre::Address,
}

impl Envelope {
    /// Takes both addresses, or says whose fault it is that they cannot be written.
    pub fn new(from: Option<&Address>, to: &Address) -> Result<Self, Outcome> {
        let checked = |address: &Address| {
            lettre::Address::new(address.local(), address.domain())
                .map_err(|e| spoken(&format!("`{address}` is not fit for SMTP: {e}")))
        };
        let from = from
            .map(checked)
            .transpose()
            .map_err(|reply| Outcome::Deferred {
                cause: Cause::Identity,
                reply,
            })?;
        let to = checked(to).map_err(|reply| Outcome::Refused {
            cause: Cause::Recipient,
            reply,
        })?;
        Ok(Self { from, to })
    }

    /// Sender and recipient.
    pub fn addresses(&self) -> (Option<&lettre::Address>, &lettre::Address) {
        (self.from.as_ref(), &self.to)
    }

    /// The commands that `offer` allows for `message`, or why it cannot go that way.
    fn commands(&self, message: &Rendered, offer: &Offer) -> Result<[String; 3], Outcome> {
        let refuse = |cause, words: &str| Outcome::Refused {
            cause,
            reply: spoken(words),
        };
        let size = message.bytes.len();
        if let Some(max) = offer.size_max.filter(|max| *max < size as u64) {
            let words = format!("the message has {size} bytes, the server takes {max}");
            return Err(refuse(Cause::Message, &words));
        }
        let mut parameters = Vec::with_capacity(3);
        if offer.size {
            parameters.push(MailParameter::Size(size));
        }
        if message.eight_bit {
            if !offer.eight_bit {
                let words = "the message is 8-bit and the server does not offer 8BITMIME";
                return Err(refuse(Cause::Message, words));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
        if !self.from.as_ref().is_none_or(ascii) || !ascii(&self.to) {
            if !offer.utf8 {
                let words = "an address is not ASCII and the server does not offer SMTPUTF8";
                return Err(refuse(Cause::Recipient, words));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        Ok([
            Mail::new(self.from.clone(), parameters).to_string(),
            Rcpt::new(self.to.clone(), Vec::new()).to_string(),
            Data.to_string(),
        ])
    }
}

/// Why there is no leave to send the message.
pub(super) struct Denied {
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it was the session that ended: on a fresh one the answer may be another.
    pub session_over: bool,
}

impl Denied {
    fn by(step: Step, reply: &super::reply::Reply) -> Self {
        Self {
            outcome: refused(step, reply),
            session_over: ends_session(reply),
        }
    }

    fn lost(step: Step, broken: &Broken) -> Self {
        Self {
            outcome: lost(step, broken),
            session_over: broken.is_gone(),
        }
    }
}

/// Says MAIL, RCPT and DATA and returns once the server waits for the message. In one write where
/// the server allows it (RFC 2920), which saves two round trips.
pub(super) async fn begin(
    session: &mut Session,
    envelope: &Envelope,
    message: &Rendered,
    patience: &Patience,
) -> Result<(), Denied> {
    let commands = envelope
        .commands(message, &session.offer)
        .map_err(|outcome| Denied {
            outcome,
            session_over: false,
        })?;
    let steps = [
        (Step::Mail, patience.envelope),
        (Step::Rcpt, patience.envelope),
        (Step::Data, patience.data),
    ];
    let wire = &mut session.wire;
    let pipelining = session.offer.pipelining;
    if pipelining {
        wire.say(&commands.concat(), patience.envelope)
            .await
            .map_err(|broken| Denied::lost(Step::Mail, &broken))?;
    }
    let mut denied: Option<Denied> = None;
    for ((step, limit), command) in steps.into_iter().zip(&commands) {
        let limit = if denied.is_some() {
            patience.courtesy
        } else {
            limit
        };
        let answer = if pipelining {
            wire.reply(limit).await
        } else {
            wire.ask(command, limit).await
        };
        let reply = match answer {
            Ok(reply) => reply,
            Err(broken) => return Err(denied.unwrap_or_else(|| Denied::lost(step, &broken))),
        };
        let granted = match step {
            Step::Data => reply.code == 354,
            _ => reply.class() == 2,
        };
        if granted && step == Step::Data && denied.is_some() {
            // The server waits for a message that has nobody to go to (RFC 2920 §3.1).
            let _ = wire.ask(LONE_DOT, patience.courtesy).await;
        } else if !granted && denied.is_none() {
            denied = Some(Denied::by(step, &reply));
            if !pipelining {
                break;
            }
        }
    }
    denied.map_or(Ok(()), Err)
}

/// Sends the message after [`begin`] and reads the verdict. `gate` is awaited first; nothing is
/// sent when it answers `false` or not in time.
pub(super) async fn finish<G: Future<Output = bool>>(
    session: &mut Session,
    pieces: Pieces<'_>,
    gate: G,
    patience: &Patience,
) -> Outcome {
    if let Err(outcome) = opened(gate, patience.gate).await {
        return outcome;
    }
    let wire = &mut session.wire;
    let mut left = pieces.len();
    let writing = wire.write_message(pieces, &mut left, patience.block);
    let written = timeout(patience.body, writing)
        .await
        .unwrap_or(Err(Broken::Slow(patience.body)));
    let answer = match written {
        Ok(()) => wire.reply(patience.end).await,
        // A server that has had enough may have said why before it stopped reading.
        Err(broken) => match wire.reply(wait_after(left, patience)).await {
            Ok(reply) => Ok(reply),
            Err(_) => Err(broken),
        },
    };
    match answer {
        Ok(reply) if reply.code == 250 && left == 0 => Outcome::Delivered {
            reply: spoken(&reply.to_string()),
        },
        Ok(reply) if matches!(reply.class(), 4 | 5) => refused(Step::End, &reply),
        Ok(reply) => in_doubt(left, &format!("unexpected answer: {reply}")),
        Err(broken) => in_doubt(left, &broken.to_string()),
    }
}

/// How long to wait for words after a failed write: as long as for any verdict when the message
/// may be complete.
fn wait_after(left: usize, patience: &Patience) -> Duration {
    if left == 0 {
        patience.end
    } else {
        patience.courtesy
    }
}

/// No verdict was read: certain only as long as the end of the message cannot have left.
fn in_doubt(left: usize, why: &str) -> Outcome {
    if left > 0 {
        return deferred(Cause::Server, &format!("while sending the message: {why}"));
    }
    Outcome::Uncertain {
        reply: spoken(&format!("after the final dot: {why}")),
    }
}
