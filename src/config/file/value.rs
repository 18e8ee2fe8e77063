//! Single values: words, numbers, durations, sizes, addresses, names of folders, paths.
//!
//! Each function returns the value, or reports what is wrong with it and returns nothing.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;

use super::source::quoted;
use super::table::{InFile, did_you_mean, listed, nearest};
use crate::domain::address::Address;
use crate::domain::ids::Folder;

/// Longest name of a mailbox, category, rule or product, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Longest folder name, in bytes: what a file system takes as one name.
const FOLDER_BYTES_MAX: usize = 255;
/// Longest other text, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// A text with its place.
pub type Text = Spanned<String>;

impl InFile<'_> {
    /// One of a closed set of words.
    pub fn word<T: Copy>(&mut self, key: &str, text: &Text, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = match nearest(text.get_ref(), names.iter().copied()) {
                Some(word) => did_you_mean(word),
                None => format!("one of {}", listed(&names)),
            };
            let message = format!("`{key}` cannot be {}", quoted(text.get_ref()));
            self.error(&text.span(), key, message).help(help);
        }
        found.map(|(_, value)| *value)
    }

    /// A whole number within bounds.
    pub fn number<N: TryFrom<i64>>(
        &mut self,
        key: &str,
        number: &Spanned<i64>,
        bounds: &RangeInclusive<i64>,
    ) -> Option<N> {
        let value = *number.get_ref();
        let fit = N::try_from(value).ok().filter(|_| bounds.contains(&value));
        if fit.is_none() {
            let message = format!("`{key}` is {value}, which is out of bounds");
            let help = format!("from {} to {}", bounds.start(), bounds.end());
            self.error(&number.span(), key, message).help(help);
        }
        fit
    }

    /// A duration such as `90s`, `5m`, `2h`, `3d`.
    pub fn duration(
        &mut self,
        key: &str,
        text: &Text,
        bounds: &RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let told = text.get_ref();
        let Some(value) = parse_duration(told) else {
            let message = format!("`{key}` is {}, which is no duration", quoted(told));
            self.error(&text.span(), key, message)
                .help("a whole number and a unit: `90s`, `5m`, `2h` or `3d`");
            return None;
        };
        if bounds.contains(&value) {
            return Some(value);
        }
        let message = format!("`{key}` is {}, which is out of bounds", quoted(told));
        let [low, high] = [bounds.start(), bounds.end()].map(|d| in_words(*d));
        self.error(&text.span(), key, message)
            .help(format!("from {low} to {high}"));
        None
    }

    /// A size such as `35 MiB`, in bytes.
    pub fn size(&mut self, key: &str, text: &Text, bounds: &RangeInclusive<u64>) -> Option<u64> {
        let told = text.get_ref();
        let Some(value) = parse_size(told) else {
            let message = format!("`{key}` is {}, which is no size", quoted(told));
            self.error(&text.span(), key, message)
                .help("a whole number and a unit: `64 KiB`, `35 MiB` or `1 GiB`");
            return None;
        };
        if bounds.contains(&value) {
            return Some(value);
        }
        let message = format!("`{key}` is {}, which is out of bounds", quoted(told));
        let [low, high] = [bounds.start(), bounds.end()].map(|b| bytes_in_words(*b));
        self.error(&text.span(), key, message)
            .help(format!("from {low} to {high}"));
        None
    }

    /// A mail address.
    pub fn address(&mut self, key: &str, text: &Text) -> Option<Address> {
        Address::from_str(text.get_ref())
            .map_err(|error| {
                self.error(&text.span(), key, format!("`{key}`: {error}"));
            })
            .ok()
    }

    /// A domain, in lower case.
    pub fn domain(&mut self, key: &str, text: &Text) -> Option<String> {
        let told = text.get_ref();
        let wrong = |help: String| (format!("`{key}`: {} is no domain", quoted(told)), help);
        let (message, help) = if let Some((_, domain)) = told.rsplit_once('@') {
            wrong(format!("write the domain alone: {}", quoted(domain)))
        } else if told.starts_with("*.") {
            wrong("wildcards are not taken; write each domain".to_owned())
        } else {
            match Address::from_str(&format!("x@{told}")) {
                Ok(address) if address.domain().contains('.') => {
                    return Some(address.domain().to_owned());
                }
                _ => wrong("such as `partner.example`".to_owned()),
            }
        };
        self.error(&text.span(), key, message).help(help);
        None
    }

    /// Every domain of a list.
    pub fn domains(&mut self, key: &str, list: Option<&Vec<Text>>) -> Vec<String> {
        let texts = list.into_iter().flatten();
        texts.filter_map(|text| self.domain(key, text)).collect()
    }

    /// A name used in log, ledger and command line: lower-case letters, digits, `-`, `.`, `_`.
    pub fn name(&mut self, key: &str, text: &Text) -> Option<String> {
        let told = text.get_ref();
        let ok = told.len() <= NAME_BYTES_MAX
            && told.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && told
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'));
        if ok {
            return Some(told.clone());
        }
        let message = format!("`{key}`: {} cannot be a name", quoted(told));
        self.error(&text.span(), key, message).help(format!(
            "lower-case letters, digits, `-`, `.` and `_`, at most {NAME_BYTES_MAX}, a letter or digit first"
        ));
        None
    }

    /// A text for people or for a log-in: not empty, one line.
    pub fn line(&mut self, key: &str, text: &Text) -> Option<String> {
        let told = text.get_ref();
        let why = if told.trim().is_empty() {
            "is empty"
        } else if told.chars().any(char::is_control) {
            "holds a control character"
        } else if told.len() > TEXT_BYTES_MAX {
            "is longer than 1024 bytes"
        } else {
            return Some(told.clone());
        };
        self.error(&text.span(), key, format!("`{key}` {why}"));
        None
    }

    /// A folder people read.
    pub fn folder(&mut self, key: &str, text: &Text) -> Option<Folder> {
        match unfit_folder(text.get_ref()) {
            None => Some(Folder::new(text.get_ref().as_str())),
            Some((why, help)) => {
                let message = format!("`{key}`: folder {} {why}", quoted(text.get_ref()));
                self.error(&text.span(), key, message).help(help.to_owned());
                None
            }
        }
    }

    /// A path; a relative one is taken from the configuration directory `base`.
    pub fn path(&mut self, key: &str, text: &Text, base: &Path) -> Option<PathBuf> {
        let told = self.line(key, text)?;
        if told.starts_with('~') {
            let message = format!("`{key}`: `~` is not expanded");
            self.error(&text.span(), key, message)
                .help("write the whole path");
            return None;
        }
        Some(base.join(told))
    }
}

