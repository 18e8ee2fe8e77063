//! `[retention]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use super::table::{InFile, Table};
use super::value::Text;
use crate::config::retention::Retention;

/// Less than a month would take the person out of tickets that people still talk about.
const PERSONS_BOUNDS: RangeInclusive<Duration> =
    Duration::from_hours(24 * 30)..=Duration::from_hours(24 * 3_660);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetentionShape {
    persons: Option<Text>,
}

/// Checks `[retention]`.
pub fn retention(table: Table<'_>, file: &mut InFile<'_>) -> Retention {
    let read = table.read::<RetentionShape>(file);
    let told = read.told.persons.as_ref();
    let persons = told.and_then(|text| file.duration("retention.persons", text, &PERSONS_BOUNDS));
    Retention { persons }
}
