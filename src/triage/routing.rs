//! Where each category and kind goes: the operator's table, checked.

use std::collections::BTreeMap;

use crate::domain::address::Address;
use crate::domain::decision::{Action, Owner};
use crate::domain::ids::{CategoryId, CustomerId, Folder};
use crate::domain::kind::Kind;

/// What is done with tickets of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Who must answer.
    pub owner: Owner,
    /// [`Action::Forward`], [`Action::Keep`] or, for `review`, [`Action::Review`].
    pub action: Action,
    /// Where it is filed.
    pub folder: Folder,
    /// Where it is filed when we answer it first although the publisher could.
    pub first_line: Folder,
}

impl Route {
    /// Whether tickets of it may go out of the house.
    pub fn goes_out(&self) -> bool {
        self.action == Action::Forward
    }
}

/// The whole table, and the addresses that are ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// A route for every category; always holds `review`.
    pub categories: BTreeMap<CategoryId, Route>,
    /// What is otherwise for single customers: only what differs stands here.
    pub customers: BTreeMap<CustomerId, BTreeMap<CategoryId, Route>>,
    /// A folder for every kind but [`Kind::Ticket`].
    pub kinds: BTreeMap<Kind, Folder>,
    /// Where answers to our own messages go.
    pub replies: Folder,
    /// Where what goes in a circle goes.
    pub loops: Folder,
    /// Where poison messages go.
    pub quarantine: Folder,
    /// Our own addresses: mail from them is never a ticket.
    pub own: Vec<Address>,
    /// Our own domains.
    pub own_domains: Vec<String>,
}
