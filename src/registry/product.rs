//! A product, its publisher, its names and its ids on the marketplace.

use super::contact::Contacts;
use crate::domain::ids::ProductId;
use crate::domain::language::Language;
use crate::domain::thread::Replies;

/// One product of one publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its identity; also the `detail` of `support+detail@…` that names it.
    pub id: ProductId,
    /// As customers know it.
    pub name: String,
    /// Other spellings and short forms.
    pub aliases: Vec<String>,
    /// Those of its names that are common words, too: they need more evidence than the word.
    pub common_names: Vec<String>,
    /// The ISV who publishes it.
    pub publisher: String,
    /// Its offers on the marketplace, by their ids.
    pub offers: Vec<String>,
    /// Their plans, by their ids.
    pub plans: Vec<String>,
    /// What price lists and invoices call it.
    pub skus: Vec<String>,
    /// Whom to ask about it.
    pub contacts: Contacts,
    /// What is done with the publisher's answers; `None` leaves it to the mailbox.
    pub isv_replies: Option<Replies>,
    /// Whether the publisher is shown who the customer is.
    pub expose_customer: bool,
    /// What is done with technical tickets about it.
    pub support: Support,
    /// Domains the product or its publisher writes from.
    pub sender_domains: Vec<String>,
}

/// What is done with technical tickets about a product, and what of them may leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Support {
    /// Who answers them first.
    pub technical: Technical,
    /// What the publisher answers in; empty when that is not known.
    pub languages: Vec<Language>,
    /// Where users can read.
    pub documentation: Option<String>,
    /// Where its health is told.
    pub status_page: Option<String>,
    /// Whether numbers of persons, cards and accounts are taken out of what leaves; the publisher
    /// then gets a copy of the text instead of the message.
    pub redact: bool,
    /// What becomes of attachments.
    pub attachments: Attachments,
}

/// Who answers technical tickets first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Technical {
    /// The publisher: they are forwarded.
    #[default]
    Forward,
    /// We do, and ask the publisher when we must.
    Keep,
}

/// What becomes of what hangs on a ticket that is forwarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attachments {
    /// It travels with the message.
    #[default]
    Send,
    /// It stays here; the publisher gets a copy of the text and is told the names.
    Drop,
}

impl Product {
    /// Its name and every alias.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name)
            .chain(&self.aliases)
            .map(String::as_str)
    }

    /// The ids it has on the marketplace.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let ids = self.offers.iter().chain(&self.plans).chain(&self.skus);
        ids.map(String::as_str)
    }
}
