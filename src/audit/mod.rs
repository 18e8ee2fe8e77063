//! The audit log: what was done to every ticket and why, as a chain of lines nobody can quietly change.

pub mod personal;

pub use personal::personal;
