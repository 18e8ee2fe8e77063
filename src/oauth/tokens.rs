//! The tokens of this process: one for each account, renewed before it ends.
//!
//! A renewal is a task of its own: who asked may go away, and a refresh token that the endpoint
//! gave is kept all the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use super::answer::{Refused, granted};
use super::error::TokenError;
use super::{form, http, kept};
use crate::config::login::{Grant, KeptIn, OAuth2};
use crate::config::secret::Secret;
use crate::domain::digest::Digest;
use secrecy::ExposeSecret;

/// A token is renewed when less of its life is left than this, or than a tenth of it.
const LEFT_MIN: Duration = Duration::from_mins(5);

/// The tokens of this process. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Arc<Mutex<HashMap<Arc<OAuth2>, Account>>>);

impl Tokens {
    /// The account that `config` describes; equal ones are one.
    pub fn of(&self, config: &Arc<OAuth2>) -> Account {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts
            .entry(Arc::clone(config))
            .or_insert_with(|| Account {
                config: Arc::clone(config),
                held: Arc::default(),
            });
        account.clone()
    }
}

/// One account.
#[derive(Debug, Clone)]
pub struct Account {
    config: Arc<OAuth2>,
    held: Arc<tokio::sync::Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    access: Option<Access>,
    /// The last refusal and when it came: who waited for the same answer gets it too.
    failed: Option<(Instant, TokenError)>,
}

/// An access token.
#[derive(Debug, Clone)]
pub struct Access {
    /// What is shown to the server.
    pub token: SecretString,
    /// When it was asked for.
    since: Instant,
    /// When it is to be renewed.
    renew: Instant,
    /// When it ends.
    pub until: Instant,
}

impl Access {
    /// Whether it was asked for at `moment` or later: a server that refuses it will refuse any.
    pub fn is_since(&self, moment: Instant) -> bool {
        self.since >= moment
    }
}

impl Account {
    /// What the account is configured as.
    pub fn config(&self) -> &OAuth2 {
        &self.config
    }

    /// A token that holds for some minutes yet.
    ///
    /// # Errors
    /// Any [`TokenError`].
    pub async fn token(&self) -> Result<Access, TokenError> {
        self.other_than(None).await
    }

    /// Another token than `refused`, which a server did not take.
    ///
    /// # Errors
    /// Any [`TokenError`].
    pub async fn another(&self, refused: &Access) -> Result<Access, TokenError> {
        self.other_than(Some(refused.since)).await
    }

    async fn other_than(&self, refused: Option<Instant>) -> Result<Access, TokenError> {
        let account = self.clone();
        let renewing = tokio::spawn(async move { account.renewed(refused).await });
        renewing
            .await
            .unwrap_or_else(|e| Err(TokenError::Secret(format!("internal: {e}"))))
    }

    async fn renewed(&self, refused: Option<Instant>) -> Result<Access, TokenError> {
        let asked = Instant::now();
        let mut held = self.held.lock().await;
        let known = held.access.clone().filter(|a| Some(a.since) != refused);
        if let Some(access) = known.clone().filter(|a| Instant::now() < a.renew) {
            return Ok(access);
        }
        if let Some((at, error)) = &held.failed
            && *at >= asked
        {
            return Err(error.clone());
        }
        match self.ask().await {
            Ok(access) => {
                held.access = Some(access.clone());
                held.failed = None;
                Ok(access)
            }
            Err(error) => {
                held.failed = Some((Instant::now(), error.clone()));
                match known.filter(|a| Instant::now() < a.until) {
                    Some(access) => {
                        tracing::warn!(%error, "the token cannot be renewed; it still holds");
                        Ok(access)
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// Asks the endpoint.
    async fn ask(&self) -> Result<Access, TokenError> {
        let config = &self.config;
        let sign_in = SignIn::of(&config.grant);
        let _lock = match &sign_in {
            Some(sign_in) => Some(kept::lock(&sign_in.kept.path).await?),
            None => None,
        };
        let seed = match sign_in.as_ref().and_then(|s| s.seed) {
            Some(secret) => Some(form::read(secret)?),
            None => None,
        };
        let from = seed
            .as_ref()
            .map(|s| Digest::of(s.expose_secret().as_bytes()));
        let refresh = match &sign_in {
            Some(sign_in) => {
                let kept = kept::read(&sign_in.kept.path, from)?.or(seed);
                Some(kept.ok_or_else(|| sign_in.needed("nobody has signed in yet"))?)
            }
            None => None,
        };
        let asked = Arc::clone(config);
        let form = tokio::task::spawn_blocking(move || form::form(&asked, refresh.as_ref()));
        let form = form
            .await
            .map_err(|e| TokenError::Secret(format!("internal: {e}")))??;
        let since = Instant::now();
        let answer = http::post(config, &config.token, form).await?;
        let granted = granted(&answer, &config.token.authority()).map_err(|refused| {
            match (&refused, &sign_in) {
                (Refused::By(code, description), Some(sign_in))
                    if sign_in.seed.is_none() && is_over(code) =>
                {
                    let error = TokenError::refused(code, description);
                    sign_in.needed(&format!("the sign-in does not hold any more: {error}"))
                }
                _ => refused.into(),
            }
        })?;
        if let (Some(sign_in), Some(token)) = (&sign_in, &granted.refresh) {
            kept::write(&sign_in.kept.path, token, from)?;
        }
        let left = LEFT_MIN.min(granted.life / 10);
        tracing::debug!(endpoint = %config.token.authority(), life_s = granted.life.as_secs(), "token renewed");
        Ok(Access {
            token: granted.access,
            since,
            renew: since + granted.life - left,
            until: since + granted.life,
        })
    }
}

/// A grant that goes by a person's sign-in.
struct SignIn<'a> {
    kept: &'a KeptIn,
    /// The configured token to begin with.
    seed: Option<&'a Secret>,
}

impl<'a> SignIn<'a> {
    fn of(grant: &'a Grant) -> Option<Self> {
        match grant {
            Grant::MicrosoftPerson { kept, .. } => Some(Self { kept, seed: None }),
            Grant::GooglePerson {
                kept,
                refresh_token,
                ..
            } => Some(Self {
                kept,
                seed: Some(refresh_token),
            }),
            Grant::MicrosoftApp { .. } | Grant::GoogleServiceAccount { .. } => None,
        }
    }

    fn needed(&self, why: &str) -> TokenError {
        TokenError::SignIn {
            whose: self.kept.whose.clone(),
            why: why.to_owned(),
        }
    }
}

/// Whether a refusal says that the person must sign in again (RFC 6749 §5.2, `OpenID` Connect Core
/// §3.1.2.6).
fn is_over(code: &str) -> bool {
    matches!(
        code,
        "invalid_grant" | "interaction_required" | "login_required" | "consent_required"
    )
}
