//! A connection that tries a submission server step by step, for `triaged doctor`. It never says
//! DATA: nothing is sent.

use lettre::transport::smtp::commands::{Mail, Rcpt, Rset};
use rustls::pki_types::CertificateDer;

use super::class::Step;
use super::patience::Patience;
use super::session::{Session, Trust, lost, refused};
use super::transaction::Envelope;
use crate::config::delivery::SmtpConfig;
use crate::config::login::Proof;
use crate::domain::address::Address;
use crate::domain::outcome::Outcome;
use crate::oauth::Tokens;

/// The connection.
pub struct Probe {
    config: SmtpConfig,
    patience: Patience,
    session: Session,
}

impl Probe {
    /// Connects; the server has said what it offers then, under TLS where there is any.
    ///
    /// # Errors
    /// As [`super::SmtpLane::ready`].
    pub async fn connect(config: &SmtpConfig) -> Result<Self, Outcome> {
        let patience = Patience::DEFAULT;
        let session = Session::connect(config, &mut Trust::default(), &patience).await?;
        Ok(Self {
            config: config.clone(),
            patience,
            session,
        })
    }

    /// The certificate the server showed.
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.session.certificate.as_ref()
    }

    /// Most bytes of a message, when the server names a bound.
    pub fn size_max(&self) -> Option<u64> {
        self.session.offer.size_max
    }

    /// Logs in, where a log-in is configured.
    ///
    /// # Errors
    /// As [`super::SmtpLane::ready`].
    pub async fn log_in(&mut self, tokens: &Tokens) -> Result<(), Outcome> {
        let account = match self.config.login.as_ref().map(|login| &login.proof) {
            Some(Proof::OAuth2(oauth2)) => Some(tokens.of(oauth2)),
            Some(Proof::Password(_)) | None => None,
        };
        self.session
            .log_in(&self.config, account.as_ref(), &self.patience)
            .await
    }

    /// Whether the server would take a message from `from` to `recipient`: says MAIL, RCPT and RSET.
    ///
    /// # Errors
    /// The outcome a message would have had.
    pub async fn would_take(&mut self, from: &Address, recipient: &Address) -> Result<(), Outcome> {
        let envelope = Envelope::new(Some(from), recipient)?;
        let (from, recipient) = envelope.addresses();
        let steps = [
            (Step::Mail, Mail::new(from.cloned(), vec![]).to_string()),
            (Step::Rcpt, Rcpt::new(recipient.clone(), vec![]).to_string()),
        ];
        let (wire, limit) = (&mut self.session.wire, self.patience.envelope);
        for (step, command) in steps {
            match wire.ask(&command, limit).await {
                Ok(reply) if reply.class() == 2 => {}
                Ok(reply) => {
                    // Best effort: the next MAIL would begin anew anyway (RFC 5321 §4.1.1.5).
                    let _ = wire.ask(&Rset.to_string(), self.patience.courtesy).await;
                    return Err(refused(step, &reply));
                }
                Err(broken) => return Err(lost(step, &broken)),
            }
        }
        match wire.ask(&Rset.to_string(), limit).await {
            Ok(_) => Ok(()),
            Err(broken) => Err(lost(Step::Rcpt, &broken)),
        }
    }

    /// Says good-bye.
    pub fn close(self) {
        self.session.part();
    }
}
