//! `registry/products.toml`.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use super::allow::allowed;
use super::contacts::{self, Limits, Verified};
use super::source::quoted;
use super::table::{InFile, Read, Table};
use super::value::Text;
use crate::domain::ids::ProductId;
use crate::registry::contact::Contacts;
use crate::registry::product::Product;
use crate::rules::Keyword;
use crate::rules::lint::Lint;

/// How many products are known at most.
const PRODUCTS_MAX: usize = 5_000;
/// Shortest name or alias, in characters: one letter names nothing.
const ALIAS_CHARS_MIN: usize = 2;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProductShape {
    id: Option<Text>,
    name: Option<Text>,
    aliases: Option<Vec<Text>>,
    publisher: Option<Text>,
    sender_domains: Option<Vec<Text>>,
}

/// The products, and when their contacts were looked at.
#[derive(Debug, Default)]
pub struct Placed {
    /// The checked ones.
    pub products: Vec<Product>,
    /// Of all their contacts that say it.
    pub verified: Vec<Verified>,
}

/// Checks all products, alone and against each other; `limits` is absent when `triaged.toml`
/// could not be read well enough. A contact that names no time zone is in `zone`.
pub fn products(
    mut root: Table<'_>,
    limits: Option<&Limits<'_>>,
    zone: &TimeZone,
    file: &mut InFile<'_>,
) -> Placed {
    let tables = root.tables("product", file);
    root.close(file);
    if let Some(span) = tables
        .get(PRODUCTS_MAX)
        .and_then(|table| table.span.clone())
    {
        let message = format!(
            "there are {} products; at most {PRODUCTS_MAX} are taken",
            tables.len()
        );
        file.error(&span, "product", message);
    }
    let mut placed = Placed::default();
    let mut known = Known::default();
    for (number, mut table) in tables.into_iter().take(PRODUCTS_MAX).enumerate() {
        let allow = allowed(table.table("allow", file), [Lint::DeadProduct], file);
        let contacts = table.table("contacts", file);
        let contacts = contacts::contacts(contacts, limits, zone, file);
        let read = table.read::<ProductShape>(file);
        known.compare(number, &read.told, file);
        let forwards = limits.is_some_and(|limits| limits.forwards);
        if let (None, true, Some(span), Some(id)) =
            (&contacts.technical, forwards, &read.span, &read.told.id)
        {
            let message = format!("product {} has no technical contact", quoted(id.get_ref()));
            if !allow.lets_pass(Lint::DeadProduct) {
                file.warning(span, "product.contacts.technical", message)
                .lint(Lint::DeadProduct)
                .help("its technical tickets go to review; add `contacts.technical = { address = \"…\" }`");
            }
        }
        allow.tell_unused(file);
        placed.verified.extend(contacts.verified);
        placed
            .products
            .extend(product(&read, contacts.contacts, file));
    }
    placed
}

/// What products are called so far: by lower-case text, the number of the product and the place.
#[derive(Debug, Default)]
struct Known {
    ids: BTreeMap<String, (usize, Range<usize>)>,
    names: BTreeMap<String, (usize, Range<usize>)>,
}

impl Known {
    /// Reports what product `number` has in common with one before it.
    fn compare(&mut self, number: usize, told: &ProductShape, file: &mut InFile<'_>) {
        let source = file.source;
        if let Some(id) = &told.id
            && let Some((_, first)) = first_of(&mut self.ids, number, id)
        {
            let message = format!("two products have the id {}", quoted(id.get_ref()));
            file.error(&id.span(), "product.id", message).also(
                "the first stands here",
                source,
                &first,
            );
        }
        for name in told.name.iter().chain(told.aliases.iter().flatten()) {
            if let Some((_, first)) = first_of(&mut self.names, number, name) {
                let message = format!("two products are called {}", quoted(name.get_ref()));
                file.error(&name.span(), "product.aliases", message)
                    .help("a ticket that says this could not be told; leave it to one of them, or to none")
                    .also("the first stands here", source, &first);
            }
        }
    }
}

/// The other product that has this text already; else it is noted for product `number`.
fn first_of(
    known: &mut BTreeMap<String, (usize, Range<usize>)>,
    number: usize,
    text: &Text,
) -> Option<(usize, Range<usize>)> {
    let folded = text.get_ref().to_lowercase();
    let first = known.entry(folded).or_insert_with(|| (number, text.span()));
    (first.0 != number).then(|| first.clone())
}

fn product(
    read: &Read<ProductShape>,
    contacts: Contacts,
    file: &mut InFile<'_>,
) -> Option<Product> {
    let id = read
        .need(
            "id",
            read.told.id.as_ref(),
            "a short name for rules, log and command line",
            file,
        )
        .and_then(|text| file.name("product.id", text));
    let name = read
        .need(
            "name",
            read.told.name.as_ref(),
            "the name customers know it by",
            file,
        )
        .and_then(|text| alias("product.name", text, file));
    let texts = read.told.aliases.iter().flatten();
    let aliases = texts
        .filter_map(|text| alias("product.aliases", text, file))
        .collect();
    let publisher = read
        .need(
            "publisher",
            read.told.publisher.as_ref(),
            "the ISV who publishes it",
            file,
        )
        .and_then(|text| file.line("product.publisher", text));
    let sender_domains = file.domains("product.sender-domains", read.told.sender_domains.as_ref());
    Some(Product {
        id: ProductId::new(id?),
        name: name?,
        aliases,
        publisher: publisher?,
        contacts,
        sender_domains,
    })
}

fn alias(key: &str, text: &Spanned<String>, file: &mut InFile<'_>) -> Option<String> {
    let told = file.line(key, text)?;
    let letters = told.chars().filter(|c| c.is_alphanumeric()).count();
    if letters < ALIAS_CHARS_MIN {
        let message = format!("`{key}`: {} is too short to name a product", quoted(&told));
        file.error(&text.span(), key, message)
            .help("it would be found in every other mail; at least two letters or digits");
        return None;
    }
    if let Err(fault) = Keyword::parse(&told) {
        file.error(&text.span(), key, fault.to_string());
        return None;
    }
    Some(told)
}
