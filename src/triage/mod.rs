//! The one pure decision: `decide(message, rules, registry, routing, history) -> Decision`.
//!
//! No I/O, no clock, no async. The daemon, `explain`, `check` and every later tool call the same
//! function, so that they cannot disagree.

pub mod routing;
