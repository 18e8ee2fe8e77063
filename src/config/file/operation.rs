//! `[partner]`, `[state]`, `[limits]`, `[edits]`, `[audit]` and `[registry]`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::table::{InFile, Table};
use super::value::Text;
use crate::config::audit::PersonalPolicy;
use crate::config::edits::{AtStart, Edits};
use crate::config::limits::Limits;
use crate::config::partner::Partner;

/// The directory systemd makes for `StateDirectory=triaged`.
const STATE_DIR: &str = "/var/lib/triaged";
const MEMORY_BOUNDS: RangeInclusive<u64> = 1 << 20..=4 << 30;
const BATCH_BOUNDS: RangeInclusive<i64> = 1..=1000;
const TRIES_BOUNDS: RangeInclusive<i64> = 1..=20;
const ACKNOWLEDGEMENTS_BOUNDS: RangeInclusive<i64> = 0..=10_000;
const CAUSED_BOUNDS: RangeInclusive<i64> = 1..=10_000;
const RESYNC_BOUNDS: RangeInclusive<i64> = 0..=1_000_000;
const DAY: Duration = Duration::from_hours(24);
const VERIFIED_BOUNDS: RangeInclusive<Duration> = DAY..=Duration::from_hours(24 * 3_660);
/// For how long a look at a contact holds, where nothing else is said.
const VERIFIED_WITHIN: Duration = Duration::from_hours(24 * 365);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PartnerShape {
    name: Option<Text>,
    address: Option<Text>,
    domains: Option<Vec<Text>>,
    authserv_ids: Option<Vec<Text>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StateShape {
    dir: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LimitsShape {
    memory: Option<Text>,
    batch: Option<Spanned<i64>>,
    tries: Option<Spanned<i64>>,
    resync: Option<Spanned<i64>>,
    acknowledgements: Option<Spanned<i64>>,
    acknowledgements_per_domain: Option<Spanned<i64>>,
    sender_per_day: Option<Spanned<i64>>,
    matter_per_day: Option<Spanned<i64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EditsShape {
    watch: Option<bool>,
    at_start: Option<Text>,
    shadow: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RegistryShape {
    contacts_verified_within: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuditShape {
    personal: Option<Text>,
}

/// Checks `[partner]`.
pub fn partner(table: Table<'_>, file: &mut InFile<'_>) -> Option<Partner> {
    let read = table.read::<PartnerShape>(file);
    let domains = file.domains("partner.domains", read.told.domains.as_ref());
    let authserv_ids = file.domains("partner.authserv-ids", read.told.authserv_ids.as_ref());
    let address = match &read.told.address {
        Some(text) => file.address("partner.address", text).map(Some),
        None => Some(None),
    };
    let name = read.need(
        "name",
        read.told.name.as_ref(),
        "your company's name, as publishers know it",
        file,
    )?;
    Some(Partner {
        name: file.line("partner.name", name)?,
        address: address?,
        domains,
        authserv_ids,
    })
}

/// Checks `[state]`.
pub fn state_dir(table: Table<'_>, base: &Path, file: &mut InFile<'_>) -> Option<PathBuf> {
    let read = table.read::<StateShape>(file);
    match &read.told.dir {
        Some(text) => file.path("state.dir", text, base),
        None => Some(PathBuf::from(STATE_DIR)),
    }
}

/// Checks `[limits]`.
pub fn limits(table: Table<'_>, file: &mut InFile<'_>) -> Limits {
    let read = table.read::<LimitsShape>(file);
    let default = Limits::default();
    let memory = read
        .told
        .memory
        .as_ref()
        .and_then(|v| file.size("limits.memory", v, &MEMORY_BOUNDS));
    let batch = read
        .told
        .batch
        .as_ref()
        .and_then(|v| file.number("limits.batch", v, &BATCH_BOUNDS));
    let tries = read
        .told
        .tries
        .as_ref()
        .and_then(|v| file.number("limits.tries", v, &TRIES_BOUNDS));
    let resync = read
        .told
        .resync
        .as_ref()
        .and_then(|v| file.number("limits.resync", v, &RESYNC_BOUNDS));
    let acknowledgements = read
        .told
        .acknowledgements
        .as_ref()
        .and_then(|v| file.number("limits.acknowledgements", v, &ACKNOWLEDGEMENTS_BOUNDS));
    let per_domain = read.told.acknowledgements_per_domain.as_ref();
    let per_domain = per_domain.and_then(|v| {
        let key = "limits.acknowledgements-per-domain";
        file.number(key, v, &ACKNOWLEDGEMENTS_BOUNDS)
    });
    let sender = read.told.sender_per_day.as_ref();
    let sender = sender.and_then(|v| file.number("limits.sender-per-day", v, &CAUSED_BOUNDS));
    let matter = read.told.matter_per_day.as_ref();
    let matter = matter.and_then(|v| file.number("limits.matter-per-day", v, &CAUSED_BOUNDS));
    Limits {
        memory: memory.unwrap_or(default.memory),
        batch: batch.unwrap_or(default.batch),
        tries: tries.unwrap_or(default.tries),
        resync: resync.unwrap_or(default.resync),
        acknowledgements: acknowledgements.unwrap_or(default.acknowledgements),
        acknowledgements_per_domain: per_domain.unwrap_or(default.acknowledgements_per_domain),
        sender_per_day: sender.unwrap_or(default.sender_per_day),
        matter_per_day: matter.unwrap_or(default.matter_per_day),
    }
}

/// Checks `[edits]`; a shadow's directory comes with its place.
pub fn edits(table: Table<'_>, base: &Path, file: &mut InFile<'_>) -> Edits {
    let words = [("stop", AtStart::Stop), ("last-good", AtStart::LastGood)];
    let read = table.read::<EditsShape>(file);
    let at_start = read.told.at_start.as_ref();
    let at_start = at_start.and_then(|text| file.word("edits.at-start", text, &words));
    let shadow = read.told.shadow.as_ref();
    Edits {
        watch: read.told.watch.unwrap_or(true),
        at_start: at_start.unwrap_or_default(),
        shadow: shadow.and_then(|text| file.path("edits.shadow", text, base)),
        shadow_at: shadow.map(Spanned::span),
    }
}

/// Checks `[registry]`: for how long a look at a contact holds.
pub fn registry(table: Table<'_>, file: &mut InFile<'_>) -> Duration {
    const KEY: &str = "registry.contacts-verified-within";
    let read = table.read::<RegistryShape>(file);
    let told = read.told.contacts_verified_within.as_ref();
    let told = told.and_then(|text| file.duration(KEY, text, &VERIFIED_BOUNDS));
    told.unwrap_or(VERIFIED_WITHIN)
}

/// Checks `[audit]`.
pub fn audit(table: Table<'_>, file: &mut InFile<'_>) -> PersonalPolicy {
    let words = [
        ("plain", PersonalPolicy::Plain),
        ("pseudonym", PersonalPolicy::Pseudonym),
        ("omit", PersonalPolicy::Omit),
    ];
    let read = table.read::<AuditShape>(file);
    let told = read
        .told
        .personal
        .as_ref()
        .and_then(|text| file.word("audit.personal", text, &words));
    told.unwrap_or_default()
}
