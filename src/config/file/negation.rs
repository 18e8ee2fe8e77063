//! `[negation]` of `rules/*.toml`: words that take back what is said behind them.
//!
//! The words of all files are joined and hold for the rules of all of them; the window is stated
//! once.

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::source::{Source, quoted};
use super::table::{InFile, Table};
use super::value::Text;
use crate::config::findings::{Finding, Severity};
use crate::rules::negation::WINDOW_MAX;
use crate::rules::{Keyword, Negation};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    words: Option<Vec<Text>>,
    window: Option<Spanned<i64>>,
    until: Option<Vec<Text>>,
}

/// What one file says.
#[derive(Debug, Default)]
pub struct Here {
    words: Vec<Keyword>,
    window: Option<Window>,
    until: Vec<String>,
}

/// A window and where it is stated.
#[derive(Debug)]
struct Window {
    words: u16,
    source: Arc<Source>,
    span: Range<usize>,
}

/// Reads what one file says.
pub fn negation(table: Table<'_>, file: &mut InFile<'_>) -> Here {
    let read = table.read::<Shape>(file);
    let words = read.told.words.iter().flatten();
    let words = words.filter_map(|text| word(text, file)).collect();
    let until = read.told.until.iter().flatten();
    let until = until.filter_map(|text| single(text, file)).collect();
    let window = read.told.window.and_then(|number| {
        let bounds = 1..=i64::from(WINDOW_MAX);
        Some(Window {
            words: file.number("negation.window", &number, &bounds)?,
            source: Arc::clone(file.source),
            span: number.span(),
        })
    });
    Here {
        words,
        window,
        until,
    }
}

fn word(text: &Text, file: &mut InFile<'_>) -> Option<Keyword> {
    const KEY: &str = "negation.words";
    match Keyword::parse(text.get_ref()) {
        Ok(keyword) if keyword.is_regex() => {
            let message = "what negates is a word or phrase, not a regular expression";
            file.error(&text.span(), KEY, message)
                .help("write out its alternatives; `word*` leaves an end open");
            None
        }
        Ok(keyword) => Some(keyword),
        Err(fault) => {
            file.error(&text.span(), KEY, fault.to_string());
            None
        }
    }
}

fn single(text: &Text, file: &mut InFile<'_>) -> Option<String> {
    let told = text.get_ref();
    let is_word = told.chars().all(|c| c.is_alphanumeric() || c == '\'') && !told.is_empty();
    if !is_word {
        let message = format!("{} is no single word", quoted(told));
        file.error(&text.span(), "negation.until", message)
            .help("write words such as \"but\", without spaces and signs");
        return None;
    }
    Some(told.clone())
}

/// Joins what all files say; a window that two of them state is reported.
pub fn join(all: Vec<Here>, findings: &mut Vec<Finding>) -> Negation {
    let mut negation = Negation::default();
    let mut first: Option<Window> = None;
    for here in all {
        negation.words.extend(here.words);
        negation.until.extend(here.until);
        match (&first, here.window) {
            (Some(first), Some(window)) => {
                let message = "`negation.window` is stated twice";
                let mut finding =
                    Finding::at(Severity::Error, &window.source, &window.span, message);
                finding
                    .key("negation.window")
                    .help("it holds for all files; take one of them out")
                    .also("the first stands here", &first.source, &first.span);
                findings.push(finding);
            }
            (None, Some(window)) => {
                negation.window = window.words;
                first = Some(window);
            }
            (_, None) => {}
        }
    }
    negation
}
