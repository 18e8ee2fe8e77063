//! The operator's words for letters, by language.
//!
//! A template is text with names in braces. Which names may stand in it is known when the file is
//! read, so that filling one cannot fail.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::language::Language;

/// Text with names in braces, such as `{reference}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(String);

/// A template names something that is not known there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{{name}}}` is not known here")]
pub struct UnknownName {
    /// The name.
    pub name: String,
}

impl Template {
    /// Takes `text`, whose names must be among `known`.
    ///
    /// # Errors
    /// The first name that is not.
    pub fn new(text: &str, known: &[&str]) -> Result<Self, UnknownName> {
        let known: BTreeSet<&str> = known.iter().copied().collect();
        match names(text).find(|name| !known.contains(name)) {
            Some(name) => Err(UnknownName {
                name: name.chars().take(40).collect(),
            }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text with each name replaced; what is put in is not looked at again.
    pub fn fill(&self, words: &BTreeMap<&str, String>) -> String {
        let mut out = String::with_capacity(self.0.len());
        let mut rest = self.0.as_str();
        while let Some((before, tail)) = rest.split_once('{') {
            out.push_str(before);
            match tail.split_once('}') {
                Some((name, after)) if is_name(name) => {
                    out.push_str(words.get(name).map_or("", String::as_str));
                    rest = after;
                }
                _ => {
                    out.push('{');
                    rest = tail;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|tail| tail.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// What is written in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Brings a publisher's answer to the customer.
    pub relay: Template,
    /// The acknowledgement's subject.
    pub subject: Template,
    /// The acknowledgement.
    pub acknowledgement: Template,
    /// What happens next when the publisher has it.
    pub with_publisher: Template,
    /// When the partner has it.
    pub with_partner: Template,
    /// Asks a publisher's desk that was silent.
    pub reminder: Template,
    /// When the partner raises it with Microsoft.
    pub with_microsoft: Template,
}

/// The words of every language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// By language.
    pub languages: BTreeMap<Language, Words>,
    /// For a language that is not known, or has none.
    pub otherwise: Words,
}

impl Templates {
    /// The words for `language`.
    pub fn of(&self, language: Option<Language>) -> &Words {
        language
            .and_then(|language| self.languages.get(&language))
            .unwrap_or(&self.otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_what_is_put_in_is_left_alone() {
        let template = Template::new("{a} of {b}, {not a name} {", &["a", "b"]).unwrap();
        let words = BTreeMap::from([("a", "{b}".to_owned()), ("b", "two".to_owned())]);
        assert_eq!(template.fill(&words), "{b} of two, {not a name} {");
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let unknown = Template::new("{a} {bc}", &["a"]).unwrap_err();
        assert_eq!(unknown.to_string(), "`{bc}` is not known here");
    }
}
