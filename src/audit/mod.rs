//! The audit log: what was done to every ticket and why, as a chain of lines that nobody can
//! change unseen.
//!
//! The ledger is the truth and holds every line; the file `audit.jsonl` beside it is a copy for
//! people and their tools. This module knows how a line is made ([`chain`]), checked ([`verify`]),
//! kept in a file ([`mirror`]) and given away ([`export`]); which lines there are is the ledger's
//! business. No bodies, no secrets, and of a person's data what [`mod@personal`] lets through.

pub mod chain;
mod escape;
pub mod export;
pub mod mirror;
pub mod personal;
pub mod redact;
pub mod verify;

pub use chain::Head;
pub use personal::personal;

#[cfg(test)]
pub(crate) mod tests {
    use jiff::Timestamp;

    use super::chain::{self, Head};
    use crate::domain::event::{Actor, Entry, Happening};
    use crate::domain::ids::{MailboxName, TicketId};
    use crate::domain::locator::{Generation, Item, Locator};

    /// The entry that stands in line `n` of [`lines`].
    pub(crate) fn entry(n: u64) -> Entry {
        Entry {
            at: Timestamp::from_second(1_772_000_000 + n.cast_signed()).unwrap(),
            actor: Actor::Triaged,
            mailbox: Some(MailboxName::from("support")),
            ticket: Some(TicketId::new([u8::try_from(n % 251).unwrap(); 16])),
            happening: Happening::Seen {
                locator: Locator {
                    generation: Generation(9),
                    item: Item::Uid(u32::try_from(n).unwrap()),
                },
                size: 100 * n,
            },
        }
    }

    /// A sound chain.
    pub(crate) fn lines(count: u64) -> Vec<String> {
        let mut head = Head::GENESIS;
        (1..=count)
            .map(|n| {
                let body = chain::body(&entry(n)).unwrap();
                let next = head.with(&body);
                let line = chain::line(n, &body, &head.hash, &next.hash);
                head = next;
                line
            })
            .collect()
    }
}
