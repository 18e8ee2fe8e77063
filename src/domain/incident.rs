//! An incident: a publisher has said that a product does not work as it should, until it says
//! otherwise or its time is over.
//!
//! The notice that opened it gives it its name. There is at most one open incident of a product.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ProductId, TicketId};

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The ticket of the notice that opened it.
    pub notice: TicketId,
    /// The product it is about.
    pub product: ProductId,
    /// The subject of that notice, cut.
    pub subject: String,
    /// Where the publisher tells more: a link of its own domain.
    pub link: Option<String>,
    /// When the notice was read.
    pub opened_at: Timestamp,
    /// When it ends by itself, counted from its last notice.
    pub until: Timestamp,
    /// How many more notices came.
    pub updates: u32,
    /// How it ended before its time, if it did.
    pub ended: Option<Ended>,
}

/// How an incident ended before its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The publisher said so.
    Resolved,
    /// A person said so.
    Closed,
}

impl Incident {
    /// Whether it goes on at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.until
    }

    /// The word for where it stands at `now`.
    pub fn standing(&self, now: Timestamp) -> &'static str {
        match self.ended {
            Some(Ended::Resolved) => "resolved",
            Some(Ended::Closed) => "closed",
            None if self.is_open(now) => "open",
            None => "timed out",
        }
    }
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// A notice opened it.
    Opened,
    /// Another notice came.
    Updated,
    /// A notice says that it is over.
    Resolved,
    /// A person closed it.
    Closed,
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opened => "opened",
            Self::Updated => "goes on",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        })
    }
}
