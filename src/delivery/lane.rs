//! A way out, used by one task at a time: the closed set of transports behind one call.
//!
//! What a lane promises, whatever is behind it: nothing leaves before the gate has opened, one
//! message goes to one recipient, and the outcome is final for this attempt. How often to try and
//! what to try next is not its business.

use std::time::Duration;

use super::capabilities::Capabilities;
use super::gate::opened;
use super::maildir::MaildirLane;
use super::sendmail::SendmailLane;
use super::smtp::SmtpLane;
use crate::config::delivery::{DeliveryConfig, Transport};
use crate::domain::address::Address;
use crate::domain::outcome::Outcome;
use crate::mail::rendered::Rendered;
use crate::oauth::Tokens;

/// Longest wait for the gate where no server waits behind it.
const GATE_MAX: Duration = Duration::from_mins(1);

/// One way out.
pub enum Lane {
    /// A submission server or relay.
    Smtp(Box<SmtpLane>),
    /// A Maildir on this host.
    Maildir(MaildirLane),
    /// A local `sendmail` program.
    Sendmail(SendmailLane),
}

impl Lane {
    /// The way out that `config` names. Nothing is touched or connected yet.
    pub fn new(config: &DeliveryConfig, tokens: &Tokens) -> Self {
        match &config.transport {
            Transport::Smtp(smtp) => Self::Smtp(Box::new(SmtpLane::new(smtp.clone(), tokens))),
            Transport::Maildir { path } => Self::Maildir(MaildirLane::new(path.clone())),
            Transport::Sendmail { program } => Self::Sendmail(SendmailLane::new(program.clone())),
        }
    }

    /// Makes the way ready, connecting and logging in where needed, and says what it can carry.
    /// Nothing is sent.
    ///
    /// # Errors
    /// An [`Outcome::Deferred`] that concerns no ticket: its cause is the server, our identity or
    /// a sending limit.
    pub async fn ready(&mut self) -> Result<Capabilities, Outcome> {
        match self {
            Self::Smtp(lane) => lane.ready().await,
            Self::Maildir(_) => Ok(Capabilities {
                eight_bit: true,
                size_max: None,
            }),
            // Where the program passes it on to cannot be asked.
            Self::Sendmail(_) => Ok(Capabilities {
                eight_bit: false,
                size_max: None,
            }),
        }
    }

    /// Sends `message` from the envelope sender `from` to `recipient`. Without `from` it goes under
    /// the null sender `<>`: nothing comes back for it (RFC 5321 §4.5.5).
    ///
    /// `gate` is awaited at most once, when nothing but the message itself is missing; over SMTP
    /// that is after the server has answered DATA. It answers `true` once whatever must be durable
    /// before is. When it answers `false`, or not within a minute, nothing is sent and the outcome
    /// is [`Outcome::Deferred`].
    ///
    /// A call that is dropped leaves the lane usable; whether its message was accepted is then as
    /// unknown as after [`Outcome::Uncertain`].
    pub async fn send<G: Future<Output = bool>>(
        &mut self,
        from: Option<&Address>,
        recipient: &Address,
        message: &Rendered,
        gate: G,
    ) -> Outcome {
        match self {
            Self::Smtp(lane) => lane.send(from, recipient, message, gate).await,
            Self::Maildir(lane) => match opened(gate, GATE_MAX).await {
                Ok(()) => lane.send(recipient, message).await,
                Err(outcome) => outcome,
            },
            Self::Sendmail(lane) => match opened(gate, GATE_MAX).await {
                Ok(()) => lane.send(from, recipient, message).await,
                Err(outcome) => outcome,
            },
        }
    }

    /// Gives up what is kept open, politely and without waiting. The next use opens it again.
    pub fn close(&mut self) {
        if let Self::Smtp(lane) = self {
            lane.close();
        }
    }
}

/// How many lanes `config` allows at once, at least 1.
pub fn lanes(config: &DeliveryConfig) -> usize {
    match &config.transport {
        Transport::Smtp(smtp) => smtp.connections.max(1),
        // Both write to this host's disk; more lanes would only queue there.
        Transport::Maildir { .. } | Transport::Sendmail { .. } => 1,
    }
}
