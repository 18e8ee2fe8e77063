//! A product, its publisher and its names.

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
    /// The ISV who publishes it.
    pub publisher: String,
    /// Whom to ask about it.
    pub contacts: Contacts,
    /// Domains the product or its publisher writes from.
    pub sender_domains: Vec<String>,
}
