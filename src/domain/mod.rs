//! Layer 0: the plain values every other layer speaks in.
//!
//! Nothing here performs I/O, reads a clock or knows a file format. What is random or secret
//! comes in as an argument, so that the same inputs always give the same values.

pub mod address;
pub mod decision;
pub mod digest;
pub mod event;
pub mod ids;
pub mod kind;
pub mod language;
pub mod letter;
pub mod life;
pub mod locator;
pub mod outcome;
pub mod plan;
pub mod reason;
pub mod thread;
pub mod ticket;
