//! Whether a writer added anything to the text he quotes.
//!
//! Told by vocabulary: a short text made only of greetings, pointers ("see below"), requests
//! without an object ("can you help") and words without weight says nothing of its own. One word
//! from outside that stock, and the writer said something. Thanks alone are an answer.

use std::sync::LazyLock;

use super::line::plain;
use super::phrases::Phrases;
use super::words;

/// Words up to which a text can say nothing.
const WORDS_MAX: usize = 40;
/// Words of a name behind a greeting.
const NAME_WORDS_MAX: usize = 3;

static GREETING: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::GREETING));
static POINTER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::POINTER));
static REQUEST: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::REQUEST));
static THANK: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::THANK));
static FILLER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::FILLER));

/// Whether the text says nothing that could decide what the mail is about.
pub fn says_nothing(body: &str) -> bool {
    let mut count = 0;
    let mut points = body.contains('?');
    let mut thanks = false;
    for (n, line) in body
        .lines()
        .filter(|line| !line.trim().is_empty())
        .enumerate()
    {
        let line = if n == 0 {
            without_greeting(line)
        } else {
            line.to_owned()
        };
        for word in plain(&line).split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-') {
            let word = word.trim_matches('-');
            if word.is_empty() {
                continue;
            }
            count += 1;
            if POINTER.has(word) || REQUEST.has(word) {
                points = true;
            } else if THANK.has(word) {
                thanks = true;
            } else if !FILLER.has(word) && !GREETING.has(word) {
                return false;
            }
            if count > WORDS_MAX {
                return false;
            }
        }
    }
    points || !thanks
}

/// The line without its greeting and the name in it.
fn without_greeting(line: &str) -> String {
    let small = plain(line);
    let Some(rest) = GREETING.lead(&small) else {
        return small;
    };
    let (name, tail) = rest
        .split_once([',', '!', '.', ':', '–'])
        .unwrap_or((rest, ""));
    if name.split_whitespace().count() <= NAME_WORDS_MAX
        && (!tail.is_empty() || names_follow(line, name))
    {
        tail.to_owned()
    } else {
        rest.to_owned()
    }
}

/// Whether the words of `name` at the end of `line` are capitalised there.
fn names_follow(line: &str, name: &str) -> bool {
    let count = name.split_whitespace().count();
    let line = line.trim().trim_end_matches(|c: char| !c.is_alphanumeric());
    line.split_whitespace()
        .rev()
        .take(count)
        .all(|word| word.starts_with(char::is_uppercase))
}
