//! `[log]`.

use serde::Deserialize;

use super::table::{InFile, Table};
use super::value::Text;
use crate::config::log::{Log, LogFormat, LogLevel};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogShape {
    level: Option<Text>,
    format: Option<Text>,
}

/// Checks `[log]`.
pub fn log(table: Table<'_>, file: &mut InFile<'_>) -> Log {
    let read = table.read::<LogShape>(file);
    let level = read.told.level.as_ref();
    let format = read.told.format.as_ref();
    Log {
        level: level
            .and_then(|text| file.word("log.level", text, &LogLevel::WORDS))
            .unwrap_or_default(),
        format: format
            .and_then(|text| file.word("log.format", text, &LogFormat::WORDS))
            .unwrap_or_default(),
    }
}
