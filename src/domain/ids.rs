//! Names and identifiers as types, so that a folder can never be passed where a rule is meant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it stands; the configuration layer has checked its form.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        // Equal, ordered and hashed as its text is, so that a map can be asked by the text.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A configured `[[mailbox]]` by its `name`.
    MailboxName
);
name!(
    /// A folder people read, as the operator writes it (UTF-8, `/` between levels).
    Folder
);
name!(
    /// A category of tickets: `technical`, `billing` and so on; the set is configured.
    CategoryId
);
name!(
    /// A product in the registry.
    ProductId
);
name!(
    /// A customer in the registry.
    CustomerId
);
name!(
    /// A rule, unique over all rule files.
    RuleId
);

impl CategoryId {
    /// The one category the code itself knows: a person decides.
    pub const REVIEW: &'static str = "review";

    /// Whether a person decides.
    pub fn is_review(&self) -> bool {
        self.as_str() == Self::REVIEW
    }

    /// The category of what a person must decide.
    pub fn review() -> Self {
        Self::from(Self::REVIEW)
    }
}

/// A ticket's identity: 128 bits derived from the instance key and the place where the message
/// was first seen, so that a lost ledger leads to the same identity again.
///
/// Written as 26 characters of lower-case base32 (RFC 4648, no padding).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId([u8; 16]);

impl TicketId {
    /// Takes the 128 bits.
    pub const fn new(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// The 128 bits.
    pub const fn bits(&self) -> &[u8; 16] {
        &self.0
    }

    /// The short form people see and type, such as `T-4F7K92QM`: the first 40 bits.
    pub fn reference(&self) -> String {
        let text = self.to_string();
        format!("T-{}", text[..8].to_ascii_uppercase())
    }

    /// Lower-case prefix of [`fmt::Display`]'s text that a person's `T-4F7K92QM`, or any longer
    /// piece of the identifier, stands for; `None` when it cannot be one.
    pub fn prefix(typed: &str) -> Option<String> {
        let text = typed.trim().to_ascii_lowercase();
        let text = text.strip_prefix("t-").unwrap_or(&text);
        let valid = (4..=26).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        valid.then(|| text.to_owned())
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = data_encoding::BASE32_NOPAD.encode(&self.0);
        f.write_str(&text.to_ascii_lowercase())
    }
}

impl fmt::Debug for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is not 26 characters of base32.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ticket identifier")]
pub struct NoTicketId(String);

impl FromStr for TicketId {
    type Err = NoTicketId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        data_encoding::BASE32_NOPAD
            .decode(text.to_ascii_uppercase().as_bytes())
            .ok()
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| NoTicketId(text.chars().take(40).collect()))
    }
}

impl Serialize for TicketId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TicketId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_id_reads_back_and_answers_to_its_reference() {
        let id = TicketId::new([7; 16]);
        assert_eq!(id.to_string().parse::<TicketId>(), Ok(id));
        let prefix = TicketId::prefix(&id.reference()).unwrap_or_default();
        assert_eq!(prefix.len(), 8);
        assert!(id.to_string().starts_with(&prefix));
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        assert!("".parse::<TicketId>().is_err());
        assert!("../../etc/passwd".parse::<TicketId>().is_err());
        assert_eq!(TicketId::prefix("T-%"), None);
        assert_eq!(TicketId::prefix("abc"), None);
    }
}
