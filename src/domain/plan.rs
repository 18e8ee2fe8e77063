//! What exactly will be sent: everything but the original's bytes.
//!
//! A plan is recorded before the first attempt. Rendering it with the same original gives the
//! same bytes every time, so that every repeat of a forward is the same message.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::Address;

/// How the original travels inside the forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enclosure {
    /// Byte-exact `message/rfc822` (RFC 2046 §5.2.1), 7-bit or, where the relay takes it, 8-bit.
    Rfc822,
    /// A base64 `.eml` in `application/octet-stream`: byte-exact whatever the bytes are.
    Eml,
}

/// A forward ready to be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The envelope's and the header's only recipient.
    pub recipient: Address,
    /// Our own address: header `From` and envelope sender.
    pub from: Address,
    /// The name shown beside it.
    pub from_name: String,
    /// The mailbox with the case token.
    pub reply_to: Address,
    /// With its angle brackets; the same for every attempt.
    pub message_id: String,
    /// The `Date` header, fixed when the plan was made.
    pub date: Timestamp,
    /// The subject, decoded.
    pub subject: String,
    /// The case sheet: plain text, lines ended by `\n`.
    pub sheet: String,
    /// Value of the origin header that lets us know our own mail again.
    pub origin: String,
    /// What it follows in its thread, the nearest last, without angle brackets (RFC 5322 §3.6.4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Whether the original's header is left out but for what its text needs, so that nobody is
    /// named by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headless: bool,
    /// What is enclosed in place of the original, where that must not leave whole: a message of its
    /// own, ASCII, lines ended by CR LF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// How the original travels; where that depends on the relay, the first attempt fixes it.
    pub enclosure: Option<Enclosure>,
}
