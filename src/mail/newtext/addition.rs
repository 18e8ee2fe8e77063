//! Whether a writer added anything to the text he quotes.
//!
//! Told by vocabulary: a short text made only of greetings, pointers ("see below"), requests
//! without an object ("can you help") and words without weight says nothing of its own, nor do the
//! names of those who wrote and got what is quoted ("can you help Ian?"). One word from outside
//! that stock, and the writer said something. Thanks alone are an answer.

use std::sync::LazyLock;

use super::line::plain;
use super::phrases::Phrases;
use super::words;

/// Words up to which a text can say nothing.
const WORDS_MAX: usize = 40;
/// Words of a name behind a greeting.
const NAME_WORDS_MAX: usize = 3;
/// Lines at the top of what is quoted in which correspondents are named.
const HEAD_LINES_MAX: usize = 10;
/// Correspondents' names looked at.
const NAMES_MAX: usize = 32;

static FROM: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::FROM));
static TO: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::TO));
static GREETING: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::GREETING));
static POINTER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::POINTER));
static REQUEST: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::REQUEST));
static THANK: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::THANK));
static FILLER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::FILLER));

/// Whether the text above `quoted` says nothing that could decide what the mail is about.
pub fn says_nothing(body: &str, quoted: &str) -> bool {
    let names = correspondents(quoted);
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
            } else if !FILLER.has(word) && !GREETING.has(word) && !is_name(word, &names) {
                return false;
            }
            if count > WORDS_MAX {
                return false;
            }
        }
    }
    points || !thanks
}

/// The names in the fields that head a quoted mail, in lower case.
fn correspondents(quoted: &str) -> Vec<String> {
    quoted
        .lines()
        .take(HEAD_LINES_MAX)
        .filter_map(|line| line.split_once(':'))
        .filter(|(label, _)| {
            let label = plain(label);
            [&FROM, &TO]
                .iter()
                .any(|labels| labels.lead(&label).is_some_and(str::is_empty))
        })
        .flat_map(|(_, names)| names.split(|c: char| !c.is_alphabetic() && c != '-'))
        .filter(|name| name.starts_with(char::is_uppercase))
        .take(NAMES_MAX)
        .map(plain)
        .collect()
}

/// Whether `word` is one of `names`, as it stands or with the `s` of a genitive.
fn is_name(word: &str, names: &[String]) -> bool {
    names.iter().any(|name| {
        word.strip_prefix(name.as_str())
            .is_some_and(|rest| ["", "s", "'s"].contains(&rest))
    })
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
