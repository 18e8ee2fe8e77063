//! Real servers and scripted peers that the tests of several areas talk to. Everything listens on
//! loopback, lives in a temporary directory, and is ended by the id of the process it started.

pub mod dovecot;
pub mod folders;
pub mod pki;
pub mod postfix;
pub mod proxy;
pub mod sign_in;
pub mod smtp_peer;
