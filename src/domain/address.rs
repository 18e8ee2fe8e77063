//! A mail address that is safe in an envelope, a header and a log line.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest address taken, in bytes (RFC 5321 §4.5.3.1.3: a path of 256 with its brackets).
pub const LENGTH_MAX: usize = 254;

/// An `addr-spec` in the unquoted dot-atom form (RFC 5322 §3.4.1), domain in lower case.
///
/// Quoted local parts, comments, white space and control characters are refused: what cannot be
/// written without quoting is never used as a destination.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: Arc<str>,
    at: usize,
}

impl Address {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the `@`, in lower case.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The local part without its `+detail` (RFC 5233).
    pub fn user(&self) -> &str {
        self.local().split('+').next().unwrap_or_default()
    }

    /// The `detail` of `user+detail@domain`, when there is one (RFC 5233).
    pub fn detail(&self) -> Option<&str> {
        self.local().split_once('+').map(|(_, detail)| detail)
    }

    /// The same address with `detail` behind its user.
    pub fn with_detail(&self, detail: &str) -> Result<Self, BadAddress> {
        format!("{}+{detail}@{}", self.user(), self.domain()).parse()
    }

    /// Whether both reach the same person: local parts compared without case, as all but a few
    /// hosts do.
    pub fn same_as(&self, other: &Self) -> bool {
        self.domain() == other.domain() && self.local().eq_ignore_ascii_case(other.local())
    }

    /// As [`Self::same_as`], `+detail` left aside.
    pub fn same_user(&self, other: &Self) -> bool {
        self.domain() == other.domain() && self.user().eq_ignore_ascii_case(other.user())
    }

    /// Whether this domain is `domain` or lies below it.
    pub fn is_within(&self, domain: &str) -> bool {
        let own = self.domain();
        own == domain
            || (own.len() > domain.len()
                && own.ends_with(domain)
                && own.as_bytes()[own.len() - domain.len() - 1] == b'.')
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no mail address: {why}", text.escape_debug())]
pub struct BadAddress {
    text: String,
    why: &'static str,
}

fn is_atext(c: char) -> bool {
    // RFC 5322 §3.2.3, widened by RFC 6532 to printable UTF-8.
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        || (!c.is_ascii() && c.is_alphanumeric())
}

fn is_dot_atom(text: &str) -> bool {
    !text.is_empty()
        && text
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

fn is_domain(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c == '-' || c.is_alphanumeric())
    })
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |why| BadAddress {
            text: text.chars().take(80).collect(),
            why,
        };
        if text.len() > LENGTH_MAX {
            return Err(bad("longer than 254 bytes"));
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| bad("no `@` in it"))?;
        if !is_dot_atom(local) {
            return Err(bad("what stands before the `@` needs quoting"));
        }
        let domain = domain.to_lowercase();
        if !is_domain(&domain) {
            return Err(bad("what stands behind the `@` is no domain"));
        }
        Ok(Self {
            at: local.len(),
            text: format!("{local}@{domain}").into(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The addresses and domains a forward may go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    /// Whole addresses.
    pub addresses: Vec<Address>,
    /// Domains; what lies below them is not included.
    pub domains: Vec<String>,
}

impl AllowList {
    /// Whether `recipient` may receive mail from us.
    pub fn allows(&self, recipient: &Address) -> bool {
        self.addresses.iter().any(|a| a.same_as(recipient))
            || self.domains.iter().any(|d| d == recipient.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_taken_and_split() {
        let address: Address = "Support+t4f7@Partner.Example".parse().expect("an address");
        assert_eq!(address.as_str(), "Support+t4f7@partner.example");
        assert_eq!(
            (address.user(), address.detail()),
            ("Support", Some("t4f7"))
        );
        assert!(address.is_within("example") && !address.is_within("artner.example"));
    }

    #[test]
    fn what_could_break_an_envelope_is_refused() {
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b.example",
            "a b@c.example",
            "a@b@c.example",
            "\"x\"@b.example",
            "a\r\nRCPT TO:<x@y.example>@b.example",
            "a@b.example>\r\n",
            "a@-b.example",
            "<a@b.example>",
            "a..b@c.example",
            "a@[127.0.0.1]",
            "a\0@b.example",
            "a@b..example",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?} was taken");
        }
    }
}
