//! `[rule.when]`: the conditions of a rule.
//!
//! What they mean is written at [`When`]. A condition of which no value could be read is left out
//! and reported; the configuration is then refused as a whole.

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::routing::Categories;
use super::source::quoted;
use super::table::{InFile, Read, did_you_mean, listed, nearest};
use super::value::Text;
use crate::domain::ids::ProductId;
use crate::domain::language::Language;
use crate::rules::When;
use crate::rules::condition::{AttachmentType, Customer};
use crate::rules::hours::Hours;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WhenShape {
    product: Option<Vec<Text>>,
    customer: Option<Vec<Text>>,
    language: Option<Vec<Text>>,
    attachment_type: Option<Vec<Text>>,
    received: Option<Vec<Text>>,
}

/// What rules may name.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Absent when `triaged.toml` could not be read.
    pub categories: Option<&'a Categories>,
    /// Absent when the registry could not be read whole.
    pub products: Option<&'a [ProductId]>,
    /// Where the clock hangs that `received` means.
    pub zone: &'a TimeZone,
}

/// Reads the conditions of one rule.
pub fn when(read: &Read<WhenShape>, around: Around<'_>, file: &mut InFile<'_>) -> When {
    let told = &read.told;
    let every = |key: &'static str, list: Option<&Vec<Text>>, file: &mut InFile<'_>| {
        // An empty list would read as "never" and mean "always".
        if list.is_some_and(Vec::is_empty)
            && let Some(span) = &read.span
        {
            let message = format!("`rule.when.{key}` is empty");
            file.error(span, &format!("rule.when.{key}"), message)
                .help("name what must be so, or take the key out");
        }
        list.cloned().unwrap_or_default()
    };
    let languages = Language::ALL.map(|language| (language.as_str(), language));
    When {
        product: every("product", told.product.as_ref(), file)
            .iter()
            .filter_map(|text| product(text, around.products, file))
            .collect(),
        customer: every("customer", told.customer.as_ref(), file)
            .iter()
            .filter_map(|text| customer(text, file))
            .collect(),
        language: every("language", told.language.as_ref(), file)
            .iter()
            .filter_map(|text| file.word("rule.when.language", text, &languages))
            .collect(),
        attachment_type: every("attachment-type", told.attachment_type.as_ref(), file)
            .iter()
            .filter_map(|text| attachment_type(text, file))
            .collect(),
        received: every("received", told.received.as_ref(), file)
            .iter()
            .filter_map(|text| hours(text, file))
            .collect(),
        zone: around.zone.clone(),
    }
}

fn product(text: &Text, known: Option<&[ProductId]>, file: &mut InFile<'_>) -> Option<ProductId> {
    let told = text.get_ref().as_str();
    let Some(known) = known else {
        return Some(ProductId::from(told));
    };
    let names: Vec<&str> = known.iter().map(ProductId::as_str).collect();
    if names.contains(&told) {
        return Some(ProductId::from(told));
    }
    let help = nearest(told, names.iter().copied()).map_or_else(
        || format!("the registry has {}", listed(&names)),
        did_you_mean,
    );
    let message = format!("there is no product {}", quoted(told));
    file.error(&text.span(), "rule.when.product", message)
        .help(help);
    None
}

fn customer(text: &Text, file: &mut InFile<'_>) -> Option<Customer> {
    const KEY: &str = "rule.when.customer";
    if text.get_ref().contains('@') {
        file.address(KEY, text).map(Customer::Address)
    } else {
        file.domain(KEY, text).map(Customer::Domain)
    }
}

fn attachment_type(text: &Text, file: &mut InFile<'_>) -> Option<AttachmentType> {
    let told = AttachmentType::parse(text.get_ref());
    if told.is_none() {
        let message = format!("{} is no type of attachment", quoted(text.get_ref()));
        file.error(&text.span(), "rule.when.attachment-type", message)
            .help("`pdf` for the end of a name, `application/pdf` or `image/*` for a media type");
    }
    told
}

fn hours(text: &Text, file: &mut InFile<'_>) -> Option<Hours> {
    text.get_ref()
        .parse()
        .map_err(|why| {
            let message = format!("`rule.when.received` is {}: {why}", quoted(text.get_ref()));
            file.error(&text.span(), "rule.when.received", message);
        })
        .ok()
}
