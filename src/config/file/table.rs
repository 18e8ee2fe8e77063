//! A TOML table read against a shape, with every fault of it reported and none of them final.
//!
//! serde stops at the first unknown key or wrong type. Here the keys are compared first with
//! those the shape takes, as serde itself tells them; what is unknown or of a wrong type is
//! reported and left out, and the rest is read. Shapes therefore have only optional fields, and
//! say with [`Read::need`] what must be there.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Source, holds_secret, quoted};
use crate::config::findings::{Finding, Severity};

/// A file under examination, and where its findings go.
#[derive(Debug)]
pub struct InFile<'a> {
    /// The file.
    pub source: &'a Arc<Source>,
    /// Whether it is broken: then what is missing in it may only be unread.
    pub broken: bool,
    /// What was found so far.
    pub findings: &'a mut Vec<Finding>,
}

impl InFile<'_> {
    /// Reports that the value of `key` at `span` is wrong.
    pub fn error(
        &mut self,
        span: &Range<usize>,
        key: &str,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Error, span, key, message)
    }

    /// Reports that the value of `key` at `span` is probably not what was meant.
    pub fn warning(
        &mut self,
        span: &Range<usize>,
        key: &str,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Warning, span, key, message)
    }

    fn add(
        &mut self,
        severity: Severity,
        span: &Range<usize>,
        key: &str,
        message: impl Into<String>,
    ) -> &mut Finding {
        let finding = Finding::at(severity, self.source, span, message);
        self.findings.push_mut(finding).key(key)
    }
}

/// A table not yet read.
#[derive(Debug, Clone)]
pub struct Table<'i> {
    /// Its name with the tables around it, such as `delivery.allow`; empty for the whole file.
    pub name: String,
    /// Where it stands; `None` when it is absent.
    pub span: Option<Range<usize>>,
    items: DeTable<'i>,
    /// Keys that were taken out, or that a whole file may hold.
    taken: Vec<&'static str>,
}

impl<'i> Table<'i> {
    /// The table that is a whole file.
    pub fn root(items: DeTable<'i>) -> Self {
        Self {
            name: String::new(),
            span: None,
            items,
            taken: Vec::new(),
        }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    fn take(&mut self, key: &'static str) -> Option<(Range<usize>, Spanned<DeValue<'i>>)> {
        self.taken.push(key);
        let found = self.items.remove_entry(key)?;
        Some((found.0.span(), found.1))
    }

    /// Whether there is anything of this name.
    pub fn holds(&self, key: &str) -> bool {
        self.items.contains_key(key)
    }

    /// Takes the table `key` out; an empty one when it is absent.
    pub fn table(&mut self, key: &'static str, file: &mut InFile<'_>) -> Self {
        let name = self.path(key);
        let mut table = Self {
            name: name.clone(),
            ..Self::root(DeTable::new())
        };
        if let Some((_, value)) = self.take(key) {
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(items) => {
                    table.items = items;
                    table.span = Some(span);
                }
                other => {
                    let message = format!("`{name}` must be a table, not {}", kind_of(&other));
                    file.error(&span, &name, message)
                        .help(format!("write it as `[{name}]`"));
                }
            }
        }
        table
    }

    /// Takes the tables `[[key]]` out.
    pub fn tables(&mut self, key: &'static str, file: &mut InFile<'_>) -> Vec<Self> {
        let name = self.path(key);
        let Some((_, value)) = self.take(key) else {
            return Vec::new();
        };
        let whole = value.span();
        let wrong = |span: &Range<usize>, other: &DeValue<'_>, file: &mut InFile<'_>| {
            let message = format!("`{name}` must be a list of tables, not {}", kind_of(other));
            file.error(span, &name, message)
                .help(format!("write each as `[[{name}]]`"));
        };
        let array = match value.into_inner() {
            DeValue::Array(array) => array,
            other => {
                wrong(&whole, &other, file);
                return Vec::new();
            }
        };
        let mut tables = Vec::new();
        for item in array {
            let span = item.span();
            match item.into_inner() {
                DeValue::Table(items) => tables.push(Self {
                    name: name.clone(),
                    span: Some(span),
                    ..Self::root(items)
                }),
                other => wrong(&span, &other, file),
            }
        }
        tables
    }

