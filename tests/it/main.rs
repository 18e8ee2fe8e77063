//! The one integration binary: every area is a module, its cases are files under `tests/cases`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
// Paths go into TOML as quoted strings.
#![allow(clippy::unnecessary_debug_formatting)]

mod alarm;
mod apart;
mod booted;
mod cases;
mod cli;
mod conditions;
mod console;
mod crashes;
mod doctor;
mod faults;
mod fuzz;
mod hostile;
mod imap;
mod job;
mod life;
mod newcomer;
mod oauth;
mod package;
mod readme;
mod service;
mod smtp;
mod story;
mod support;
mod tidy;
