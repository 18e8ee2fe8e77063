//! Messages: read into values, told by kind, and composed for sending. No I/O.

pub mod rendered;
