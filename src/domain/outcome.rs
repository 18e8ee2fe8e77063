//! What came of one attempt to deliver, classed once, where the reply was read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The end of one delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The next host took responsibility: a 250 after the final dot, or an fsynced file.
    Delivered {
        /// The server's words, at most [`REPLY_MAX`] characters, control characters escaped.
        reply: String,
    },
    /// Not now: nothing was accepted, a later attempt may succeed.
    Deferred {
        /// What the failure says about.
        cause: Cause,
        /// The server's words, or our own error.
        reply: String,
    },
    /// Never as it stands: a person must act.
    Refused {
        /// What the failure says about.
        cause: Cause,
        /// The server's words.
        reply: String,
    },
    /// The end of the message was written and no answer read: it may have been accepted.
    Uncertain {
        /// What went wrong while waiting.
        reply: String,
    },
}

impl Outcome {
    /// The words that came with it.
    pub fn reply(&self) -> &str {
        match self {
            Self::Delivered { reply }
            | Self::Deferred { reply, .. }
            | Self::Refused { reply, .. }
            | Self::Uncertain { reply } => reply,
        }
    }
}

/// What a failed attempt says about; it decides whose fault it is and who must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The network or the server: connect, TLS, time-out, `421`, `4yz`.
    Server,
    /// Who we are: log-in or sender refused. All sending pauses; no ticket is blamed.
    Identity,
    /// A sending limit, even when written as `5yz`. All sending pauses until the window is over.
    Quota,
    /// This message: its size or content.
    Message,
    /// This recipient.
    Recipient,
}

impl Cause {
    /// The word used in the log and in `tickets`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Identity => "identity",
            Self::Quota => "quota",
            Self::Message => "message",
            Self::Recipient => "recipient",
        }
    }

    /// Whether the failure concerns the whole destination rather than one ticket, so that
    /// sending to it must pause and the ticket's own attempts are not counted.
    pub const fn is_general(self) -> bool {
        matches!(self, Self::Server | Self::Identity | Self::Quota)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Most characters of a server's words that are kept.
pub const REPLY_MAX: usize = 200;

/// A stranger's words made fit for a log line: control characters escaped, cut to
/// [`REPLY_MAX`] characters.
pub fn spoken(words: &str) -> String {
    let mut out = String::new();
    for (n, c) in words.trim().chars().enumerate() {
        if n == REPLY_MAX {
            out.push('…');
            break;
        }
        if c.is_control() || is_bidi(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether `c` changes the direction of text around it (Unicode Annex 9), and so could make a
/// terminal or page show something else than what is there.
pub const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