    /// Every table in this one, by its key, in the order of the file.
    ///
    /// Also whether all of them were tables.
    pub fn entries(self, file: &mut InFile<'_>) -> (Vec<(Spanned<String>, Self)>, bool) {
        let parent = self.name.clone();
        let mut entries = Vec::new();
        let mut all = true;
        for (key, value) in self.items {
            let name = format!("{parent}.{}", key.get_ref());
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(items) => {
                    let key = Spanned::new(key.span(), key.into_inner().into_owned());
                    let table = Self {
                        name,
                        span: Some(span),
                        ..Self::root(items)
                    };
                    entries.push((key, table));
                }
                other => {
                    let message =
                        format!("{} must be a table, not {}", quoted(&name), kind_of(&other));
                    file.error(&span, &name, message);
                    all = false;
                }
            }
        }
        entries.sort_by_key(|(key, _)| key.span().start);
        (entries, all)
    }

    /// Every list of texts in this table, by its key, in the order of the file; what is none is
    /// reported and left out.
    pub fn lists_of_texts(
        self,
        file: &mut InFile<'_>,
    ) -> Vec<(Spanned<String>, Vec<Spanned<String>>)> {
        let mut lists = Vec::new();
        for (key, value) in self.items {
            let name = format!("{}.{}", self.name, key.get_ref());
            let span = value.span();
            let DeValue::Array(entries) = value.into_inner() else {
                let message = format!("{} must be a list in brackets", quoted(&name));
                file.error(&span, &name, message);
                continue;
            };
            let mut texts = Vec::with_capacity(entries.len());
            for entry in entries {
                let span = entry.span();
                match entry.into_inner() {
                    DeValue::String(text) => texts.push(Spanned::new(span, text.into_owned())),
                    other => {
                        let message = format!(
                            "{}: every entry must be text in quotes, not {}",
                            quoted(&name),
                            kind_of(&other)
                        );
                        file.error(&span, &name, message);
                    }
                }
            }
            let key = Spanned::new(key.span(), key.into_inner().into_owned());
            lists.push((key, texts));
        }
        lists.sort_by_key(|(key, _)| key.span().start);
        lists
    }

    /// Every text in this table, by its key, in the order of the file; what is no text is
    /// reported.
    pub fn texts(self, file: &mut InFile<'_>) -> Vec<(Spanned<String>, Spanned<String>)> {
        let mut texts = Vec::new();
        for (key, value) in self.items {
            let name = format!("{}.{}", self.name, key.get_ref());
            let span = value.span();
            match value.into_inner() {
                DeValue::String(text) => texts.push((
                    Spanned::new(key.span(), key.into_inner().into_owned()),
                    Spanned::new(span, text.into_owned()),
                )),
                other => {
                    let message = format!(
                        "{} must be text in quotes, not {}",
                        quoted(&name),
                        kind_of(&other)
                    );
                    file.error(&span, &name, message);
                }
            }
        }
        texts.sort_by_key(|(key, _)| key.span().start);
        texts
    }

    /// Reads what is left as a `T`.
    pub fn read<T: DeserializeOwned + Default>(mut self, file: &mut InFile<'_>) -> Read<T> {
        let mut known: Vec<&str> = keys_of::<T>().to_vec();
        known.extend(&self.taken);
        let mut flawed = self.drop_unknown(&known, file);
        let span = self.span.clone();
        // Each round leaves one key out, so there are at most as many rounds as keys.
        let value = loop {
            let table = Spanned::new(
                span.clone().unwrap_or_default(),
                DeValue::Table(self.items.clone()),
            );
            let error = match T::deserialize(toml::de::ValueDeserializer::from(table)) {
                Ok(value) => break value,
                Err(error) => error,
            };
            let at = error.span().unwrap_or_default();
            let holder = self.items.iter().find_map(|(key, value)| {
                let own = value.span();
                (own.start <= at.start && at.end <= own.end).then(|| key.get_ref().to_string())
            });
            let Some(key) = holder else {
                file.error(&at, &self.name, error.message());
                break T::default();
            };
            let name = self.path(&key);
            if let Some(found) = self.items.remove(key.as_str()) {
                file.error(&at, &name, wrong_type(&name, &error, &found));
            }
            flawed.insert(key);
        };
        Read {
            told: value,
            name: self.name,
            span,
            flawed,
        }
    }

    /// Ends a table that only holds other tables: what is left in it is unknown.
    pub fn close(mut self, file: &mut InFile<'_>) {
        let known = std::mem::take(&mut self.taken);
        self.drop_unknown(&known, file);
    }

    fn drop_unknown(&mut self, known: &[&str], file: &mut InFile<'_>) -> BTreeSet<String> {
        let mut flawed = BTreeSet::new();
        let unknown: Vec<Spanned<String>> = self
            .items
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .map(|key| Spanned::new(key.span(), key.get_ref().to_string()))
            .collect();
        for key in unknown {
            let (span, key) = (key.span(), key.into_inner());
            self.items.remove(key.as_str());
            let name = self.path(&key);
            if holds_secret(&key) {
                let message = format!("{} must not stand in a configuration file", quoted(&key));
                file.error(&span, &name, message).help("name the place of the secret instead: `password-file = \"/path\"` (mode 0600) \
                     or `password-credential = \"name\"` (systemd `LoadCredential=`)"
                        .to_owned(),);
                flawed.extend(["password-file".to_owned(), "password-credential".to_owned()]);
                continue;
            }
            let place = if self.name.is_empty() {
                "at the top of the file".to_owned()
            } else {
                format!("in `{}`", self.name)
            };
            let message = format!("there is no key {} {place}", quoted(&key));
            let meant = nearest(&key, known.iter().copied());
            file.error(&span, &name, message).help(meant.map_or_else(
                || format!("the keys here are {}", listed(known)),
                |meant| {
                    flawed.insert(meant.to_owned());
                    did_you_mean(meant)
                },
            ));
            flawed.insert(key);
        }
        flawed
    }
}

