//! Where messages come from and where they are filed: IMAP accounts and Maildirs.
//!
//! Both kinds speak the values of [`exchange`]; the closed set is [`Mailbox`]. This layer moves
//! bytes and proves moves. What a message means, and when it may be moved, is decided above it.

pub mod exchange;
pub mod maildir;
pub mod utf7;
