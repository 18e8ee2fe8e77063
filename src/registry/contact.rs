//! Whom to ask about a product: a publisher's desks, by what each of them is for.

use std::fmt;
use std::time::Duration;

use jiff::civil::Date;

use super::calendar::Calendar;
use crate::domain::address::Address;
use crate::domain::language::Language;

/// Most others that a desk names for when it cannot be reached.
pub const FALLBACKS_MAX: usize = 4;

/// What a contact is for, as an offer's information page in Partner Center has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Faults, how-to, log-in: where technical tickets are sent.
    Technical,
    /// The publisher's desk for end customers.
    CustomerSupport,
    /// The publisher's people for partners in the CSP programme.
    Csp,
}

impl Role {
    /// Every role, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Technical, Self::CustomerSupport, Self::Csp];

    /// The word used in configuration and command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::CustomerSupport => "customer-support",
            Self::Csp => "csp",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Where it is reached.
    pub address: Address,
    /// Its name, as it stands in `To`.
    pub name: Option<String>,
    /// What it answers in; empty when that is not known.
    pub languages: Vec<Language>,
    /// When it works.
    pub calendar: Calendar,
    /// By when it answers, in its working time; `None` when nothing is agreed.
    pub response: Option<Duration>,
    /// Whom to try next when mail to it comes back or it stays silent, in this order.
    pub fallback: Vec<Fallback>,
    /// When somebody last made sure that all this is so.
    pub verified: Option<Date>,
}

/// Another desk to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// The product's contact for something else.
    Role(Role),
    /// Another address of the same desk: its hours and languages are the same.
    Address(Address),
}

/// The contacts of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    /// See [`Role::Technical`]; without one technical tickets stay in review.
    pub technical: Option<Contact>,
    /// See [`Role::CustomerSupport`].
    pub customer_support: Option<Contact>,
    /// See [`Role::Csp`].
    pub csp: Option<Contact>,
}

impl Contacts {
    /// The contact for `role`.
    pub const fn of(&self, role: Role) -> Option<&Contact> {
        match role {
            Role::Technical => self.technical.as_ref(),
            Role::CustomerSupport => self.customer_support.as_ref(),
            Role::Csp => self.csp.as_ref(),
        }
    }

    /// Every contact with its role.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &Contact)> {
        Role::ALL
            .into_iter()
            .filter_map(|role| Some((role, self.of(role)?)))
    }

    /// Whom to try for `role`, one after the other: its contact, then that one's fallbacks, each
    /// address once. Fallbacks of a fallback do not count, so the list is short and ends.
    pub fn chain(&self, role: Role) -> Vec<Contact> {
        let Some(first) = self.of(role) else {
            return Vec::new();
        };
        let mut chain = vec![first.clone()];
        for fallback in &first.fallback {
            let next = match fallback {
                Fallback::Role(role) => self.of(*role).cloned(),
                Fallback::Address(address) => Some(Contact {
                    address: address.clone(),
                    name: None,
                    ..first.clone()
                }),
            };
            let new =
                next.filter(|next| !chain.iter().any(|one| one.address.same_as(&next.address)));
            chain.extend(new);
        }
        chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn contact(address: &str, fallback: Vec<Fallback>) -> Contact {
        Contact {
            address: address.parse().expect("an address"),
            name: Some("A desk".to_owned()),
            languages: Vec::new(),
            calendar: Calendar::new(TimeZone::UTC, Vec::new(), Vec::new()),
            response: None,
            fallback,
            verified: None,
        }
    }

    #[test]
    fn a_chain_is_the_contact_and_its_fallbacks_each_once() {
        let address = |text: &str| Fallback::Address(text.parse().expect("an address"));
        let technical = contact(
            "help@isv.example",
            vec![
                Fallback::Role(Role::Csp),
                Fallback::Role(Role::CustomerSupport),
                address("duty@isv.example"),
                address("help@isv.example"),
            ],
        );
        let contacts = Contacts {
            technical: Some(technical),
            customer_support: Some(contact(
                "care@isv.example",
                vec![Fallback::Role(Role::Technical)],
            )),
            csp: None,
        };
        let chain = |role| -> Vec<String> {
            let chain = contacts.chain(role);
            chain.iter().map(|one| one.address.to_string()).collect()
        };
        assert_eq!(
            chain(Role::Technical),
            ["help@isv.example", "care@isv.example", "duty@isv.example"]
        );
        assert_eq!(
            chain(Role::CustomerSupport),
            ["care@isv.example", "help@isv.example"]
        );
        assert!(chain(Role::Csp).is_empty());
    }
}
