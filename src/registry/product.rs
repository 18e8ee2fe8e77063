//! A product and whom to ask about it.

use crate::domain::address::Address;
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
    /// Who answers technical questions; without one they stay with the partner.
    pub technical: Option<Contact>,
    /// Domains the product or its publisher writes from.
    pub sender_domains: Vec<String>,
}

/// A publisher's support desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Where it is reached.
    pub address: Address,
    /// Its name, as it stands in `To`.
    pub name: Option<String>,
}
