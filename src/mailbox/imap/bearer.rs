//! Log-in by an access token: AUTHENTICATE with OAUTHBEARER (RFC 7628) or XOAUTH2.
//!
//! A token that was kept from before may have been withdrawn: when it is refused, another is asked
//! for, once. The token appears in no error and no log, not even when a server repeats it.

use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::config::net::Server;
use crate::mailbox::exchange::Trouble;
use crate::oauth::bearer::{Mechanism, why_refused};
use crate::oauth::{Account, TokenError};

use super::login::{send, without};
use super::reply::Reply;
use super::talk::Talk;

/// Logs in to the mailbox of `user`.
///
/// # Errors
/// [`Trouble::Denied`] for a refusal, by the mail server or by the one that gives tokens;
/// [`Trouble::Unsafe`] when the server takes no tokens; [`Trouble::Unreachable`] when there is none
/// to be had now.
pub(super) async fn login(
    talk: &mut Talk,
    capabilities: &[String],
    server: &Server,
    user: &str,
    account: &Account,
) -> Result<(), Trouble> {
    let offers = |name: &str| capabilities.iter().any(|c| c == name);
    let offered = Mechanism::offered(|name| offers(&format!("AUTH={name}")));
    let mechanism = offered.ok_or_else(|| {
        let why = "the server takes no access tokens (it offers neither AUTH=OAUTHBEARER nor \
                   AUTH=XOAUTH2); leave `oauth2` out and use a password";
        Trouble::Unsafe(why.into())
    })?;
    let trouble = |error| trouble(user, error);
    let began = Instant::now();
    let mut access = account.token().await.map_err(trouble)?;
    loop {
        let response = mechanism.response(user, server, &access.token);
        let (name, response) = (mechanism.name(), response.expose_secret());
        // What is sent piece by piece; before each but the first the server must say `+`.
        let pieces = if offers("SASL-IR") {
            vec![format!("AUTHENTICATE {name} {response}").into_bytes()]
        } else {
            let command = format!("AUTHENTICATE {name}").into_bytes();
            vec![command, response.as_bytes().to_vec()]
        };
        let reply = send(talk, &pieces, mechanism.to_challenge()).await?;
        if reply.ok() {
            return Ok(());
        }
        let secrets = [access.token.expose_secret(), response];
        let reply = Reply {
            words: without(&reply.words, &secrets),
            ..reply
        };
        reply.throttle()?;
        if access.is_since(began) {
            let why = why_refused(&account.config().grant, false);
            return Err(Trouble::Denied {
                user: user.to_owned(),
                reply: format!("{}; {why}", reply.text()),
            });
        }
        access = account.another(&access).await.map_err(trouble)?;
    }
}

/// What a missing token means for the mailbox.
fn trouble(user: &str, error: TokenError) -> Trouble {
    let text = error.to_string();
    match error {
        TokenError::Unreachable { endpoint, why } => Trouble::Unreachable {
            server: endpoint,
            why,
        },
        TokenError::Refused { .. } => Trouble::Denied {
            user: user.to_owned(),
            reply: text,
        },
        // Mended by a person at any moment: it is looked at again soon.
        TokenError::SignIn { .. } | TokenError::Secret(_) => Trouble::Secret(text),
    }
}
