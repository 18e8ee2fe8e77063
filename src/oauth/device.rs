//! Sign-in on another device (RFC 8628): the person gets a short code, opens a page anywhere,
//! and this host is told when they are done. What comes of it is a kept refresh token.

use std::time::Duration;

use form_urlencoded::Serializer;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::answer::{Refused, Seconds, granted, success};
use super::error::TokenError;
use super::{http, kept};
use crate::config::login::{Grant, OAuth2};
use crate::domain::outcome::spoken;

/// How often is asked when the provider does not say (RFC 8628 §3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// Most often and least often that is asked.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
const INTERVAL_MAX: Duration = Duration::from_mins(1);
/// What `slow_down` adds (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Longest wait for the person.
const WAIT_MAX: Duration = Duration::from_mins(30);

/// A sign-in that waits for its person.
#[derive(Debug)]
pub struct DeviceSignIn {
    /// What is typed into the page.
    pub user_code: String,
    /// The page.
    pub page: String,
    device_code: SecretString,
    interval: Duration,
    until: Instant,
}

#[derive(Deserialize)]
struct Shape {
    device_code: SecretString,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    expires_in: Seconds,
    interval: Option<Seconds>,
}

/// Asks for a code; `None` when the account needs no person to sign in this way.
///
/// # Errors
/// Any [`TokenError`].
pub async fn begin(config: &OAuth2) -> Result<Option<DeviceSignIn>, TokenError> {
    let Grant::MicrosoftPerson {
        client_id, device, ..
    } = &config.grant
    else {
        return Ok(None);
    };
    let form = Serializer::new(String::new())
        .append_pair("client_id", client_id)
        .append_pair("scope", &config.scope)
        .finish();
    let answer = http::post(config, device, form).await?;
    let endpoint = device.authority();
    let value = success(&answer, &endpoint)?;
    // serde's words could repeat the code.
    let shape: Shape = serde_json::from_value(value).map_err(|_| TokenError::Refused {
        words: format!("`{endpoint}` gave no code to sign in with"),
        advice: Some("check `device-url`"),
    })?;
    let life = Duration::from_secs(shape.expires_in.0).min(WAIT_MAX);
    let interval = shape
        .interval
        .map_or(INTERVAL, |s| Duration::from_secs(s.0));
    Ok(Some(DeviceSignIn {
        user_code: spoken(&shape.user_code),
        page: spoken(&shape.verification_uri),
        device_code: shape.device_code,
        interval: interval.clamp(INTERVAL_MIN, INTERVAL_MAX),
        until: Instant::now() + life,
    }))
}

/// Waits until the person has signed in, and keeps the refresh token.
///
/// # Errors
/// [`TokenError::SignIn`] when they declined or took too long, and any other [`TokenError`].
pub async fn finish(config: &OAuth2, sign_in: DeviceSignIn) -> Result<(), TokenError> {
    let Grant::MicrosoftPerson {
        client_id, kept, ..
    } = &config.grant
    else {
        return Ok(());
    };
    let over = |why: &str| TokenError::SignIn {
        whose: kept.whose.clone(),
        why: why.to_owned(),
    };
    let mut interval = sign_in.interval;
    loop {
        sleep(interval).await;
        if Instant::now() > sign_in.until {
            return Err(over("the code has expired before anybody signed in"));
        }
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            .append_pair("client_id", client_id)
            .append_pair("device_code", sign_in.device_code.expose_secret())
            .finish();
        let answer = match http::post(config, &config.token, form).await {
            Ok(answer) => granted(&answer, &config.token.authority()),
            Err(error) => Err(Refused::Other(error)),
        };
        match answer {
            Ok(granted) => {
                let token = granted.refresh.ok_or_else(|| TokenError::Refused {
                    words: "the provider gave no refresh token".into(),
                    advice: Some("`scope` must hold `offline_access`"),
                })?;
                let _lock = kept::lock(&kept.path).await?;
                return kept::write(&kept.path, &token, None);
            }
            Err(Refused::By(code, description)) => match code.as_str() {
                "authorization_pending" => {}
                "slow_down" => interval = (interval + SLOWER).min(INTERVAL_MAX),
                "authorization_declined" | "access_denied" => {
                    return Err(over("the sign-in was declined"));
                }
                "expired_token" | "code_expired" => {
                    return Err(over("the code has expired before anybody signed in"));
                }
                _ => return Err(TokenError::refused(&code, &description)),
            },
            // The network may come back before the code has expired.
            Err(Refused::Other(TokenError::Unreachable { why, .. })) => {
                tracing::warn!(why, "the provider cannot be asked now");
            }
            Err(Refused::Other(error)) => return Err(error),
        }
    }
}
