//! Messages: read into values, told by kind, and composed for sending. No I/O.
//!
//! - [`message`] and the parts it is made of read bytes into a [`Message`].
//! - [`newtext`] tells what the writer wrote now from what is quoted and signed.
//! - [`kind`] tells people's mail from machines' mail.
//! - [`report`] and [`desk_number`] read what mail systems and desks write for each other.
//! - [`origin`] makes and recognises our own marks.
//! - [`sheet`], [`compose`] and [`encode`] write a forward.

pub mod attachments;
pub mod authors;
mod charset;
mod encoded;
pub mod envelope;
mod flowed;
pub mod headers;
mod html;
pub mod kind;
pub mod language;
pub mod mask;
mod media;
pub mod message;
mod message_ids;
pub mod note;
mod readable;
pub mod report;
mod structure;
mod stub;
mod style;
pub mod subject;
mod transfer;

pub mod newtext;

pub mod compose;
pub mod copy;
pub mod desk_number;
pub mod encode;
pub mod headless;
pub mod origin;
pub mod rendered;
pub mod sheet;

pub use message::Message;
