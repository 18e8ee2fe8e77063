//! `triaged` watches a support mailbox, decides by keyword rules whose ticket each message is,
//! forwards technical ones to the right publisher and files the rest, and can show why.
//!
//! # The idea
//! 1. The inbox is the queue: a message leaves it only when its outcome is on the disk.
//! 2. Deciding is pure: [`triage::decide()`] has no I/O, no clock, no async; the daemon, `explain`
//!    and every test call it.
//! 3. Doing is recorded: each step is a change and an audit event in one transaction of the
//!    [`ledger`], before its effect begins. Repeating a step does no harm.
//! 4. Words belong to operators: keywords, categories, owners, products, folders are TOML.
//! 5. Batches cross the wires, not messages; memory is bounded by configured bytes.
//!
//! # The flow
//! ```text
//! mailbox ─fetch─▶ mail (parse) ─▶ triage (kind, case, category, product, owner) ─Decision─▶
//! ledger (record) ─▶ delivery (forward) ─Outcome─▶ ledger ─▶ mailbox (file) ─▶ ledger
//! ```
//!
//! # The floors
//! A module imports lower floors only; `tests/it/tidy.rs` keeps it so.
//!
//! | | |
//! |---|---|
//! | 7 | [`cli`]: one file a command; prints; exit codes |
//! | 6 | [`daemon`]: builds the parts, starts, reloads, drains, stops |
//! | 5 | [`console`]: figures and health, for whoever watches; read-only |
//! | 5 | [`doctor`]: tries what the daemon will need, and says what to do |
//! | 4 | [`pipeline`]: the stages: intake, decide, dispatch, file, recover |
//! | 3 | [`mailbox`] (IMAP, Maildir), [`delivery`] (SMTP, Maildir, sendmail), [`oauth`] (tokens for both), [`ledger`] (`SQLite`), [`audit`]: the edges |
//! | 2 | [`config`]: TOML into checked values; the only place that knows file shapes |
//! | 1 | [`rules`], [`mail`], [`registry`], [`triage`]: no I/O; [`system`]: small primitives, a leaf |
//! | 0 | [`domain`]: plain values; the life of a ticket as one pure function |
//!
//! To read the job itself, begin at [`domain::life`], then [`pipeline`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod domain;

pub mod system;

pub mod mail;
pub mod registry;
pub mod rules;
pub mod triage;

pub mod config;

pub mod audit;
pub mod delivery;
pub mod ledger;
pub mod mailbox;
pub mod oauth;

pub mod pipeline;

pub mod console;
pub mod doctor;

pub mod daemon;

pub mod cli;
