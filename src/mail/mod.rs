//! Messages: read into values, told by kind, and composed for sending. No I/O.

pub mod attachments;
pub mod authors;
mod charset;
mod encoded;
mod flowed;
pub mod headers;
mod html;
pub mod kind;
pub mod message;
mod message_ids;
mod readable;
pub mod rendered;
mod structure;
mod stub;
pub mod subject;
mod transfer;
