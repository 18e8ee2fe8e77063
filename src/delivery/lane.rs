//! A way out, used by one task at a time.

use super::maildir::MaildirLane;
use super::sendmail::SendmailLane;
use super::smtp::SmtpLane;
use crate::config::delivery::{DeliveryConfig, Transport};
use crate::domain::address::Address;
use crate::domain::outcome::{Cause, Outcome};
use crate::mail::rendered::Rendered;

/// What a way out can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes above 127 may stand in the message.
    pub eight_bit: bool,
    /// Most bytes of a message; `None` when no bound is known.
    pub size_max: Option<u64>,
}

/// One way out.
pub enum Lane {
    /// A submission server or relay.
    Smtp(Box<SmtpLane>),
    /// A Maildir on this host.
    Maildir(MaildirLane),
    /// A local `sendmail` program.
    Sendmail(SendmailLane),
}

/// How many lanes `config` allows at once, at least 1.
pub fn lanes(config: &DeliveryConfig) -> usize {
    match &config.transport {
        Transport::Smtp(smtp) => smtp.connections.max(1),
        // Both write to this host's disk; more lanes would only queue there.
        Transport::Maildir { .. } | Transport::Sendmail { .. } => 1,
    }
}

impl Lane {
    /// A lane that has touched nothing yet.
    pub fn new(config: &DeliveryConfig) -> Self {
        match &config.transport {
            Transport::Smtp(smtp) => Self::Smtp(Box::new(SmtpLane::new(smtp.clone()))),
            Transport::Maildir { path } => Self::Maildir(MaildirLane::new(path.clone())),
            Transport::Sendmail { program } => Self::Sendmail(SendmailLane::new(program.clone())),
        }
    }

    /// Makes ready to send, and says what the way out takes.
    ///
    /// # Errors
    /// [`Outcome::Deferred`] with a general cause; no message is concerned.
    pub async fn ready(&mut self) -> Result<Capabilities, Outcome> {
        match self {
            Self::Smtp(lane) => lane.ready().await,
            // A file takes any bytes; `sendmail` takes 8 bits and converts where it must.
            Self::Maildir(_) | Self::Sendmail(_) => Ok(Capabilities {
                eight_bit: true,
                size_max: None,
            }),
        }
    }

    /// Sends `message` to `recipient`. `gate` is waited for before the first byte of the message
    /// leaves; when it says `false`, nothing leaves and the outcome is deferred.
    ///
    /// The future may be dropped: nothing half-sent is used again.
    pub async fn send<G: Future<Output = bool>>(
        &mut self,
        from: &Address,
        recipient: &Address,
        message: &Rendered,
        gate: G,
    ) -> Outcome {
        match self {
            Self::Smtp(lane) => lane.send(from, recipient, message, gate).await,
            Self::Maildir(lane) => {
                if !gate.await {
                    return not_begun();
                }
                lane.send(recipient, message).await
            }
            Self::Sendmail(lane) => {
                if !gate.await {
                    return not_begun();
                }
                lane.send(from, recipient, message).await
            }
        }
    }
}

fn not_begun() -> Outcome {
    let reply = "not begun: the outcome before it could not be recorded".to_owned();
    Outcome::Deferred {
        cause: Cause::Server,
        reply,
    }
}
