//! What delivery wrote into a header about the envelope.
//!
//! Worth as much as the server that wrote it: a hint for kinds and own addresses, never a proof.

use super::authors;
use super::headers::{Block, Headers};
use crate::domain::address::Address;

/// Most addresses kept of the fields a delivery agent adds.
const ENVELOPE_MAX: usize = 16;

/// Characters kept of a return path that is no address.
const TEXT_MAX: usize = 254;

/// What the last hops of delivery wrote; worth as much as the server that wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `Return-Path` (RFC 5321 §4.4), the topmost.
    pub return_path: Option<ReturnPath>,
    /// `Delivered-To` (RFC 9228).
    pub delivered_to: Vec<Address>,
    /// `X-Original-To`, `X-Envelope-To`, `Envelope-To`.
    pub original_to: Vec<Address>,
}

/// The envelope sender as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnPath {
    /// `<>`: a message that must never be answered (RFC 5321 §4.5.5).
    Null,
    /// An address.
    Address(Address),
    /// Something else, such as a bare `MAILER-DAEMON`; one line.
    Other(String),
}

impl Envelope {
    pub(super) fn read(block: &Block<'_>, headers: &Headers) -> Self {
        let addresses = |names: &[&str]| {
            names
                .iter()
                .flat_map(|name| block.all(name).take(ENVELOPE_MAX))
                .flat_map(|value| authors::read(value).into_iter().take(1))
                .filter_map(|author| author.address)
                .take(ENVELOPE_MAX)
                .collect()
        };
        Self {
            return_path: headers.first("Return-Path").and_then(ReturnPath::read),
            delivered_to: addresses(&["Delivered-To"]),
            original_to: addresses(&["X-Original-To", "X-Envelope-To", "Envelope-To"]),
        }
    }
}

impl ReturnPath {
    fn read(value: &str) -> Option<Self> {
        let path = value.trim();
        if path.is_empty() {
            return None;
        }
        let path = path.split_once('<').map_or(path, |(_, tail)| tail);
        let path = path.split_once('>').map_or(path, |(head, _)| head).trim();
        Some(if path.is_empty() {
            Self::Null
        } else {
            match path.parse() {
                Ok(address) => Self::Address(address),
                Err(_) => Self::Other(path.chars().take(TEXT_MAX).collect()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_paths_are_told_apart() {
        let address = |text: &str| ReturnPath::Address(text.parse().unwrap());
        for (value, wanted) in [
            ("<>", Some(ReturnPath::Null)),
            (" < > ", Some(ReturnPath::Null)),
            ("", None),
            ("<a@example.com>", Some(address("a@example.com"))),
            ("a@example.com", Some(address("a@example.com"))),
            (
                "MAILER-DAEMON",
                Some(ReturnPath::Other("MAILER-DAEMON".to_owned())),
            ),
        ] {
            assert_eq!(ReturnPath::read(value), wanted, "{value:?}");
        }
    }
}
