//! From nothing to a server that is ready for a message: connect, TLS, EHLO, log-in.
//!
//! Invariants: a password is said only under TLS or over loopback; what the server offered in
//! clear text is forgotten once TLS is up; every failure here concerns all tickets, so it is an
//! [`Outcome::Deferred`] with a general cause. No reply that echoes the password reaches an
//! outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Quit, Starttls};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;

use super::bearer;
use super::class::{Step, Verdict, verdict};
use super::offer::Offer;
use super::patience::Patience;
use super::reply::Reply;
use super::wire::{Broken, Stream, Wire};
use crate::config::delivery::SmtpConfig;
use crate::config::login::Proof;
use crate::config::net::Tls;
use crate::config::secret::Secret;
use crate::domain::outcome::{Cause, Outcome, spoken};
use crate::oauth::Account;
use crate::system::{net, tls};

/// Silence up to which a connection that has carried nothing counts as just opened.
const FRESH_FOR: Duration = Duration::from_secs(5);

/// A connection over which messages can be sent, one after the other.
pub(super) struct Session {
    /// The connection.
    pub wire: Wire<Box<dyn Stream>>,
    /// What the server offered in its last EHLO answer.
    pub offer: Offer,
    born: Instant,
    /// When the server last answered.
    heard: Instant,
    /// When the token it was opened with ends.
    until: Option<tokio::time::Instant>,
    /// What the server showed, under TLS.
    pub certificate: Option<CertificateDer<'static>>,
    /// Messages carried.
    carried: u64,
}

/// Not now, in our words.
pub(super) fn deferred(cause: Cause, words: &str) -> Outcome {
    let reply = spoken(words);
    Outcome::Deferred { cause, reply }
}

/// The outcome of a refusal at `step`.
pub(super) fn refused(step: Step, reply: &Reply) -> Outcome {
    let note = if super::class::is_greylisting(reply) {
        "greylisted at"
    } else {
        "at"
    };
    let words = spoken(&format!("{note} {}: {reply}", step.as_str()));
    match verdict(step, reply) {
        Verdict::Defer(cause) => Outcome::Deferred {
            cause,
            reply: words,
        },
        Verdict::Refuse(cause) => Outcome::Refused {
            cause,
            reply: words,
        },
    }
}

/// The outcome of a connection lost at `step`, before a message was on its way.
pub(super) fn lost(step: Step, broken: &Broken) -> Outcome {
    let words = format!("at {}: {broken}", step.as_str());
    deferred(Cause::Server, &words)
}

/// The trust settings, kept between connections so that TLS sessions are resumed.
#[derive(Default)]
pub(super) struct Trust(Option<Arc<ClientConfig>>);

impl Trust {
    async fn get(&mut self, config: &SmtpConfig) -> Result<Arc<ClientConfig>, Outcome> {
        if let Some(settings) = &self.0 {
            return Ok(Arc::clone(settings));
        }
        let file = config.server.ca_file.clone();
        let settings = tokio::task::spawn_blocking(move || tls::client_config(file.as_deref()))
            .await
            .map_err(|e| deferred(Cause::Server, &e.to_string()))?
            .map_err(|e| deferred(Cause::Server, &e.to_string()))?;
        self.0 = Some(Arc::clone(&settings));
        Ok(settings)
    }

    async fn protect(
        &mut self,
        config: &SmtpConfig,
        stream: TcpStream,
        patience: &Patience,
    ) -> Result<(Wire<Box<dyn Stream>>, Option<CertificateDer<'static>>), Outcome> {
        let settings = self.get(config).await?;
        match tls::handshake(settings, &config.server.host, stream, patience.login).await {
            Ok(stream) => {
                let shown = stream.get_ref().1.peer_certificates();
                let first = shown.and_then(|shown| shown.first().cloned());
                Ok((Wire::new(Box::new(stream)), first))
            }
            Err(error) => {
                // The authorities may have been renewed since they were read.
                self.0 = None;
                Err(deferred(Cause::Server, &format!("at TLS: {error}")))
            }
        }
    }
}

