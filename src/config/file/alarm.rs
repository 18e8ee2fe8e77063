//! `[alarm]`.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::net::{self, Ports, ServerKeys};
use super::source::quoted;
use super::table::{InFile, Read, Table};
use super::value::Text;
use crate::config::alarm::Alarm;
use crate::config::net::Server;
use crate::domain::address::Address;

const AFTER: Duration = Duration::from_mins(15);
const AFTER_BOUNDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);
const EVERY: Duration = Duration::from_hours(24);
const EVERY_BOUNDS: RangeInclusive<Duration> =
    Duration::from_mins(10)..=Duration::from_hours(30 * 24);
const PORTS: Ports = Ports {
    implicit: 465,
    starttls: 587,
    none: 25,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlarmShape {
    to: Option<Vec<Text>>,
    after: Option<Text>,
    every: Option<Text>,
    host: Option<Text>,
    port: Option<Spanned<i64>>,
    tls: Option<Text>,
    ca_file: Option<Text>,
}

/// Checks `[alarm]`; nothing when nobody is to be told. `watched` are the mailboxes' addresses.
pub fn alarm(
    table: Table<'_>,
    base: &Path,
    watched: &[Address],
    file: &mut InFile<'_>,
) -> Option<Alarm> {
    let read = table.read::<AlarmShape>(file);
    let told = |text: &Option<Text>, key, default, bounds, file: &mut InFile<'_>| match text {
        Some(text) => file.duration(key, text, bounds),
        None => Some(default),
    };
    let after = told(&read.told.after, "alarm.after", AFTER, &AFTER_BOUNDS, file);
    let every = told(&read.told.every, "alarm.every", EVERY, &EVERY_BOUNDS, file);
    let server = server(&read, base, file);
    let texts = read.told.to.as_deref().unwrap_or_default();
    let to: Vec<Address> = texts
        .iter()
        .filter_map(|text| recipient(text, watched, file))
        .collect();
    if to.is_empty() {
        return None;
    }
    Some(Alarm {
        to,
        after: after?,
        every: every?,
        server: server.ok()?,
    })
}

/// Another way out, if one is told; `Err` when it was told wrongly, which is reported.
fn server(
    read: &Read<AlarmShape>,
    base: &Path,
    file: &mut InFile<'_>,
) -> Result<Option<Server>, ()> {
    let told = &read.told;
    if told.host.is_none() {
        for (key, text) in [("tls", &told.tls), ("ca-file", &told.ca_file)] {
            read.misplaced(key, text.as_ref(), "host", file);
        }
        read.misplaced("port", told.port.as_ref(), "host", file);
        return Ok(None);
    }
    let keys = ServerKeys {
        host: told.host.as_ref(),
        port: told.port.as_ref(),
        tls: told.tls.as_ref(),
        ca_file: told.ca_file.as_ref(),
    };
    let server = net::server(read, keys, PORTS, base, file);
    server.map(Some).ok_or(())
}

fn recipient(text: &Text, watched: &[Address], file: &mut InFile<'_>) -> Option<Address> {
    const KEY: &str = "alarm.to";
    let address = file.address(KEY, text)?;
    if watched.contains(&address) {
        let message = format!(
            "`{KEY}`: {} is a mailbox that is watched",
            quoted(text.get_ref())
        );
        file.error(&text.span(), KEY, message)
            .help("an address that people read when triaged does not work");
        return None;
    }
    Some(address)
}
