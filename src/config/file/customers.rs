//! `[[customer]]`: who has which products.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::contacts::Limits;
use super::registry::{Known, What};
use super::routing;
use super::source::{Source, quoted};
use super::table::{InFile, Read, Table};
use super::value::Text;
use crate::domain::ids::{CategoryId, CustomerId, ProductId};
use crate::registry::customer::Customer;
use crate::triage::routing::Route;

/// How many customers of one file are taken at most.
const CUSTOMERS_MAX: usize = 20_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CustomerShape {
    id: Option<Text>,
    name: Option<Text>,
    domains: Option<Vec<Text>>,
    addresses: Option<Vec<Text>>,
    tenant: Option<Text>,
    provider: Option<Text>,
    reseller: Option<Text>,
    products: Option<Vec<Text>>,
}

/// A customer as it is written.
#[derive(Debug)]
pub struct Written {
    /// Absent when something it needs is missing or wrong.
    pub customer: Option<Customer>,
    /// What is otherwise for it.
    pub routes: BTreeMap<CategoryId, Route>,
    /// The products it names, each with its key.
    pub products: Vec<(Text, &'static str)>,
    /// The file.
    pub source: Arc<Source>,
}

/// Checks the customers of one file, alone and against all that were read before.
pub(super) fn customers(
    tables: Vec<Table<'_>>,
    limits: Option<&Limits<'_>>,
    known: &mut Known,
    file: &mut InFile<'_>,
) -> Vec<Written> {
    if let Some(span) = tables
        .get(CUSTOMERS_MAX)
        .and_then(|table| table.span.clone())
    {
        let message = format!(
            "there are {} customers in this file; at most {CUSTOMERS_MAX} are taken",
            tables.len()
        );
        file.error(&span, "customer", message);
    }
    let mut all = Vec::new();
    for mut table in tables.into_iter().take(CUSTOMERS_MAX) {
        known.seen += 1;
        let subscriptions = table.table("subscriptions", file).texts(file);
        let categories = table.table("categories", file);
        let routes = limits
            .map(|limits| routing::own_routes(categories, limits.routes, limits.watched, file));
        let read = table.read::<CustomerShape>(file);
        compare(&read.told, &subscriptions, known, file);
        let mut products: Vec<(Text, &'static str)> = Vec::new();
        let named = read.told.products.iter().flatten().cloned();
        products.extend(named.map(|text| (text, "customer.products")));
        let subscribed = subscriptions.iter().map(|(_, product)| product.clone());
        products.extend(subscribed.map(|text| (text, "customer.subscriptions")));
        all.push(Written {
            customer: customer(&read, &subscriptions, limits, file),
            routes: routes.unwrap_or_default(),
            products,
            source: Arc::clone(file.source),
        });
    }
    all
}

/// Reports what this customer has in common with one before it.
fn compare(
    told: &CustomerShape,
    subscriptions: &[(Text, Text)],
    known: &mut Known,
    file: &mut InFile<'_>,
) {
    let owner = known.seen;
    let domains = told.domains.iter().flatten();
    let addresses = told.addresses.iter().flatten();
    let all = told
        .id
        .iter()
        .map(|text| (What::CustomerId, "customer.id", text))
        .chain(domains.map(|text| (What::CustomerDomain, "customer.domains", text)))
        .chain(addresses.map(|text| (What::CustomerAddress, "customer.addresses", text)))
        .chain(
            told.tenant
                .iter()
                .map(|text| (What::Tenant, "customer.tenant", text)),
        )
        .chain(
            subscriptions
                .iter()
                .map(|(id, _)| (What::Subscription, "customer.subscriptions", id)),
        );
    for (what, key, text) in all {
        let message = format!("two customers have {}", quoted(text.get_ref()));
        let help = "whose ticket it is could not be told; leave it to one of them";
        known.only(what, owner, (key, text), (message, help), file);
    }
}

fn customer(
    read: &Read<CustomerShape>,
    subscriptions: &[(Text, Text)],
    limits: Option<&Limits<'_>>,
    file: &mut InFile<'_>,
) -> Option<Customer> {
    let told = &read.told;
    let id = read
        .need(
            "id",
            told.id.as_ref(),
            "a short name for log and command line",
            file,
        )
        .and_then(|text| file.name("customer.id", text));
    let name = read
        .need("name", told.name.as_ref(), "as people know it", file)
        .and_then(|text| file.line("customer.name", text));
    let domains = file.domains("customer.domains", told.domains.as_ref());
    for (domain, text) in domains.iter().zip(told.domains.iter().flatten()) {
        if limits.is_some_and(|limits| limits.own_domains.contains(domain)) {
            let message = format!("{} is one of our own domains", quoted(domain));
            file.error(&text.span(), "customer.domains", message)
                .help("mail from our own people is no customer's; take it out");
        }
    }
    let addresses = told.addresses.iter().flatten();
    let addresses = addresses
        .filter_map(|text| file.address("customer.addresses", text))
        .collect();
    let mut line = |key: &str, text: Option<&Text>| {
        text.and_then(|text| file.line(&format!("customer.{key}"), text))
    };
    let tenant = line("tenant", told.tenant.as_ref());
    let provider = line("provider", told.provider.as_ref());
    let reseller = line("reseller", told.reseller.as_ref());
    if let (Some(_), Some(text)) = (&provider, &told.reseller) {
        let message = "a customer is served through a provider or by a reseller, not both";
        file.error(&text.span(), "customer.reseller", message)
            .help("`provider` when you are the reseller, `reseller` when you are the provider");
    }
    let products = told.products.iter().flatten();
    let products = products.map(|text| ProductId::from(text.get_ref().as_str()));
    let subscriptions: BTreeMap<String, ProductId> = subscriptions
        .iter()
        .filter_map(|(id, product)| {
            let id = marketplace_id("customer.subscriptions", id, file)?;
            Some((id, ProductId::from(product.get_ref().as_str())))
        })
        .collect();
    Some(Customer {
        id: CustomerId::new(id?),
        name: name?,
        domains,
        addresses,
        tenant,
        provider,
        reseller,
        products: products.collect(),
        subscriptions,
    })
}

/// An id of the marketplace: letters, digits, `-`, `_`, `.` and `:`.
pub(super) fn marketplace_id(key: &str, text: &Text, file: &mut InFile<'_>) -> Option<String> {
    let told = text.get_ref();
    let fits = (2..=100).contains(&told.len())
        && told
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
        && told.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        return Some(told.clone());
    }
    let message = format!("`{key}`: {} is no id", quoted(told));
    file.error(&text.span(), key, message)
        .help("2 to 100 letters, digits, `-`, `_`, `.` and `:`, a letter or digit first");
    None
}