impl Session {
    /// Connects and logs in.
    pub async fn open(
        config: &SmtpConfig,
        account: Option<&Account>,
        trust: &mut Trust,
        patience: &Patience,
    ) -> Result<Self, Outcome> {
        let mut session = Self::connect(config, trust, patience).await?;
        session.log_in(config, account, patience).await?;
        Ok(session)
    }

    /// Connects; the server has said then what it offers.
    pub async fn connect(
        config: &SmtpConfig,
        trust: &mut Trust,
        patience: &Patience,
    ) -> Result<Self, Outcome> {
        let server = &config.server;
        let stream = net::connect(&server.host, server.port, patience.connect)
            .await
            .map_err(|e| {
                let words = format!("cannot reach {}:{}: {e}", server.host, server.port);
                deferred(Cause::Server, &words)
            })?;
        let mut certificate = None;
        let (wire, offer) = match server.tls {
            Tls::Implicit => {
                let (mut wire, shown) = trust.protect(config, stream, patience).await?;
                certificate = shown;
                greeted(&mut wire, patience).await?;
                let offer = hello(&mut wire, config, patience).await?;
                (wire, offer)
            }
            Tls::Starttls => {
                let mut clear = Wire::new(stream);
                greeted(&mut clear, patience).await?;
                let offer = hello(&mut clear, config, patience).await?;
                let stream = start_tls(clear, &offer, patience).await?;
                let (mut wire, shown) = trust.protect(config, stream, patience).await?;
                certificate = shown;
                let offer = hello(&mut wire, config, patience).await?;
                (wire, offer)
            }
            Tls::None => {
                if !stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()) {
                    let words = "clear text is only spoken over loopback; set `tls`";
                    return Err(deferred(Cause::Identity, words));
                }
                let stream: Box<dyn Stream> = Box::new(stream);
                let mut wire = Wire::new(stream);
                greeted(&mut wire, patience).await?;
                let offer = hello(&mut wire, config, patience).await?;
                (wire, offer)
            }
        };
        let now = Instant::now();
        Ok(Self {
            wire,
            offer,
            born: now,
            heard: now,
            until: None,
            certificate,
            carried: 0,
        })
    }

    /// Logs in, where a log-in is configured.
    pub async fn log_in(
        &mut self,
        config: &SmtpConfig,
        account: Option<&Account>,
        patience: &Patience,
    ) -> Result<(), Outcome> {
        let (wire, offer) = (&mut self.wire, &self.offer);
        match (&config.login, account) {
            (None, _) => {}
            (Some(login), Some(account)) => {
                let session = (wire, offer);
                let server = &config.server;
                let end = bearer::log_in(session, server, &login.user, account, patience).await?;
                self.until = Some(end);
            }
            (Some(login), None) => {
                let Proof::Password(secret) = &login.proof else {
                    let words = "there is no account to get tokens from";
                    return Err(deferred(Cause::Identity, words));
                };
                log_in(wire, offer, &login.user, secret, patience).await?;
            }
        }
        self.heard = Instant::now();
        Ok(())
    }

    /// Notes that a message went through.
    pub fn carried_one(&mut self) {
        self.carried += 1;
        self.heard = Instant::now();
    }

    /// Whether it may be used for another message: young enough, not idle for long, and nothing
    /// has come in, not even the end of the stream.
    pub fn is_fit(&mut self, patience: &Patience) -> bool {
        self.heard.elapsed() < patience.idle
            && self.born.elapsed() < patience.age
            && self
                .until
                .is_none_or(|end| tokio::time::Instant::now() < end)
            && self.wire.is_quiet()
    }

    /// Whether the server may have given it up meanwhile, so that its end is no news.
    pub fn is_worn(&self) -> bool {
        self.carried > 0 || self.heard.elapsed() > FRESH_FOR
    }

    /// Says good-bye, without waiting for the answer.
    pub fn part(self) {
        self.wire.part(&Quit.to_string());
    }
}

async fn greeted<S: Stream>(wire: &mut Wire<S>, patience: &Patience) -> Result<(), Outcome> {
    match wire.reply(patience.login).await {
        Ok(reply) if reply.code == 220 => Ok(()),
        Ok(reply) => Err(refused(Step::Hello, &reply)),
        Err(broken) => Err(lost(Step::Hello, &broken)),
    }
}

