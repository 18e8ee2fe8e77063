//! `[[product]]`: what is sold, by which names and ids, and whom to ask.

use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use super::allow::allowed;
use super::contacts::{self, Limits};
use super::customers::marketplace_id;
use super::mailbox::REPLIES;
use super::registry::{Known, Placed, What};
use super::source::quoted;
use super::table::{InFile, Read, Table, listed};
use super::value::Text;
use crate::domain::ids::ProductId;
use crate::domain::language::Language;
use crate::registry::contact::Contacts;
use crate::registry::product::{Attachments, Product, Support, Technical};
use crate::rules::Keyword;
use crate::rules::lint::Lint;

/// How many products of one file are taken at most.
const PRODUCTS_MAX: usize = 5_000;
/// Shortest name or alias, in characters: one letter names nothing.
const ALIAS_CHARS_MIN: usize = 2;

const TECHNICAL: [(&str, Technical); 2] =
    [("forward", Technical::Forward), ("keep", Technical::Keep)];
const ATTACHMENTS: [(&str, Attachments); 2] =
    [("send", Attachments::Send), ("drop", Attachments::Drop)];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProductShape {
    id: Option<Text>,
    name: Option<Text>,
    aliases: Option<Vec<Text>>,
    common_names: Option<Vec<Text>>,
    publisher: Option<Text>,
    offers: Option<Vec<Text>>,
    plans: Option<Vec<Text>>,
    skus: Option<Vec<Text>>,
    sender_domains: Option<Vec<Text>>,
    isv_replies: Option<Text>,
    expose_customer: Option<bool>,
    technical: Option<Text>,
    languages: Option<Vec<Text>>,
    documentation: Option<Text>,
    status_page: Option<Text>,
    redact: Option<bool>,
    attachments: Option<Text>,
}

/// Checks the products of one file, alone and against all that were read before; `limits` is
/// absent when `triaged.toml` could not be read well enough. A contact that names no time zone is
/// in `zone`.
pub fn products(
    tables: Vec<Table<'_>>,
    limits: Option<&Limits<'_>>,
    zone: &TimeZone,
    placed: &mut Placed,
    file: &mut InFile<'_>,
) {
    if let Some(span) = tables
        .get(PRODUCTS_MAX)
        .and_then(|table| table.span.clone())
    {
        let message = format!(
            "there are {} products in this file; at most {PRODUCTS_MAX} are taken",
            tables.len()
        );
        file.error(&span, "product", message);
    }
    for mut table in tables.into_iter().take(PRODUCTS_MAX) {
        placed.known.seen += 1;
        let allow = allowed(table.table("allow", file), [Lint::DeadProduct], file);
        let contacts = table.table("contacts", file);
        let contacts = contacts::contacts(contacts, limits, zone, file);
        let read = table.read::<ProductShape>(file);
        compare(&read.told, &mut placed.known, file);
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
}

/// Reports what this product has in common with one before it.
fn compare(told: &ProductShape, known: &mut Known, file: &mut InFile<'_>) {
    let owner = known.seen;
    if let Some(id) = &told.id {
        let message = format!("two products have the id {}", quoted(id.get_ref()));
        known.only(
            What::ProductId,
            owner,
            ("product.id", id),
            (message, ""),
            file,
        );
    }
    for name in told.name.iter().chain(told.aliases.iter().flatten()) {
        let message = format!("two products are called {}", quoted(name.get_ref()));
        let help = "a ticket that says this could not be told; leave it to one of them, or to none";
        let place = ("product.aliases", name);
        known.only(What::ProductName, owner, place, (message, help), file);
    }
    for offer in told.offers.iter().flatten() {
        let message = format!("two products have the offer {}", quoted(offer.get_ref()));
        let help = "a ticket that says this could not be told; leave it to one of them";
        let place = ("product.offers", offer);
        known.only(What::OfferId, owner, place, (message, help), file);
    }
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
    let common_names = common_names(&read.told, file);
    let publisher = read
        .need(
            "publisher",
            read.told.publisher.as_ref(),
            "the ISV who publishes it",
            file,
        )
        .and_then(|text| file.line("product.publisher", text));
    let isv_replies = read.told.isv_replies.as_ref();
    let isv_replies = isv_replies.and_then(|text| file.word("product.isv-replies", text, &REPLIES));
    let mut ids = |key: &str, list: &Option<Vec<Text>>| -> Vec<String> {
        let texts = list.iter().flatten();
        let key = format!("product.{key}");
        texts
            .filter_map(|text| marketplace_id(&key, text, file))
            .collect()
    };
    let offers = ids("offers", &read.told.offers);
    let plans = ids("plans", &read.told.plans);
    let skus = ids("skus", &read.told.skus);
    let sender_domains = file.domains("product.sender-domains", read.told.sender_domains.as_ref());
    let support = support(&read.told, file);
    Some(Product {
        id: ProductId::new(id?),
        name: name?,
        aliases,
        common_names,
        publisher: publisher?,
        offers,
        plans,
        skus,
        contacts,
        isv_replies,
        expose_customer: read.told.expose_customer.unwrap_or(true),
        support,
        sender_domains,
    })
}

fn support(told: &ProductShape, file: &mut InFile<'_>) -> Support {
    let languages = Language::ALL.map(|language| (language.as_str(), language));
    let technical = told.technical.as_ref();
    let technical = technical.and_then(|text| file.word("product.technical", text, &TECHNICAL));
    let attachments = told.attachments.as_ref();
    let attachments =
        attachments.and_then(|text| file.word("product.attachments", text, &ATTACHMENTS));
    let known = told.languages.iter().flatten();
    let languages = known
        .filter_map(|text| file.word("product.languages", text, &languages))
        .collect();
    Support {
        technical: technical.unwrap_or_default(),
        languages,
        documentation: link("product.documentation", told.documentation.as_ref(), file),
        status_page: link("product.status-page", told.status_page.as_ref(), file),
        redact: told.redact.unwrap_or_default(),
        attachments: attachments.unwrap_or_default(),
    }
}

/// A link that people can follow.
fn link(key: &str, text: Option<&Text>, file: &mut InFile<'_>) -> Option<String> {
    let text = text?;
    let told = file.line(key, text)?;
    let is_link = told.starts_with("https://") && !told.contains(char::is_whitespace);
    if !is_link {
        let message = format!("`{key}`: {} is no link", quoted(&told));
        file.error(&text.span(), key, message)
            .help("such as `https://docs.publisher.example/`");
    }
    is_link.then_some(told)
}

/// Those of its names that need more evidence than the word.
fn common_names(told: &ProductShape, file: &mut InFile<'_>) -> Vec<String> {
    const KEY: &str = "product.common-names";
    let mut all = Vec::new();
    for text in told.common_names.iter().flatten() {
        let same = |name: &&Text| name.get_ref().to_lowercase() == text.get_ref().to_lowercase();
        let names = told.name.iter().chain(told.aliases.iter().flatten());
        if names.clone().any(|name| same(&name)) {
            all.push(text.get_ref().clone());
        } else {
            let names: Vec<&str> = names.map(|name| name.get_ref().as_str()).collect();
            let message = format!("{} is no name of this product", quoted(text.get_ref()));
            file.error(&text.span(), KEY, message)
                .help(format!("it is called {}", listed(&names)));
        }
    }
    all
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
