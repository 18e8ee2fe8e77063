//! A customer: who they are, what they have, and who answers for them where that differs.

use std::collections::{BTreeMap, HashMap};

use super::product::Product;
use crate::domain::address::Address;
use crate::domain::ids::{CustomerId, ProductId};

/// One customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its identity in log and command line.
    pub id: CustomerId,
    /// As people know it.
    pub name: String,
    /// Its mail domains, lower case; those below them count, too.
    pub domains: Vec<String>,
    /// Addresses of its people at other domains.
    pub addresses: Vec<Address>,
    /// Its tenant id at Microsoft.
    pub tenant: Option<String>,
    /// The indirect provider through whom it is served, when we are the reseller.
    pub provider: Option<String>,
    /// The indirect reseller who serves it, when we are the provider.
    pub reseller: Option<String>,
    /// What it has.
    pub products: Vec<ProductId>,
    /// Its subscriptions by their ids, and what each is for.
    pub subscriptions: BTreeMap<String, ProductId>,
}

impl Customer {
    /// Everything it has, by name or by a subscription, each once.
    pub fn owned(&self) -> Vec<&ProductId> {
        let mut owned: Vec<&ProductId> = self
            .products
            .iter()
            .chain(self.subscriptions.values())
            .collect();
        owned.sort_unstable();
        owned.dedup();
        owned
    }
}

/// All customers, by the addresses they write from.
#[derive(Debug, Default)]
pub struct Customers {
    all: Vec<Customer>,
    by_address: HashMap<String, usize>,
    by_domain: HashMap<String, usize>,
}

impl Customers {
    /// Of two customers with the same address or domain the first has it.
    pub fn new(all: Vec<Customer>) -> Self {
        let mut by_address = HashMap::new();
        let mut by_domain = HashMap::new();
        for (number, customer) in all.iter().enumerate() {
            for address in &customer.addresses {
                by_address.entry(key(address)).or_insert(number);
            }
            for domain in &customer.domains {
                by_domain.entry(domain.clone()).or_insert(number);
            }
        }
        Self {
            all,
            by_address,
            by_domain,
        }
    }

    /// In the order of the files.
    pub fn all(&self) -> &[Customer] {
        &self.all
    }

    /// The customer with this identity.
    pub fn get(&self, id: &CustomerId) -> Option<&Customer> {
        self.all.iter().find(|customer| &customer.id == id)
    }

    /// Whose address this is: by the address itself, else by the nearest domain above it.
    pub fn of(&self, address: &Address) -> Option<&Customer> {
        let number = self.by_address.get(&key(address)).or_else(|| {
            let mut domain = address.domain();
            loop {
                if let Some(number) = self.by_domain.get(domain) {
                    return Some(number);
                }
                domain = domain.split_once('.')?.1;
            }
        })?;
        self.all.get(*number)
    }

    /// The number of customers that have `product`.
    pub fn having(&self, product: &Product) -> usize {
        let has = |customer: &&Customer| customer.owned().contains(&&product.id);
        self.all.iter().filter(has).count()
    }
}

fn key(address: &Address) -> String {
    address.as_str().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(id: &str, domains: &[&str], addresses: &[&str]) -> Customer {
        Customer {
            id: id.into(),
            name: id.to_owned(),
            domains: domains.iter().map(ToString::to_string).collect(),
            addresses: addresses
                .iter()
                .map(|text| text.parse().expect(text))
                .collect(),
            tenant: None,
            provider: None,
            reseller: None,
            products: Vec::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    #[test]
    fn an_address_counts_before_a_domain_and_the_nearest_domain_before_others() {
        let customers = Customers::new(vec![
            customer("group", &["group.example"], &[]),
            customer("yard", &["yard.group.example"], &["Bo@free.example"]),
        ]);
        for (address, expected) in [
            ("anna@group.example", Some("group")),
            ("anna@office.group.example", Some("group")),
            ("anna@yard.group.example", Some("yard")),
            ("anna@x.yard.group.example", Some("yard")),
            ("bo@FREE.example", Some("yard")),
            ("anna@free.example", None),
            ("anna@othergroup.example", None),
        ] {
            let address: Address = address.parse().expect(address);
            let told = customers.of(&address).map(|customer| customer.id.as_str());
            assert_eq!(told, expected, "{address}");
        }
    }
}
