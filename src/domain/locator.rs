//! Where a message lies: the only name by which a message is ever moved.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The span in which items keep their meaning: an IMAP folder's UIDVALIDITY (RFC 3501 §2.3.1.1),
/// always 0 for a Maildir, whose base names never expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One message inside a folder's generation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// An IMAP UID.
    Uid(u32),
    /// A Maildir base name: the file name without its `:2,flags`.
    Base(Arc<str>),
}

impl Item {
    /// Reads back what [`fmt::Display`] wrote: all digits is a UID, everything else a base name.
    ///
    /// A Maildir base name always holds a dot (time, delivery id, host), so the two never meet.
    pub fn read(text: &str) -> Self {
        match text.parse() {
            Ok(uid) if text.bytes().all(|b| b.is_ascii_digit()) => Self::Uid(uid),
            _ => Self::Base(text.into()),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uid(uid) => write!(f, "{uid}"),
            Self::Base(base) => f.write_str(base),
        }
    }
}

impl Serialize for Item {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::read(&text))
    }
}

/// A message's place in a mailbox's source folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Locator {
    /// In which span the item holds.
    pub generation: Generation,
    /// Which message.
    pub item: Item,
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.generation, self.item)
    }
}
