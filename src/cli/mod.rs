//! Layer 7: the commands.

pub mod args;
pub mod failure;
pub mod print;
