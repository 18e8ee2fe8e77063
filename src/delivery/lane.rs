//! A way out, used by one task at a time.

use super::smtp::SmtpLane;
use crate::config::delivery::{DeliveryConfig, Transport};
use crate::domain::address::Address;
use crate::domain::outcome::Outcome;
use crate::mail::rendered::Rendered;

/// What a way out can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes above 127 may stand in the message.
    pub eight_bit: bool,
    /// Most bytes of a message; `None` when no bound is known.
    pub size_max: Option<u64>,
}

/// One way out.
pub enum Lane {
    /// A submission server or relay.
    Smtp(Box<SmtpLane>),
}

/// How many lanes `config` allows at once, at least 1.
pub fn lanes(config: &DeliveryConfig) -> usize {
    match &config.transport {
        Transport::Smtp(smtp) => smtp.connections.max(1),
        // Both write to this host's disk; more lanes would only queue there.
        Transport::Maildir { .. } | Transport::Sendmail { .. } => 1,
    }
}
