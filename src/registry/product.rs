//! A product, its publisher, its names and its ids on the marketplace.

use super::contact::Contacts;
use crate::domain::ids::ProductId;

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
    /// Domains the product or its publisher writes from.
    pub sender_domains: Vec<String>,
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
