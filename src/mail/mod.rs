//! Messages: read into values, told by kind, and composed for sending. No I/O.

pub mod attachments;
pub mod authors;
mod charset;
mod encoded;
pub mod envelope;
mod flowed;
pub mod headers;
mod html;
pub mod kind;
mod media;
pub mod message;
mod message_ids;
pub mod note;
mod readable;
pub mod rendered;
mod structure;
mod stub;
mod style;
pub mod subject;
mod transfer;