async fn hello<S: Stream>(
    wire: &mut Wire<S>,
    config: &SmtpConfig,
    patience: &Patience,
) -> Result<Offer, Outcome> {
    let ehlo = Ehlo::new(ClientId::Domain(config.hello.clone())).to_string();
    match wire.ask(&ehlo, patience.login).await {
        Ok(reply) if reply.code == 250 => Ok(Offer::of(&reply)),
        Ok(reply) => Err(refused(Step::Hello, &reply)),
        Err(broken) => Err(lost(Step::Hello, &broken)),
    }
}

async fn start_tls(
    mut clear: Wire<TcpStream>,
    offer: &Offer,
    patience: &Patience,
) -> Result<TcpStream, Outcome> {
    let no = |words| Err(deferred(Cause::Server, words));
    if !offer.starttls {
        return no("the server does not offer STARTTLS, which is required; nothing was sent");
    }
    match clear.ask(&Starttls.to_string(), patience.login).await {
        Ok(reply) if reply.code == 220 => {}
        Ok(reply) => return Err(refused(Step::Hello, &reply)),
        Err(broken) => return Err(lost(Step::Hello, &broken)),
    }
    // What was said in clear text behind the answer could be anybody's words.
    match clear.into_stream() {
        Some(stream) => Ok(stream),
        None => {
            no("the server spoke between STARTTLS and TLS; the connection may be tampered with")
        }
    }
}

async fn log_in<S: Stream>(
    wire: &mut Wire<S>,
    offer: &Offer,
    name: &str,
    secret: &Secret,
    patience: &Patience,
) -> Result<(), Outcome> {
    let identity = |words: &str| deferred(Cause::Identity, words);
    let place = secret.clone();
    let password = tokio::task::spawn_blocking(move || place.read())
        .await
        .map_err(|e| identity(&e.to_string()))?
        .map_err(|e| identity(&e.to_string()))?;
    let credentials = Credentials::new(name.to_owned(), password.expose_secret().to_owned());
    let auth = |mechanism, challenge: Option<&str>| {
        Auth::new(mechanism, credentials.clone(), challenge.map(str::to_owned))
            .map(|command| command.to_string())
            .map_err(|_| identity("the log-in cannot be written for this server"))
    };
    let steps: Vec<(String, u16)> = if offer.auth_plain {
        vec![(auth(Mechanism::Plain, None)?, 235)]
    } else if offer.auth_login {
        // Servers word their questions differently, but always ask in this order.
        vec![
            (auth(Mechanism::Login, None)?, 334),
            (auth(Mechanism::Login, Some("Username"))?, 334),
            (auth(Mechanism::Login, Some("Password"))?, 235),
        ]
    } else {
        return Err(identity(
            "the server offers neither AUTH PLAIN nor AUTH LOGIN",
        ));
    };
    for (command, wanted) in &steps {
        match wire.ask(command, patience.login).await {
            Ok(reply) if reply.code == *wanted => {}
            Ok(reply) => {
                let secrets = steps
                    .iter()
                    .filter_map(|(command, _)| command.split_ascii_whitespace().last())
                    .chain([password.expose_secret()]);
                return Err(refused(Step::Auth, &discreet(reply, secrets)));
            }
            // What is no reply may be an echo; its words stay here.
            Err(Broken::NoReply(_)) => {
                return Err(deferred(
                    Cause::Server,
                    "at log-in: the server sent what is no SMTP reply",
                ));
            }
            Err(broken) => return Err(lost(Step::Auth, &broken)),
        }
    }
    Ok(())
}

/// `reply` without its words when they repeat one of `secrets`.
pub(super) fn discreet<'a>(mut reply: Reply, mut secrets: impl Iterator<Item = &'a str>) -> Reply {
    let text = reply.text();
    if secrets.any(|secret| text.contains(secret)) {
        let status = reply.status();
        let status = status.map_or(String::new(), |(a, b, c)| format!("{a}.{b}.{c} "));
        reply.lines = vec![format!("{status}(words withheld, they repeat the log-in)")];
    }
    reply
}
