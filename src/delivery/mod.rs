//! Placeholder door of `delivery`; its first commit replaces it.

pub mod maildir;
pub mod sendmail;
