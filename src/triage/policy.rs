//! What the operator's files say, compiled into one value that is swapped as a whole.

use std::sync::Arc;

use crate::domain::address::AllowList;
use crate::registry::Registry;
use crate::rules::RuleSet;

use super::routing::Routing;
use super::senders::Senders;
use super::template::Templates;

/// What is done with mail about something technical and something that we answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mixed {
    /// A person decides.
    #[default]
    Review,
    /// Its technical paragraphs are forwarded where they can be told apart, and nothing else of
    /// it; the mail itself is filed with whoever answers the rest.
    Split,
}

/// Rules, registry and routing that belong together.
#[derive(Debug)]
pub struct Policy {
    /// The partner's name, as forwards show it.
    pub partner: String,
    /// Decides the category.
    pub rules: RuleSet,
    /// Knows products and their contacts.
    pub registry: Registry,
    /// Knows folders and owners.
    pub routing: Routing,
    /// How surely a product must be told for a forward, from 0 to 1; see
    /// [`Step::confidence`](crate::domain::decision::Step::confidence).
    pub product_confidence: f64,
    /// What is done with mail about something technical and something that we answer.
    pub mixed: Mixed,
    /// Points of a single hit for a category that is not forwarded, from which on nothing is
    /// forwarded, whatever other rules take back.
    pub hit_guard: f64,
    /// Who may receive at all.
    pub allow: AllowList,
    /// Whose word counts on who wrote.
    pub senders: Senders,
    /// The operator's words for letters.
    pub templates: Templates,
    /// What is decided beside it, and acts on nothing.
    pub shadow: Option<Arc<Policy>>,
}
