//! The IMAP mailbox against a scripted peer and against a real Dovecot.

mod account;
mod dialogues;
mod peer;
mod real;
