//! Where forwards leave the house, and when a failed one is tried again.
//!
//! [`Lane`] is the closed set of ways out; each answers with an
//! [`Outcome`](crate::domain::outcome::Outcome) classed where the reply was read. This layer keeps
//! no list of what is to be sent: the ledger does, and [`retry`], [`breaker`] and [`rate`] are pure
//! rules that the pipeline applies to it.

pub mod breaker;
pub mod cap;
mod capabilities;
mod gate;
mod lane;
pub mod maildir;
pub mod rate;
pub mod retry;
pub mod sendmail;
pub mod smtp;

pub use capabilities::Capabilities;
pub use lane::{Lane, lanes};
