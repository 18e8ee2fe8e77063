//! Layer 2: TOML turned into checked values; the only place that knows file shapes.
//!
//! The values below are what the rest of the daemon trusts: every name in them exists, every
//! number lies in its bounds, every address parses. No value holds a secret: a [`secret::Secret`]
//! says where one is read, at the moment it is needed.

pub mod audit;
pub mod delivery;
pub mod limits;
pub mod mailbox;
pub mod net;
pub mod secret;
