//! Log-in by an access token: AUTH OAUTHBEARER (RFC 7628) or XOAUTH2.
//!
//! A token that was kept from before may have been withdrawn: when it is refused, another is asked
//! for, once. No reply that echoes the token reaches an outcome.

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::class::Step;
use super::offer::Offer;
use super::patience::Patience;
use super::reply::Reply;
use super::session::{deferred, discreet, lost, refused};
use super::wire::{Broken, Stream, Wire};
use crate::config::net::Server;
use crate::domain::outcome::{Cause, Outcome, spoken};
use crate::oauth::bearer::{Mechanism, why_refused};
use crate::oauth::{Account, TokenError};

/// Logs in as `user`; the answer is when the token ends.
pub(super) async fn log_in<S: Stream>(
    (wire, offer): (&mut Wire<S>, &Offer),
    server: &Server,
    user: &str,
    account: &Account,
    patience: &Patience,
) -> Result<Instant, Outcome> {
    let offers = |name: &str| match name {
        "OAUTHBEARER" => offer.auth_oauthbearer,
        "XOAUTH2" => offer.auth_xoauth2,
        _ => false,
    };
    let mechanism = Mechanism::offered(offers).ok_or_else(|| {
        let words = "the server takes no access tokens: it offers neither AUTH OAUTHBEARER nor \
                     XOAUTH2";
        deferred(Cause::Identity, words)
    })?;
    let began = Instant::now();
    let mut access = account.token().await.map_err(|e| no_token(&e))?;
    loop {
        let response = mechanism.response(user, server, &access.token);
        let response = response.expose_secret();
        let command = format!("AUTH {} {response}\r\n", mechanism.name());
        let reply = match wire.ask(&command, patience.login).await {
            // The challenge tells why; the refusal comes after an answer.
            Ok(reply) if reply.code == 334 => {
                let answer = format!("{}\r\n", mechanism.to_challenge());
                wire.ask(&answer, patience.login).await
            }
            other => other,
        };
        let reply = match reply {
            Ok(reply) if reply.code == 235 => return Ok(access.until),
            Ok(reply) => reply,
            // What is no reply may be an echo; its words stay here.
            Err(Broken::NoReply(_)) => {
                let words = "at log-in: the server sent what is no SMTP reply";
                return Err(deferred(Cause::Server, words));
            }
            Err(broken) => return Err(lost(Step::Auth, &broken)),
        };
        let secrets = [access.token.expose_secret(), response];
        let reply = discreet(reply, secrets.into_iter());
        if access.is_since(began) || reply.class() != 5 {
            return Err(explained(&reply, account));
        }
        access = account.another(&access).await.map_err(|e| no_token(&e))?;
    }
}

/// A refusal with what is most often behind it.
fn explained(reply: &Reply, account: &Account) -> Outcome {
    match refused(Step::Auth, reply) {
        Outcome::Deferred {
            cause: Cause::Identity,
            reply,
        } => {
            let why = why_refused(&account.config().grant, true);
            Outcome::Deferred {
                cause: Cause::Identity,
                // Our words first: where both are cut, ours are what helps.
                reply: spoken(&format!("{why} ({reply})")),
            }
        }
        other => other,
    }
}

fn no_token(error: &TokenError) -> Outcome {
    let cause = match error {
        TokenError::Unreachable { .. } => Cause::Server,
        TokenError::Refused { .. } | TokenError::SignIn { .. } | TokenError::Secret(_) => {
            Cause::Identity
        }
    };
    deferred(cause, &format!("at log-in: {error}"))
}