/// A table that was read: its value, and what is needed to speak about it.
#[derive(Debug)]
pub struct Read<T> {
    /// What stands in it.
    pub told: T,
    /// As in [`Table::name`].
    name: String,
    /// As in [`Table::span`].
    pub span: Option<Range<usize>>,
    flawed: BTreeSet<String>,
}

impl<T> Read<T> {
    /// The key's name with the tables around it.
    pub fn key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// Whether `key` was there, but not usable; this has been reported.
    pub fn is_flawed(&self, key: &str) -> bool {
        self.flawed.contains(key)
    }

    /// Reports that `key` is missing, unless the field is there or something was reported that
    /// explains its absence.
    pub fn need<'v, V>(
        &self,
        key: &str,
        field: Option<&'v V>,
        why: &str,
        file: &mut InFile<'_>,
    ) -> Option<&'v V> {
        if field.is_none() && !self.is_flawed(key) {
            self.missing(key, why, file);
        }
        field
    }

    /// Reports a `key` that only makes sense with another choice, `owner`.
    pub fn misplaced<V>(
        &self,
        key: &str,
        value: Option<&Spanned<V>>,
        owner: &str,
        file: &mut InFile<'_>,
    ) {
        if let Some(value) = value {
            let name = self.key(key);
            let message = format!("`{name}` belongs to `{owner}`");
            file.error(&value.span(), &name, message)
                .help(format!("leave it out, or write `{owner}`"));
        }
    }

    /// Reports the whole table, when it is there, as one that only makes sense with `owner`.
    pub fn misplaced_table(&self, owner: &str, file: &mut InFile<'_>) {
        if let Some(span) = &self.span {
            let message = format!("`{}` belongs to `{owner}`", self.name);
            file.error(span, &self.name, message)
                .help(format!("leave it out, or write `{owner}`"));
        }
    }

    /// Reports that `key` is missing; silent in a broken file.
    pub fn missing(&self, key: &str, why: &str, file: &mut InFile<'_>) {
        if file.broken {
            return;
        }
        let name = self.key(key);
        if let Some(span) = &self.span {
            let message = format!("`{}` lacks the key `{key}`", self.name);
            file.error(span, &name, message).help(why);
        } else {
            let message = format!("the key `{name}` is missing");
            let finding = Finding::of_file(Severity::Error, file.source.name.clone(), message);
            file.findings.push_mut(finding).key(name).help(why);
        }
    }
}

/// The keys that `T` takes, in the order of its definition.
pub fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // Always an error: nothing is deserialized, the shape only tells what it would take.
    let _ = T::deserialize(KeyProbe(&mut keys));
    keys
}

struct KeyProbe<'k>(&'k mut &'static [&'static str]);

impl<'de> Deserializer<'de> for KeyProbe<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("only the keys are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The allowed word most like `typed`, when one is like it at all.
pub fn nearest<'w>(typed: &str, allowed: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    /// Jaro-Winkler similarity below which a suggestion would only puzzle.
    const ALIKE: f64 = 0.8;
    /// In short words one slip already makes much of a difference.
    const SLIPS_MAX: usize = 1;
    let fold = |word: &str| word.to_lowercase().replace(['_', ' '], "-");
    let typed = fold(typed);
    let likeness = |word: &str| {
        let word = fold(word);
        let one_slip = word.len() > 2 && strsim::osa_distance(&typed, &word) <= SLIPS_MAX;
        strsim::jaro_winkler(&typed, &word) + if one_slip { 1.0 } else { 0.0 }
    };
    allowed
        .map(|word| (likeness(word), word))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// "did you mean `word`?"
pub fn did_you_mean(word: &str) -> String {
    format!("did you mean {}?", quoted(word))
}

/// Words in backticks with commas between; a long list is cut.
pub fn listed<W: AsRef<str>>(words: &[W]) -> String {
    const WORDS_MAX: usize = 24;
    let shown: Vec<String> = words
        .iter()
        .take(WORDS_MAX)
        .map(|w| quoted(w.as_ref()))
        .collect();
    let dots = if words.len() > WORDS_MAX { ", …" } else { "" };
    format!("{}{dots}", shown.join(", "))
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Says it without the value itself: serde's words would repeat it.
fn wrong_type(name: &str, error: &toml::de::Error, found: &Spanned<DeValue<'_>>) -> String {
    let expected = error.message().rsplit_once(", expected ");
    let wanted = match expected.map(|(_, expected)| expected.trim()) {
        Some("a string") => "text in quotes",
        Some("a boolean") => "`true` or `false`",
        Some("i64" | "u64") => "a whole number",
        Some("f64") => "a number",
        Some("a sequence") => "a list in brackets",
        _ => "of another form",
    };
    let within = error.span().is_some_and(|at| at != found.span());
    match found.get_ref() {
        DeValue::Array(_) if within => format!("{}: every entry must be {wanted}", quoted(name)),
        value => format!("{} must be {wanted}, not {}", quoted(name), kind_of(value)),
    }
}
