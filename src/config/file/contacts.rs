//! `[product.contacts.ROLE]`: whom to ask about a product.
//!
//! What a contact may be is told here; that there is one at all is asked where products are read.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::decision::time_zone;
use super::source::{Source, quoted};
use super::table::{InFile, Read, Table, listed};
use super::value::Text;
use crate::config::delivery::AllowList;
use crate::domain::address::Address;
use crate::domain::ids::{CategoryId, Folder};
use crate::domain::language::Language;
use crate::registry::calendar::{Calendar, parse_date};
use crate::registry::contact::{Contact, Contacts, FALLBACKS_MAX, Fallback, Role};
use crate::triage::routing::Route;

/// Longest time that a desk may take, and least that can be told apart.
const RESPONSE_BOUNDS: RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(24 * 30);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ContactShape {
    address: Option<Text>,
    name: Option<Text>,
    languages: Option<Vec<Text>>,
    hours: Option<Vec<Text>>,
    time_zone: Option<Text>,
    holidays: Option<Vec<Text>>,
    response: Option<Text>,
    fallback: Option<Vec<Text>>,
    verified: Option<Text>,
}

/// What `triaged.toml` says that contacts are held against.
#[derive(Debug)]
pub struct Limits<'a> {
    /// Who may receive.
    pub allow: &'a AllowList,
    /// Where that is written, when it is.
    pub allow_at: Option<(&'a Arc<Source>, &'a Range<usize>)>,
    /// Our own addresses.
    pub own: &'a [Address],
    /// Our own domains.
    pub own_domains: &'a [String],
    /// Whether any category is forwarded.
    pub forwards: bool,
    /// What is done with each category.
    pub routes: &'a BTreeMap<CategoryId, Route>,
    /// The folders mailboxes are watched in.
    pub watched: &'a [Folder],
}

/// When a contact was last looked at, and where that is written.
#[derive(Debug)]
pub struct Verified {
    /// The day.
    pub on: Date,
    /// Whose address.
    pub address: Address,
    /// The key.
    pub key: String,
    /// The file.
    pub source: Arc<Source>,
    /// The place in it.
    pub span: Range<usize>,
}

/// The contacts of one product, and where.
#[derive(Debug, Default)]
pub struct Placed {
    /// The checked ones.
    pub contacts: Contacts,
    /// Where the technical one stands, checked or not.
    pub technical: Option<Range<usize>>,
    /// When they were looked at.
    pub verified: Vec<Verified>,
}

/// What one contact is held against.
#[derive(Clone, Copy)]
struct Around<'a> {
    role: Role,
    /// The roles that the product has a contact for.
    present: &'a [Role],
    /// Whether forwards go to it.
    receives: bool,
    limits: Option<&'a Limits<'a>>,
    zone: &'a TimeZone,
}

/// Checks the table `contacts` of a product; `zone` is where a clock hangs that says nothing
/// else. `limits` is absent when `triaged.toml` could not be read well enough.
pub fn contacts(
    mut table: Table<'_>,
    limits: Option<&Limits<'_>>,
    zone: &TimeZone,
    file: &mut InFile<'_>,
) -> Placed {
    let reads = Role::ALL.map(|role| {
        let read = table.table(role.as_str(), file).read::<ContactShape>(file);
        (role, read)
    });
    table.close(file);
    let there = reads.iter().filter(|(_, read)| read.span.is_some());
    let present: Vec<Role> = there.map(|(role, _)| *role).collect();
    // Forwards go to the technical contact and to what stands in for it.
    let stand_ins: Vec<&str> = reads
        .iter()
        .filter(|(role, _)| *role == Role::Technical)
        .flat_map(|(_, read)| read.told.fallback.iter().flatten())
        .map(|text| text.get_ref().as_str())
        .collect();
    let mut placed = Placed::default();
    for (role, read) in &reads {
        let around = Around {
            role: *role,
            present: &present,
            receives: *role == Role::Technical || stand_ins.contains(&role.as_str()),
            limits,
            zone,
        };
        let contact = contact(read, around, file);
        if let Some(contact) = &contact
            && let (Some(on), Some(text)) = (contact.verified, &read.told.verified)
        {
            placed.verified.push(Verified {
                on,
                address: contact.address.clone(),
                key: read.key("verified"),
                source: Arc::clone(file.source),
                span: text.span(),
            });
        }
        match role {
            Role::Technical => {
                placed.technical.clone_from(&read.span);
                placed.contacts.technical = contact;
            }
            Role::CustomerSupport => placed.contacts.customer_support = contact,
            Role::Csp => placed.contacts.csp = contact,
        }
    }
    placed
}

