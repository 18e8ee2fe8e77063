//! The one integration binary: every area is a module, its cases are files under `tests/cases`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod cases;
mod cli;
mod faults;
mod imap;
mod job;
mod life;
mod readme;
mod smtp;
mod support;
mod tidy;
