//! What the operator's files say, compiled into one value that is swapped as a whole.

use std::sync::Arc;

use crate::domain::address::AllowList;
use crate::registry::Registry;
use crate::rules::RuleSet;

use super::routing::Routing;
use super::senders::Senders;
use super::template::Templates;

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
    /// Who may receive at all.
    pub allow: AllowList,
    /// Whose word counts on who wrote.
    pub senders: Senders,
    /// The operator's words for letters.
    pub templates: Templates,
    /// What is decided beside it, and acts on nothing.
    pub shadow: Option<Arc<Policy>>,
}
