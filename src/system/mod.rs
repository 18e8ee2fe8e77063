//! Small primitives of the operating system: durable files, locks, clocks, connections, Maildir drops.
//!
//! A leaf: it knows nothing of mail, tickets or configuration.

pub mod certificate;
pub mod clock;
pub mod fs;
pub mod inotify;
pub mod journal;
pub mod maildir;
pub mod net;
pub mod notify;
pub mod tls;
