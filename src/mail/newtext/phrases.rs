//! A set of phrases, asked whether one of them begins a line.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// Phrases by their first word, so that a line is compared with the few that can begin it.
pub struct Phrases(HashMap<&'static str, Vec<&'static str>, FixedState>);

impl Phrases {
    /// Takes a table of phrases between bars.
    pub fn new(table: &'static str) -> Self {
        let mut phrases: HashMap<_, Vec<_>, _> = HashMap::default();
        for phrase in table.split('|').map(str::trim).filter(|p| !p.is_empty()) {
            phrases.entry(first_word(phrase)).or_default().push(phrase);
        }
        for list in phrases.values_mut() {
            list.sort_unstable_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        }
        Self(phrases)
    }

    /// What follows the longest phrase that begins `plain` as whole words.
    pub fn lead<'t>(&self, plain: &'t str) -> Option<&'t str> {
        self.0.get(first_word(plain))?.iter().find_map(|phrase| {
            let rest = plain.strip_prefix(phrase)?;
            (!rest.starts_with(char::is_alphanumeric)).then_some(rest)
        })
    }

    /// Whether `word` alone is one of them.
    pub fn has(&self, word: &str) -> bool {
        self.0
            .get(first_word(word))
            .is_some_and(|list| list.contains(&word))
    }
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric());
    text.split_at_checked(end.unwrap_or(text.len()))
        .map_or(text, |(word, _)| word)
}
