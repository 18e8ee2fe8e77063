//! SMTP: one connection to a submission server or relay, kept warm, one message at a time.
//!
//! The client library supplies addresses, commands and log-in mechanisms; connections, replies
//! and deadlines are our own, see `wire.rs`. Which ticket is sent when is the pipeline's.
//!
//! Invariants:
//! - A message is delivered when the answer to its final dot is exactly `250`, and not otherwise.
//! - A connection is used again only after a `250`. While a message is sent the connection
//!   belongs to that call: when the call fails or is dropped, so is the connection.
//! - No message byte leaves before the gate has opened.

mod bearer;
mod class;
mod dots;
mod offer;
mod patience;
mod probe;
mod reply;
mod session;
mod transaction;
mod wire;

pub use patience::Patience;
pub use probe::Probe;

use dots::Pieces;
use session::{Session, Trust};
use transaction::{Envelope, begin, finish};

use super::capabilities::Capabilities;
use crate::config::delivery::SmtpConfig;
use crate::config::login::{Login, Proof};
use crate::domain::address::Address;
use crate::domain::outcome::{Cause, Outcome, spoken};
use crate::mail::rendered::Rendered;
use crate::oauth::{Account, Tokens};

/// One connection to the server, opened when first needed.
pub struct SmtpLane {
    config: SmtpConfig,
    patience: Patience,
    trust: Trust,
    /// Where its access tokens come from, if it logs in by any.
    account: Option<Account>,
    warm: Option<Session>,
}

impl SmtpLane {
    /// A lane that is not connected yet.
    pub fn new(config: SmtpConfig, tokens: &Tokens) -> Self {
        Self::with_patience(config, tokens, Patience::DEFAULT)
    }

    /// As [`Self::new`], with other deadlines.
    pub fn with_patience(config: SmtpConfig, tokens: &Tokens, patience: Patience) -> Self {
        let account = match &config.login {
            Some(Login {
                proof: Proof::OAuth2(oauth2),
                ..
            }) => Some(tokens.of(oauth2)),
            _ => None,
        };
        Self {
            account,
            config,
            patience,
            trust: Trust::default(),
            warm: None,
        }
    }

    /// Connects and logs in unless a usable connection is there, and says what the server takes.
    ///
    /// # Errors
    /// [`Outcome::Deferred`] with a general cause; no message is concerned.
    pub async fn ready(&mut self) -> Result<Capabilities, Outcome> {
        let session = self.session().await?;
        let capabilities = Capabilities {
            eight_bit: session.offer.eight_bit,
            size_max: session.offer.size_max,
        };
        self.warm = Some(session);
        Ok(capabilities)
    }

    /// Sends `message` to `recipient`; see [`super::Lane::send`].
    pub async fn send<G: Future<Output = bool>>(
        &mut self,
        from: Option<&Address>,
        recipient: &Address,
        message: &Rendered,
        gate: G,
    ) -> Outcome {
        match self.try_send(from, recipient, message, gate).await {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn try_send<G: Future<Output = bool>>(
        &mut self,
        from: Option<&Address>,
        recipient: &Address,
        message: &Rendered,
        gate: G,
    ) -> Result<Outcome, Outcome> {
        let envelope = Envelope::new(from, recipient)?;
        let pieces = Pieces::of(&message.bytes).map_err(|unfit| Outcome::Refused {
            cause: Cause::Message,
            reply: spoken(&unfit.to_string()),
        })?;
        let mut session = self.session().await?;
        if let Err(denied) = begin(&mut session, &envelope, message, &self.patience).await {
            if !(denied.session_over && session.is_worn()) {
                session.part();
                return Err(denied.outcome);
            }
            // The server had given up a connection we held on to, and nothing was sent yet.
            session = self.open().await?;
            if let Err(denied) = begin(&mut session, &envelope, message, &self.patience).await {
                session.part();
                return Err(denied.outcome);
            }
        }
        let outcome = finish(&mut session, pieces, gate, &self.patience).await;
        if matches!(outcome, Outcome::Delivered { .. }) {
            session.carried_one();
            self.warm = Some(session);
        }
        Ok(outcome)
    }

    /// Says good-bye to the server, without waiting for it.
    pub fn close(&mut self) {
        if let Some(session) = self.warm.take() {
            session.part();
        }
    }

    async fn open(&mut self) -> Result<Session, Outcome> {
        let account = self.account.as_ref();
        Session::open(&self.config, account, &mut self.trust, &self.patience).await
    }

    /// A session that belongs to the caller until it is put back.
    async fn session(&mut self) -> Result<Session, Outcome> {
        if let Some(mut session) = self.warm.take() {
            if session.is_fit(&self.patience) {
                return Ok(session);
            }
            session.part();
        }
        self.open().await
    }
}
