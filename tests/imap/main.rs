//! The IMAP mailbox against a scripted peer and against a real Dovecot.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/dovecot.rs"]
mod dovecot;

mod account;
mod dialogues;
mod peer;
mod real;
