//! The shapes of `triaged.toml`, `rules/*.toml`, `registry/*.toml` and `cases/*.toml`, and
//! their checks.
//!
//! One file per group of settings: the shape serde fills, then the function that turns it into a
//! checked value. Every check goes on after a fault, so that all faults are told at once.

pub mod alarm;
pub mod allow;
pub mod cases;
pub mod contacts;
pub mod customers;
pub mod decision;
pub mod delivery;
pub mod lists;
pub mod log;
pub mod mailbox;
pub mod metrics;
pub mod negation;
pub mod net;
pub mod oauth2;
pub mod operation;
pub mod products;
pub mod registry;
pub mod routing;
pub mod rules;
pub mod source;
pub mod table;
pub mod templates;
pub mod value;
pub mod when;
