//! Letters: mail beside the forward, its marks made so that an answer finds the case.

use jiff::Timestamp;

use crate::domain::address::Address;
use crate::domain::ids::TicketId;
use crate::domain::letter::{Letter, Purpose};
use crate::domain::plan::Plan;
use crate::mail::origin::{self, InstanceKey};

/// What a letter is made of.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// The ticket it is about; it is sent once that is settled.
    pub ticket: TicketId,
    /// The first ticket of the thread: its token stands in `Reply-To`.
    pub case: TicketId,
    /// What it is for.
    pub purpose: Purpose,
    /// What tells it from another letter of the same purpose to the same recipient.
    pub occasion: &'a str,
    /// To whom.
    pub recipient: Address,
    /// The mailbox's address.
    pub from: &'a Address,
    /// The name shown beside it.
    pub from_name: &'a str,
    /// When it is written.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text, lines ended by `\n`.
    pub text: String,
    /// What it follows, the nearest last, without angle brackets.
    pub references: Vec<String>,
}

/// Most ids in `References`: the first and the nearest.
const REFERENCES_MAX: usize = 10;

impl Draft<'_> {
    /// The letter, the same for the same arguments but for its date.
    pub fn letter(self, key: &InstanceKey) -> Letter {
        let message_id = origin::letter_id(
            key,
            self.ticket,
            self.purpose,
            self.occasion,
            &self.recipient,
            self.from.domain(),
        );
        let mut references = self.references;
        if references.len() > REFERENCES_MAX {
            references.drain(1..=references.len() - REFERENCES_MAX);
        }
        Letter {
            ticket: self.ticket,
            purpose: self.purpose,
            plan: Plan {
                recipient: self.recipient,
                from: self.from.clone(),
                from_name: self.from_name.to_owned(),
                reply_to: origin::reply_to(key, self.case, self.from),
                origin: origin::origin_value(key, &message_id),
                message_id,
                date: self.at,
                subject: self.subject,
                sheet: self.text,
                references,
                headless: false,
                copy: None,
                enclosure: None,
            },
        }
    }
}
