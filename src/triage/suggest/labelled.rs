//! Labelled mail: of each message the words it holds, who wrote it, and where people say it belongs.
//!
//! Messages themselves are not kept. What is no ticket is left out: keywords have no say about it.

use std::collections::{BTreeSet, HashMap};

use crate::domain::ids::CategoryId;
use crate::domain::language::Language;
use crate::mail::{Message, language};
use crate::rules::fold::{FoldOptions, Folded};
use crate::triage::decide::decide;
use crate::triage::policy::Policy;

use super::words;

/// Most messages learnt from; the first ones count.
pub const MESSAGES_MAX: usize = 10_000;

/// Most different words and phrases remembered; those that come later are not looked at.
const WORDS_MAX: usize = 1_000_000;

/// Most different words and phrases looked at in one message.
const WORDS_OF_MESSAGE_MAX: usize = 2_000;

/// How words are folded: as people spell them, whatever the rules take for equal.
pub(super) const SPELT: FoldOptions = FoldOptions {
    strip_diacritics: false,
};

/// One labelled message.
#[derive(Debug)]
pub(super) struct One {
    /// Where people say it belongs.
    pub category: CategoryId,
    /// What it is written in.
    pub language: Option<Language>,
    /// Number of its sender.
    pub sender: usize,
    /// Numbers of its words and phrases, ascending.
    pub words: Vec<usize>,
}

/// All labelled messages.
#[derive(Debug, Default)]
pub struct Labelled {
    pub(super) messages: Vec<One>,
    /// By number.
    pub(super) words: Vec<String>,
    /// Words of the names and addresses of senders.
    pub(super) names: BTreeSet<String>,
    numbers: HashMap<String, usize>,
    senders: HashMap<String, usize>,
    /// Messages left out because there were [`MESSAGES_MAX`] already.
    pub left_out: usize,
}

impl Labelled {
    /// Takes a message that people gave this category. `writer` stands for its sender where the
    /// message itself names none that means anything, as in a case.
    pub fn add(
        &mut self,
        category: &CategoryId,
        message: &Message,
        writer: Option<&str>,
        policy: &Policy,
    ) {
        if self.messages.len() >= MESSAGES_MAX {
            self.left_out += 1;
            return;
        }
        let reading = decide(message, policy, None);
        if reading.verdict.is_none() {
            return;
        }
        let address = message.author().and_then(|author| author.address.as_ref());
        let own = address.map_or("", |address| address.as_str());
        let mut names = own.to_owned();
        for author in &message.from {
            names.push(' ');
            names.push_str(&author.name);
        }
        let names = Folded::new(&names, SPELT);
        self.names
            .extend(words::of_name(names.as_str()).map(str::to_owned));
        let sender = writer.unwrap_or(own).to_lowercase();
        let next = self.senders.len();
        let sender = *self.senders.entry(sender).or_insert(next);

        let asked = reading.asked();
        let mut found = BTreeSet::new();
        for text in [message.subject_base.as_str(), asked] {
            let folded = Folded::new(text, SPELT);
            words::each(folded.as_str(), |word| {
                if found.len() < WORDS_OF_MESSAGE_MAX {
                    found.extend(self.number(word));
                }
            });
        }
        self.messages.push(One {
            category: category.clone(),
            language: language::tell(&message.subject_base, asked),
            sender,
            words: found.into_iter().collect(),
        });
    }

    /// How many messages it holds.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    fn number(&mut self, word: &str) -> Option<usize> {
        if let Some(number) = self.numbers.get(word) {
            return Some(*number);
        }
        let next = self.words.len();
        if next >= WORDS_MAX {
            return None;
        }
        self.numbers.insert(word.to_owned(), next);
        self.words.push(word.to_owned());
        Some(next)
    }
}
