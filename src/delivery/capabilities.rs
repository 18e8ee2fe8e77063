//! What a way out says of itself before anything is sent on it.

/// What a way out can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes above 127 may stand in the message (RFC 6152).
    pub eight_bit: bool,
    /// Most bytes of a message; `None` when no bound is known.
    pub size_max: Option<u64>,
}
