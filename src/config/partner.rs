//! `[partner]`: who runs this daemon.

use crate::domain::address::Address;

/// The company that sells and answers first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// As customers and publishers know it.
    pub name: String,
    /// Its main address, when it is not one of the mailboxes.
    pub address: Option<Address>,
    /// Its own domains.
    pub domains: Vec<String>,
    /// The names that its mail servers write into `Authentication-Results`, in lower case.
    pub authserv_ids: Vec<String>,
}