fn unfit_folder(name: &str) -> Option<(&'static str, &'static str)> {
    let levels = || name.split('/');
    if name.is_empty() {
        Some(("is empty", "write a name such as `Billing`"))
    } else if name.chars().any(char::is_control) {
        Some((
            "holds a control character",
            "write it on one line, without tabs",
        ))
    } else if name.contains(['*', '%']) {
        Some(("holds a wildcard of IMAP", "leave `*` and `%` out"))
    } else if name.len() > FOLDER_BYTES_MAX {
        Some(("is too long", "at most 255 bytes"))
    } else if levels().any(|level| level.trim() != level || matches!(level, "" | "." | "..")) {
        Some((
            "has an empty or odd level",
            "`/` stands between levels only; no level is empty, `.` or `..`, or begins or ends with a space",
        ))
    } else {
        None
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const UNITS: [(&str, u64); 4] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)];
const SIZES: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

fn parse_units(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let number = number.trim_end();
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn parse_duration(text: &str) -> Option<Duration> {
    parse_units(text, &UNITS).map(Duration::from_secs)
}

fn parse_size(text: &str) -> Option<u64> {
    parse_units(text, &SIZES)
}

fn whole_units(number: u64, units: &[(&str, u64)]) -> Option<String> {
    let (unit, factor) = units
        .iter()
        .find(|(_, f)| number >= *f && number.is_multiple_of(*f))?;
    let space = if unit.len() > 1 { " " } else { "" };
    Some(format!("{}{space}{unit}", number / factor))
}

fn in_words(duration: Duration) -> String {
    let text = whole_units(duration.as_secs(), &UNITS).unwrap_or_else(|| "0s".to_owned());
    quoted(&text)
}

fn bytes_in_words(bytes: u64) -> String {
    quoted(&whole_units(bytes, &SIZES).unwrap_or_else(|| format!("{bytes} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("2 h", 7200), ("3d", 259_200)] {
            assert_eq!(
                parse_duration(text),
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "m",
            "-5m",
            "+5m",
            "5min",
            "1.5h",
            "99999999999999999999s",
            "9999999999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(parse_size("35 MiB"), Some(35 << 20));
        for text in ["35", "35 MB", "MiB5", "1e3 KiB", "99999999999 GiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn folders_that_a_server_or_a_disk_could_misread_are_refused() {
        for name in [
            "", " ", "a\tb", "a\r\nb", "x*", "50%", "a//b", "/a", "a/", "../x", "a/./b", " a",
        ] {
            assert!(unfit_folder(name).is_some(), "{name:?} was taken");
        }
        for name in ["Billing", "Ärenden/Fakturor", "Own mail", "a \"b\" & {5+}"] {
            assert!(unfit_folder(name).is_none(), "{name:?} was refused");
        }
    }
}
