//! Messages: read into values, told by kind, and composed for sending. No I/O.

pub mod rendered;

pub mod compose;
pub mod encode;
pub mod newtext;
pub mod origin;
pub mod sheet;
