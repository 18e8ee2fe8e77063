//! `registry/*.toml`: what stands in one file, and what is compared over all of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::contacts::{Limits, Verified};
use super::customers::{self, Written};
use super::products;
use super::source::{Source, quoted};
use super::table::{InFile, Table, did_you_mean, listed, nearest};
use super::value::Text;
use crate::config::findings::{Finding, Severity};
use crate::domain::ids::{CategoryId, CustomerId, ProductId};
use crate::registry::customer::Customer;
use crate::registry::product::Product;
use crate::triage::routing::Route;

/// What all files of the registry say.
#[derive(Debug, Default)]
pub struct Placed {
    /// The checked products.
    pub products: Vec<Product>,
    /// When their contacts were looked at.
    pub verified: Vec<Verified>,
    customers: Vec<Written>,
    pub(super) known: Known,
}

impl Placed {
    /// Reads one file; see [`products::products`] for what is around it.
    pub fn take(
        &mut self,
        mut root: Table<'_>,
        limits: Option<&Limits<'_>>,
        zone: &TimeZone,
        file: &mut InFile<'_>,
    ) {
        let products = root.tables("product", file);
        let customers = root.tables("customer", file);
        root.close(file);
        products::products(products, limits, zone, self, file);
        let written = customers::customers(customers, limits, &mut self.known, file);
        self.customers.extend(written);
    }

    /// The customers. Products that they have and nobody sells are reported, unless not
    /// `all_products` could be read.
    pub fn customers(&self, all_products: bool, findings: &mut Vec<Finding>) -> Vec<Customer> {
        let ids: Vec<&str> = self.products.iter().map(|p| p.id.as_str()).collect();
        for written in &self.customers {
            let strange = |text: &&(Text, &'static str)| {
                all_products && !ids.contains(&text.0.get_ref().as_str())
            };
            for (text, key) in written.products.iter().filter(strange) {
                let message = format!("there is no product {}", quoted(text.get_ref()));
                let finding = Finding::at(Severity::Error, &written.source, &text.span(), message);
                let help = nearest(text.get_ref(), ids.iter().copied()).map_or_else(
                    || format!("the registry has {}", listed(&ids)),
                    did_you_mean,
                );
                findings.push_mut(finding).key(*key).help(help);
            }
        }
        self.customers
            .iter()
            .filter_map(|written| written.customer.clone())
            .collect()
    }

    /// What is otherwise for single customers.
    pub fn routes(&self) -> BTreeMap<CustomerId, BTreeMap<CategoryId, Route>> {
        let own = self.customers.iter().filter_map(|written| {
            let customer = written.customer.as_ref()?;
            (!written.routes.is_empty()).then(|| (customer.id.clone(), written.routes.clone()))
        });
        own.collect()
    }

    /// The ids of all products.
    pub fn ids(&self) -> Vec<ProductId> {
        self.products.iter().map(|p| p.id.clone()).collect()
    }
}

/// What stands where, by lower-case text: to tell what is there twice.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// How many products or customers were seen.
    pub seen: usize,
    places: BTreeMap<(What, String), First>,
}

/// Who has it first, and where that is written.
#[derive(Debug)]
struct First {
    owner: usize,
    source: Arc<Source>,
    span: Range<usize>,
}

/// Of what there may be one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    ProductId,
    ProductName,
    OfferId,
    CustomerId,
    CustomerDomain,
    CustomerAddress,
    Tenant,
    Subscription,
}

impl Known {
    /// Notes `text` for number `owner`, or tells where another has it already.
    pub fn first(
        &mut self,
        what: What,
        owner: usize,
        text: &Text,
        file: &InFile<'_>,
    ) -> Option<(Arc<Source>, Range<usize>)> {
        let key = (what, text.get_ref().to_lowercase());
        let first = self.places.entry(key).or_insert_with(|| First {
            owner,
            source: Arc::clone(file.source),
            span: text.span(),
        });
        (first.owner != owner).then(|| (Arc::clone(&first.source), first.span.clone()))
    }

    /// Reports what another has already, with `message` and `help` for it.
    pub fn only(
        &mut self,
        what: What,
        owner: usize,
        (key, text): (&str, &Text),
        (message, help): (String, &str),
        file: &mut InFile<'_>,
    ) {
        if let Some((source, span)) = self.first(what, owner, text, file) {
            let finding = file.error(&text.span(), key, message);
            if !help.is_empty() {
                finding.help(help);
            }
            finding.also("the first stands here", &source, &span);
        }
    }
}
