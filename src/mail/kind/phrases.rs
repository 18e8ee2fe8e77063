//! What machines say in the text of a message, in the languages they say it.
//!
//! Charge: the tables, and one search over the opening of a text for all of them at once. All
//! phrases are folded: lower case, single spaces, plain quotes. Leaves the weighing to the tests of
//! each kind. Invariant: one linear pass.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::rules::prefixes::Prefixes;

use super::words;

/// What a phrase speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A mail system that could not deliver.
    Undelivered,
    /// The sender of a lost message is spoken to.
    ToSender,
    /// Words of mail servers that people quote as well.
    ServerWords,
    /// An older message hangs below.
    ReturnedCopy,
    /// The writer is away.
    Away,
    /// Who is to be asked meanwhile.
    Redirect,
    /// The text calls itself an automatic answer. Counts at the start of a sentence.
    DeclaredReply,
    /// The text calls itself an automatic message. Counts at the start of a sentence.
    DeclaredMessage,
    /// A thing was received and somebody will answer.
    Received,
    /// The sender is to prove something.
    Proof,
    /// A filter holds a message back.
    Challenge,
    /// How to be left alone.
    Unsubscribe,
    /// A person asks for something.
    Request,
    /// A person says that something does not work.
    Fault,
    /// A person greets. Counts at the start of the text.
    Greeting,
    /// A person signs.
    Farewell,
}

const COUNT: usize = 16;

/// The phrases found, by what they speak for.
#[derive(Debug, Default)]
pub(super) struct Heard {
    first: [Option<(&'static str, usize)>; COUNT],
    /// Different phrases, each counted once.
    count: [usize; COUNT],
}

impl Heard {
    /// The earliest phrase, named for the reason.
    pub(super) fn named(&self, sign: Sign) -> Option<String> {
        self.first(sign)
            .map(|(words, _)| format!("body says `{words}`"))
    }

    /// The earliest phrase and where it stands.
    pub(super) fn first(&self, sign: Sign) -> Option<(&'static str, usize)> {
        self.first.get(sign as usize).copied().flatten()
    }

    /// How many different phrases were found.
    pub(super) fn count(&self, sign: Sign) -> usize {
        self.count.get(sign as usize).copied().unwrap_or_default()
    }

    /// Whether any was found.
    pub(super) fn has(&self, sign: Sign) -> bool {
        self.count(sign) > 0
    }
}

type Table = (Sign, &'static str);

const TABLES: [Table; COUNT] = [
    (Sign::Undelivered, include_str!("words/undelivered.txt")),
    (Sign::ToSender, include_str!("words/to-sender.txt")),
    (Sign::ServerWords, include_str!("words/server-words.txt")),
    (Sign::ReturnedCopy, include_str!("words/returned-copy.txt")),
    (Sign::Away, include_str!("words/away.txt")),
    (Sign::Redirect, include_str!("words/redirect.txt")),
    (
        Sign::DeclaredReply,
        include_str!("words/declared-reply.txt"),
    ),
    (
        Sign::DeclaredMessage,
        include_str!("words/declared-message.txt"),
    ),
    (Sign::Received, include_str!("words/received.txt")),
    (Sign::Proof, include_str!("words/proof.txt")),
    (Sign::Challenge, include_str!("words/challenge.txt")),
    (Sign::Unsubscribe, include_str!("words/unsubscribe.txt")),
    (Sign::Request, include_str!("words/request.txt")),
    (Sign::Fault, include_str!("words/fault.txt")),
    (Sign::Greeting, include_str!("words/greeting.txt")),
    (Sign::Farewell, include_str!("words/sign-off.txt")),
];

/// Where each phrase stands in [`ORIGIN`]; one of several tables has several numbers.
static NUMBERS: LazyLock<BTreeMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut numbers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (number, (_, words)) in ORIGIN.iter().enumerate() {
        numbers.entry(*words).or_default().push(number);
    }
    numbers
});

static SEARCH: LazyLock<(Prefixes, Vec<&'static [usize]>)> = LazyLock::new(|| {
    let tree = Prefixes::new(NUMBERS.keys().copied().zip(0..).collect());
    (tree, NUMBERS.values().map(Vec::as_slice).collect())
});

