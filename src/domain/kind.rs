//! What a message is before anybody asks what it is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a message. Only a [`Kind::Ticket`] may ever be forwarded or acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A person wants something.
    Ticket,
    /// A delivery report or other answer of a mail system (RFC 3464, RFC 8098).
    Bounce,
    /// An automatic answer: absence, "we have received your mail" (RFC 3834).
    AutoReply,
    /// A publisher's health, outage or maintenance notice.
    Notice,
    /// Mailing list or bulk mail.
    Newsletter,
    /// Our own mail come back.
    Own,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Ticket,
        Self::Bounce,
        Self::AutoReply,
        Self::Notice,
        Self::Newsletter,
        Self::Own,
    ];

    /// The word used in configuration, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Bounce => "bounce",
            Self::AutoReply => "auto-reply",
            Self::Notice => "notice",
            Self::Newsletter => "newsletter",
            Self::Own => "own",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