fn contact(
    read: &Read<ContactShape>,
    around: Around<'_>,
    file: &mut InFile<'_>,
) -> Option<Contact> {
    read.span.as_ref()?;
    let told = &read.told;
    let name = told.name.as_ref();
    let name = name.and_then(|text| file.line(&read.key("name"), text));
    let why = match around.role {
        Role::Technical => "where technical tickets are sent",
        Role::CustomerSupport => "where the publisher helps end customers",
        Role::Csp => "where the publisher helps partners",
    };
    let text = read.need("address", told.address.as_ref(), why, file);
    let address = text.and_then(|text| {
        let address = file.address(&read.key("address"), text)?;
        held_against(&address, &read.key("address"), text, around, file);
        Some(address)
    });
    let words = Language::ALL.map(|language| (language.as_str(), language));
    let languages = told.languages.iter().flatten();
    let languages = languages
        .filter_map(|text| file.word(&read.key("languages"), text, &words))
        .collect();
    let zone = told.time_zone.as_ref().map_or_else(
        || around.zone.clone(),
        |text| time_zone(&read.key("time-zone"), text, file),
    );
    let hours = parsed(&read.key("hours"), told.hours.as_ref(), file);
    let holidays = parsed(&read.key("holidays"), told.holidays.as_ref(), file);
    let response = told.response.as_ref();
    let response =
        response.and_then(|text| file.duration(&read.key("response"), text, &RESPONSE_BOUNDS));
    let fallback = fallbacks(read, around, file);
    let verified = told.verified.as_ref();
    let verified = verified.and_then(|text| date(&read.key("verified"), text, file));
    Some(Contact {
        address: address?,
        name,
        languages,
        calendar: Calendar::new(zone, hours, holidays),
        response,
        fallback,
        verified,
    })
}

/// Every entry of a list, by its own grammar.
fn parsed<T>(key: &str, list: Option<&Vec<Text>>, file: &mut InFile<'_>) -> Vec<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let mut all = Vec::new();
    for text in list.into_iter().flatten() {
        match text.get_ref().parse() {
            Ok(one) => all.push(one),
            Err(why) => {
                let message = format!("`{key}` is {}: {why}", quoted(text.get_ref()));
                file.error(&text.span(), key, message);
            }
        }
    }
    all
}

fn date(key: &str, text: &Text, file: &mut InFile<'_>) -> Option<Date> {
    let date = parse_date(text.get_ref());
    if date.is_none() {
        let message = format!("`{key}` is {}, which is no date", quoted(text.get_ref()));
        file.error(&text.span(), key, message)
            .help("such as `2026-06-19`");
    }
    date
}

/// The others to try. A role is told by its word, everything else must be an address.
fn fallbacks(
    read: &Read<ContactShape>,
    around: Around<'_>,
    file: &mut InFile<'_>,
) -> Vec<Fallback> {
    let key = read.key("fallback");
    // Only a technical contact's own are ever tried for a forward.
    let around = Around {
        receives: around.role == Role::Technical,
        ..around
    };
    let texts: &[Text] = read.told.fallback.as_deref().unwrap_or_default();
    if let Some(beyond) = texts.get(FALLBACKS_MAX) {
        let message = format!("`{key}` has more than {FALLBACKS_MAX} entries");
        file.error(&beyond.span(), &key, message)
            .help("if so many are silent nobody is there; leave out the rest");
    }
    let others = Role::ALL.into_iter().filter(|role| *role != around.role);
    let others: Vec<Role> = others.collect();
    let mut all = Vec::new();
    for text in texts.iter().take(FALLBACKS_MAX) {
        if text.get_ref().contains('@') {
            if let Some(address) = file.address(&key, text) {
                held_against(&address, &key, text, around, file);
                all.push(Fallback::Address(address));
            }
        } else if let Some(role) = others.iter().find(|role| role.as_str() == text.get_ref()) {
            if !around.present.contains(role) {
                let message = format!("the product has no contact `{role}`");
                file.error(&text.span(), &key, message).help(format!(
                    "add `contacts.{role} = {{ address = \"…\" }}`, or take it out"
                ));
            }
            all.push(Fallback::Role(*role));
        } else {
            let names: Vec<&str> = others.iter().map(|role| role.as_str()).collect();
            let message = format!("`{key}` cannot be {}", quoted(text.get_ref()));
            file.error(&text.span(), &key, message)
                .help(format!("an address, or one of {}", listed(&names)));
        }
    }
    all
}

/// Reports an address that is our own, or one that receives and is not allowed to.
fn held_against(
    address: &Address,
    key: &str,
    text: &Text,
    around: Around<'_>,
    file: &mut InFile<'_>,
) {
    let Some(limits) = around.limits else {
        return;
    };
    let is_own = limits.own.iter().any(|own| own.same_user(address))
        || limits
            .own_domains
            .iter()
            .any(|domain| address.is_within(domain));
    if is_own {
        let message = format!("{} is one of our own addresses", quoted(address.as_str()));
        file.error(&text.span(), key, message)
            .help("a forward there would come back as a ticket; write the publisher's address");
    } else if around.receives && limits.forwards && !limits.allow.allows(address) {
        let message = format!("{} is not on the allow-list", quoted(address.as_str()));
        let help = format!(
            "add {} to `addresses` or {} to `domains` under `[delivery.allow]` in triaged.toml",
            quoted(address.as_str()),
            quoted(address.domain()),
        );
        let finding = file.error(&text.span(), key, message).help(help);
        if let Some((source, span)) = limits.allow_at {
            finding.also("the allow-list stands here", source, span);
        }
    }
}
