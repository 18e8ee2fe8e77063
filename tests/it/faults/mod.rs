//! What goes wrong around the program: a way out that is closed, refuses, breaks off or stays
//! silent; a mailbox that people and servers change meanwhile; a full disk; signals.
//!
//! Each test runs the real program in a bounded time, and the oracle of the whole job looks at
//! every message's place afterwards.

pub mod bench;
mod ends;
mod loops;
mod lost;
mod mailbox;
mod message;
mod rebuilt;
mod soak;
mod sweep;
mod table;
mod wayout;
