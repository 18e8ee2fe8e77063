//! Small primitives of the operating system: durable files, locks.
//!
//! A leaf: it knows nothing of mail, tickets or configuration.

pub mod fs;