/// Every phrase and what it speaks for.
static ORIGIN: LazyLock<Vec<(Sign, &'static str)>> = LazyLock::new(|| {
    TABLES
        .iter()
        .flat_map(|(sign, file)| words::of(file).map(|words| (*sign, words)))
        .collect()
});

/// Looks through the folded opening of a text. What stands at `fresh` or behind is older text, in
/// which only the words of mail systems count; `lines` says where lines start.
pub(super) fn hear(text: &str, fresh: usize, lines: &[usize]) -> Heard {
    let mut heard = Heard::default();
    let (tree, numbers) = &*SEARCH;
    let mut seen = vec![false; ORIGIN.len()];
    let mut before = None;
    for (at, c) in text.char_indices() {
        if !before.replace(c).is_some_and(char::is_alphanumeric) {
            let rest = text.get(at..).unwrap_or_default().as_bytes();
            tree.at_start_of(rest, |phrase, len| {
                if ends_word(text, at + len) {
                    let numbers = numbers.get(phrase as usize).copied().unwrap_or_default();
                    let place = Place {
                        text,
                        at,
                        fresh,
                        lines,
                    };
                    for &number in numbers {
                        heard.take(number, &place, &mut seen);
                    }
                }
            });
        }
    }
    heard
}

/// Where a phrase stands.
struct Place<'a> {
    text: &'a str,
    at: usize,
    fresh: usize,
    lines: &'a [usize],
}

impl Heard {
    /// Takes a phrase that was found, unless it was `seen` or says nothing where it stands.
    fn take(&mut self, number: usize, place: &Place<'_>, seen: &mut [bool]) {
        let (Some(&(sign, words)), Some(seen)) = (ORIGIN.get(number), seen.get_mut(number)) else {
            return;
        };
        let at = place.at;
        let server = matches!(
            sign,
            Sign::Undelivered
                | Sign::ToSender
                | Sign::ServerWords
                | Sign::ReturnedCopy
                | Sign::Unsubscribe
        );
        if *seen || (at >= place.fresh && !server) {
            return;
        }
        let placed = match sign {
            Sign::DeclaredReply | Sign::DeclaredMessage => {
                starts_sentence(place.text, at, place.lines)
            }
            Sign::Greeting => at < 4,
            _ => true,
        };
        if !placed {
            return;
        }
        *seen = true;
        if let (Some(first), Some(count)) = (
            self.first.get_mut(sign as usize),
            self.count.get_mut(sign as usize),
        ) {
            *count += 1;
            if first.is_none_or(|(_, earlier)| at < earlier) {
                *first = Some((words, at));
            }
        }
    }
}

/// A phrase that ends in a letter may go on as an inflected word, by two letters at most.
fn ends_word(text: &str, end: usize) -> bool {
    let tail = text.get(end..).unwrap_or_default();
    tail.chars()
        .take(3)
        .take_while(|c| c.is_alphanumeric())
        .count()
        < 3
}

fn starts_sentence(text: &str, at: usize, lines: &[usize]) -> bool {
    let head = text.get(..at).unwrap_or_default();
    let head = head.trim_end_matches(|c: char| c == ' ' || "*_\"'([<-#=~|".contains(c));
    head.is_empty()
        || head.ends_with(['.', '!', '?', ':', ';'])
        || lines
            .iter()
            .rev()
            .skip_while(|line| **line > at)
            .take(1)
            .any(|line| head.len() <= *line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_stand_in_the_order_of_the_signs() {
        for (at, (sign, _)) in TABLES.iter().enumerate() {
            assert_eq!(at, *sign as usize);
        }
    }

    #[test]
    fn place_decides_what_counts() {
        let text = "hi, this says auto-reply here. automatic reply from x. we get 'out of office'";
        let heard = hear(text, 40, &[0]);
        assert!(heard.has(Sign::Greeting));
        assert_eq!(
            heard.first(Sign::DeclaredReply).map(|(words, _)| words),
            Some("automatic reply")
        );
        assert!(!heard.has(Sign::Away), "behind the quote");
        assert!(!hear("a hijacked phi", usize::MAX, &[0]).has(Sign::Greeting));
    }
}
