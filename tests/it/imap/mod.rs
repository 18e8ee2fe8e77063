//! The IMAP mailbox against a scripted peer and against a real Dovecot.

pub mod account;
mod dialogues;
mod peer;
mod real;
