//! `templates/LANGUAGE.toml`: the operator's words for letters.
//!
//! What a file leaves out, and a language without a file, is as shipped.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::source::{Source, quoted};
use super::table::{InFile, Table, listed};
use super::value::Text;
use crate::config::findings::{Finding, Severity};
use crate::domain::language::Language;
use crate::triage::template::{Template, Templates, Words};

/// Names that may stand in every text.
const NAMES: [&str; 4] = ["reference", "partner", "product", "publisher"];
const REMINDER_NAMES: [&str; 5] = ["reference", "partner", "product", "publisher", "subject"];
const RELAY_NAMES: [&str; 5] = ["reference", "partner", "product", "publisher", "answer"];
const ACKNOWLEDGEMENT_NAMES: [&str; 5] = ["reference", "partner", "product", "publisher", "next"];

/// What is shipped.
const SHIPPED: [(Language, &str); 6] = [
    (
        Language::Swedish,
        include_str!("../../../config/templates/sv.toml"),
    ),
    (
        Language::Norwegian,
        include_str!("../../../config/templates/no.toml"),
    ),
    (
        Language::Danish,
        include_str!("../../../config/templates/da.toml"),
    ),
    (
        Language::Finnish,
        include_str!("../../../config/templates/fi.toml"),
    ),
    (
        Language::German,
        include_str!("../../../config/templates/de.toml"),
    ),
    (
        Language::English,
        include_str!("../../../config/templates/en.toml"),
    ),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WordsShape {
    relay: Option<Text>,
    subject: Option<Text>,
    acknowledgement: Option<Text>,
    publisher: Option<Text>,
    partner: Option<Text>,
    microsoft: Option<Text>,
    reminder: Option<Text>,
}

/// The words that are shipped.
pub fn shipped() -> Templates {
    let mut templates = Templates::default();
    for (language, text) in SHIPPED {
        // A test reads every one of them; what could not be read would be empty.
        let told: WordsShape = toml::from_str(text).unwrap_or_default();
        let of = |text: &Option<Text>, names: &[&str]| {
            let text = text.as_ref().map_or("", |text| text.get_ref().as_str());
            Template::new(text, names).unwrap_or_default()
        };
        let words = Words {
            relay: of(&told.relay, &RELAY_NAMES),
            subject: of(&told.subject, &NAMES),
            acknowledgement: of(&told.acknowledgement, &ACKNOWLEDGEMENT_NAMES),
            with_publisher: of(&told.publisher, &NAMES),
            with_partner: of(&told.partner, &NAMES),
            with_microsoft: of(&told.microsoft, &NAMES),
            reminder: of(&told.reminder, &REMINDER_NAMES),
        };
        if language == Language::English {
            templates.otherwise = words.clone();
        }
        templates.languages.insert(language, words);
    }
    templates
}

/// The language that a file is for, by its name.
pub fn language(source: &Arc<Source>, findings: &mut Vec<Finding>) -> Option<Language> {
    let stem = Path::new(&source.name).file_stem();
    let stem = stem.and_then(|stem| stem.to_str()).unwrap_or_default();
    let found = Language::ALL.into_iter().find(|l| l.as_str() == stem);
    if found.is_none() {
        let message = format!(
            "{} is no language that letters are written in",
            quoted(stem)
        );
        let words: Vec<&str> = Language::ALL.iter().map(|l| l.as_str()).collect();
        findings
            .push_mut(Finding::of_file(
                Severity::Error,
                source.name.clone(),
                message,
            ))
            .help(format!("name the file after one of {}", listed(&words)));
    }
    found
}

/// Takes the words of one file in place of those that are shipped.
pub fn words(root: Table<'_>, words: &mut Words, file: &mut InFile<'_>) {
    let read = root.read::<WordsShape>(file);
    let told = &read.told;
    for (key, text, names, place) in [
        ("relay", &told.relay, &RELAY_NAMES[..], &mut words.relay),
        ("subject", &told.subject, &NAMES, &mut words.subject),
        (
            "acknowledgement",
            &told.acknowledgement,
            &ACKNOWLEDGEMENT_NAMES,
            &mut words.acknowledgement,
        ),
        (
            "publisher",
            &told.publisher,
            &NAMES,
            &mut words.with_publisher,
        ),
        ("partner", &told.partner, &NAMES, &mut words.with_partner),
        (
            "microsoft",
            &told.microsoft,
            &NAMES,
            &mut words.with_microsoft,
        ),
        (
            "reminder",
            &told.reminder,
            &REMINDER_NAMES,
            &mut words.reminder,
        ),
    ] {
        let Some(text) = text else { continue };
        match Template::new(text.get_ref(), names) {
            Ok(template) => *place = template,
            Err(unknown) => {
                file.error(&text.span(), key, format!("`{key}`: {unknown}"))
                    .help(format!("one of {}", listed(names)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_all_its_words() {
        for (_, text) in SHIPPED {
            let told: WordsShape = toml::from_str(text).unwrap();
            for (text, names) in [
                (&told.relay, &RELAY_NAMES[..]),
                (&told.subject, &NAMES),
                (&told.acknowledgement, &ACKNOWLEDGEMENT_NAMES),
                (&told.publisher, &NAMES),
                (&told.partner, &NAMES),
                (&told.microsoft, &NAMES),
                (&told.reminder, &REMINDER_NAMES),
            ] {
                let text = text.as_ref().unwrap();
                Template::new(text.get_ref(), names).unwrap();
            }
        }
        assert_eq!(shipped().languages.len(), Language::ALL.len());
    }
}
