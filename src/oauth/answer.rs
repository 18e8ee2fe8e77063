//! What an endpoint answers, read once: a token, or a refusal (RFC 6749 §5).

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::error::TokenError;
use super::http::Answer;
use crate::domain::outcome::spoken;

/// Most bytes of a token; longer ones do not fit into a log-in (RFC 4954 §4).
const TOKEN_BYTES_MAX: usize = 8 << 10;
/// How long a token holds when nobody says.
const LIFE_DEFAULT: Duration = Duration::from_mins(5);
/// Longest life that is believed.
const LIFE_MAX: Duration = Duration::from_hours(24);

/// A token answer.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub access: SecretString,
    pub life: Duration,
    pub refresh: Option<SecretString>,
}

#[derive(Deserialize)]
struct Shape {
    access_token: Option<SecretString>,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
    refresh_token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// A number of seconds; some endpoints write it as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds(pub u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(seconds))
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
                let whole = Duration::try_from_secs_f64(seconds).map_err(E::custom)?;
                Ok(Seconds(whole.as_secs()))
            }

            fn visit_str<E: de::Error>(self, seconds: &str) -> Result<Seconds, E> {
                seconds.parse().map(Seconds).map_err(E::custom)
            }
        }
        from.deserialize_any(Either)
    }
}

/// A refusal by its code, or why the answer is none.
pub(super) enum Refused {
    /// The endpoint's own word and description.
    By(String, String),
    /// Something else.
    Other(TokenError),
}

impl From<Refused> for TokenError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::By(code, description) => Self::refused(&code, &description),
            Refused::Other(error) => error,
        }
    }
}

/// The body of an answer that grants something.
pub(super) fn success(answer: &Answer, endpoint: &str) -> Result<serde_json::Value, Refused> {
    let later = |why: String| {
        Refused::Other(TokenError::Unreachable {
            endpoint: endpoint.to_owned(),
            why,
        })
    };
    let status = answer.status;
    // Not the application's fault, whatever stands in the body.
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(later(format!("the endpoint cannot answer now: {status}")));
    }
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(&answer.body) {
        if refusal.error == "temporarily_unavailable" || refusal.error == "server_error" {
            let words = spoken(&refusal.error_description);
            return Err(later(format!("the endpoint cannot answer now: {words}")));
        }
        return Err(Refused::By(refusal.error, refusal.error_description));
    }
    let no_answer = |what: String| {
        Refused::Other(TokenError::Refused {
            words: format!("`{endpoint}` gave no answer of OAuth2: {what}"),
            advice: Some("check `token-url`"),
        })
    };
    if !status.is_success() {
        return Err(no_answer(status.to_string()));
    }
    // serde's words could repeat the token.
    serde_json::from_slice(&answer.body).map_err(|_| no_answer("no JSON".into()))
}

/// Reads a token answer.
pub(super) fn granted(answer: &Answer, endpoint: &str) -> Result<Granted, Refused> {
    let odd = |what: &str| {
        Refused::Other(TokenError::Refused {
            words: format!("`{endpoint}` gave no token: {what}"),
            advice: None,
        })
    };
    let value = success(answer, endpoint)?;
    let shape: Shape =
        serde_json::from_value(value).map_err(|_| odd("its answer has another form"))?;
    if shape
        .token_type
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(odd("it is of another type than Bearer"));
    }
    let access = shape
        .access_token
        .filter(|token| fit(token.expose_secret()))
        .ok_or_else(|| odd("there is none in the answer, or none that a log-in can carry"))?;
    let life = shape
        .expires_in
        .map_or(LIFE_DEFAULT, |seconds| Duration::from_secs(seconds.0));
    Ok(Granted {
        access,
        life: life.min(LIFE_MAX),
        refresh: shape
            .refresh_token
            .filter(|token| fit(token.expose_secret())),
    })
}

/// Whether a token can stand in a log-in: visible ASCII without blanks, of bounded length.
fn fit(token: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<Granted, TokenError> {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_owned().into(),
        };
        granted(&answer, "login.example").map_err(TokenError::from)
    }

    #[test]
    fn a_token_is_read_in_every_form_that_is_usual() {
        for (body, seconds) in [
            (
                r#"{"access_token":"a.b-c","token_type":"Bearer","expires_in":3599}"#,
                3599,
            ),
            (
                r#"{"access_token":"a","token_type":"bearer","expires_in":"3599"}"#,
                3599,
            ),
            (r#"{"access_token":"a","expires_in":60.5}"#, 60),
            (r#"{"access_token":"a"}"#, 300),
            (r#"{"access_token":"a","expires_in":99999999}"#, 86400),
        ] {
            let granted = read(200, body).unwrap();
            assert_eq!(granted.life, Duration::from_secs(seconds), "{body}");
        }
    }

    #[test]
    fn what_is_no_token_is_named_and_never_repeated() {
        let too_long = format!(r#"{{"access_token":"{}"}}"#, "s3cret".repeat(2000));
        for (status, body, words) in [
            (200, r#"{"access_token":"s3cret token"}"#, "no token"),
            (200, r#"{"access_token":"s3cret\u0001"}"#, "no token"),
            (200, r#"{"access_token":""}"#, "no token"),
            (200, too_long.as_str(), "no token"),
            (
                200,
                r#"{"access_token":"s3cret","token_type":"pop"}"#,
                "another type",
            ),
            (200, r#"{"access_token":["s3cret"]}"#, "another form"),
            (200, "s3cret", "no answer of OAuth2"),
            (404, "<html>", "check `token-url`"),
            (302, "", "302"),
            (503, r#"{"error":"invalid_client"}"#, "cannot answer now"),
            (
                400,
                r#"{"error":"temporarily_unavailable","error_description":"soon"}"#,
                "now: soon",
            ),
            (
                401,
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid\r\nTrace ID: 1"}"#,
                "no token: the client secret is wrong",
            ),
        ] {
            let error = read(status, body).unwrap_err().to_string();
            assert!(error.contains(words), "{body}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
