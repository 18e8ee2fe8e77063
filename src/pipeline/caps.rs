//! Caps on what is written to customers: acknowledgements, and publishers' answers sent on.
//!
//! Counted over the last day, by what the ledger holds, so that a restart forgets nothing. What is
//! above a cap is not written at all. The cap on everything that leaves is the lanes'
//! ([`crate::delivery::cap`]).

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use super::read::{Decided, Read, ReadEnd};
use super::session::Session;
use crate::config::limits::Limits;
use crate::domain::address::Address;
use crate::domain::letter::{Letter, Purpose};
use crate::domain::reason::Reason;

/// The time over which letters are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Acknowledgements of the last day.
#[derive(Default)]
struct Acknowledged {
    total: usize,
    domains: HashMap<String, usize>,
    addresses: HashSet<String>,
}

impl Acknowledged {
    fn of(sent: &[Address]) -> Self {
        let mut known = Self::default();
        for address in sent {
            known.note(address);
        }
        known
    }

    fn note(&mut self, to: &Address) {
        self.total += 1;
        *self.domains.entry(to.domain().to_lowercase()).or_default() += 1;
        self.addresses.insert(to.as_str().to_lowercase());
    }

    /// Takes leave for one: one a day to an address, so many to a domain, so many in all.
    fn take(&mut self, to: &Address, limits: &Limits) -> bool {
        let domain = self.domains.get(&to.domain().to_lowercase());
        let fits = self.total < limits.acknowledgements
            && domain.copied().unwrap_or(0) < limits.acknowledgements_per_domain
            && !self.addresses.contains(&to.as_str().to_lowercase());
        if fits {
            self.note(to);
        }
        fits
    }
}

impl Session<'_> {
    /// Takes out the letters to customers that would be too many.
    pub(super) async fn cap_letters(&self, reads: &mut [Read]) -> Result<(), Fault> {
        let mut written: Vec<&mut Decided> = reads
            .iter_mut()
            .filter_map(|read| match &mut read.end {
                ReadEnd::Decided(decided) => Some(&mut **decided),
                _ => None,
            })
            .filter(|decided| !decided.turned.letters.is_empty())
            .collect();
        if written.is_empty() {
            return Ok(());
        }
        let since = Timestamp::now().checked_sub(DAY).unwrap_or(Timestamp::MIN);
        let ledger = &self.works.ledger;
        let limits = &self.works.limits;
        let sent = ledger.letters_since(Purpose::Acknowledgement, since);
        let mut acknowledged = Acknowledged::of(&sent.await?);
        let mut relayed: HashMap<String, usize> = HashMap::new();
        for address in ledger.letters_since(Purpose::Relay, since).await? {
            *relayed.entry(address.as_str().to_lowercase()).or_default() += 1;
        }
        for decided in &mut written {
            let mut too_many = false;
            decided
                .turned
                .letters
                .retain(|letter| match letter.purpose {
                    Purpose::Acknowledgement => acknowledged.take(&letter.plan.recipient, limits),
                    Purpose::Relay => {
                        let fits = take_relay(&mut relayed, letter, limits);
                        too_many |= !fits;
                        fits
                    }
                    Purpose::Reminder | Purpose::Notification | Purpose::Failover => true,
                });
            if let Reason::Answer { kept, .. } = &mut decided.decision.reason
                && too_many
            {
                *kept = Some("too many answers went to the customer within a day".to_owned());
            }
        }
        Ok(())
    }
}

/// Takes leave for an answer: as many a day go to one customer as a customer may cause forwards.
fn take_relay(relayed: &mut HashMap<String, usize>, letter: &Letter, limits: &Limits) -> bool {
    let to = letter.plan.recipient.as_str().to_lowercase();
    let count = relayed.entry(to).or_default();
    let fits = *count < limits.sender_per_day;
    *count += usize::from(fits);
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_an_address_and_so_many_to_a_domain_and_in_all() {
        let limits = Limits {
            acknowledgements: 3,
            acknowledgements_per_domain: 2,
            ..Limits::default()
        };
        let sent = ["a@one.example".parse().unwrap()];
        let mut known = Acknowledged::of(&sent);
        for (to, fits) in [
            ("A@ONE.example", false),
            ("b@one.example", true),
            ("c@one.example", false),
            ("a@two.example", true),
            ("b@two.example", false),
        ] {
            assert_eq!(known.take(&to.parse().unwrap(), &limits), fits, "{to}");
        }
    }
}
