//! Access tokens for log-in by OAuth 2.0 (RFC 6749, RFC 6750): asked for, kept, renewed in time.
//!
//! Knows the token endpoints of Microsoft and Google and what their refusals mean. How a token is
//! shown to a mail server is [`bearer`]'s; on which connection, and what a refusal there means, is
//! the mailbox's and the delivery's.
//!
//! Invariants:
//! - One account has one token, whoever asks, and at most one request for it is on its way.
//! - A refresh token that came in the place of another is on the disk before the access token
//!   beside it is used.
//! - No token, secret or assertion is in an error, a log line or a debug text.

mod advice;
mod answer;
pub mod bearer;
pub mod device;
mod error;
mod form;
mod http;
mod jwt;
mod kept;
mod tokens;

pub use error::TokenError;
pub use tokens::{Access, Account, Tokens};
