//! What a reader must know of how a message was read.

use std::fmt;

/// One such thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// S/MIME (RFC 8551) or PGP (RFC 3156): the text cannot be read.
    Encrypted(&'static str),
    /// All content lies in a `winmail.dat`.
    TnefOnly,
    /// A server's stand-in for a message it could not read.
    Stub,
    /// A bound was reached: something was left out.
    Cut,
    /// A field that may stand once stands more often; the topmost counts.
    Ambiguous(&'static str),
    /// The text comes from a page, there was no plain form.
    HtmlOnly,
    /// Only the header was read.
    HeadOnly,
}

impl Note {
    /// Whether the text at hand is not what the writer wrote, so that no rule may judge by it.
    pub const fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Encrypted(_) | Self::TnefOnly | Self::Stub | Self::HeadOnly
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted(how) => write!(f, "encrypted with {how}"),
            Self::TnefOnly => f.write_str("all content is in a `winmail.dat`"),
            Self::Stub => f.write_str("the server gave a stand-in for it"),
            Self::Cut => f.write_str("cut at a limit"),
            Self::Ambiguous(field) => write!(f, "more than one `{field}`"),
            Self::HtmlOnly => f.write_str("HTML only"),
            Self::HeadOnly => f.write_str("only its header was read"),
        }
    }
}
