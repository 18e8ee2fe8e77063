//! `triaged` watches a support mailbox, decides by keyword rules whose ticket each message is,
//! forwards technical ones to the right publisher and files the rest, and can show why.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod audit;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod delivery;
pub mod domain;
pub mod ledger;
pub mod mail;
pub mod mailbox;
pub mod pipeline;
pub mod registry;
pub mod rules;
pub mod system;
pub mod triage;
