//! Why there is no token, in plain words and with what to do about it.

use super::advice::advice;
use crate::domain::outcome::spoken;

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The endpoint cannot be reached, or cannot answer now.
    #[error("{why}")]
    Unreachable {
        /// `host:port` of the endpoint.
        endpoint: String,
        /// Why.
        why: String,
    },
    /// The endpoint refuses, and will again until a person acts.
    #[error("no token: {}", explained(words, *advice))]
    Refused {
        /// The error code of RFC 6749 §5.2, and the endpoint's words.
        words: String,
        /// What to do about it.
        advice: Option<&'static str>,
    },
    /// A person must sign in first, or again.
    #[error("{why}: run `triaged auth login {whose}`")]
    SignIn {
        /// The argument of the command.
        whose: String,
        /// Why.
        why: String,
    },
    /// A secret, key or kept token cannot be read or written.
    #[error("{0}")]
    Secret(String),
}

/// Our words before theirs: where they are cut, ours are what helps.
fn explained(words: &str, advice: Option<&str>) -> String {
    advice.map_or(words.to_owned(), |advice| format!("{advice} ({words})"))
}

impl TokenError {
    /// A refusal by its error code and the endpoint's description.
    pub(super) fn refused(code: &str, description: &str) -> Self {
        let first_line = description.lines().next().unwrap_or_default();
        Self::Refused {
            words: spoken(&format!("{code}: {first_line}")),
            advice: advice(code, description),
        }
    }
}
