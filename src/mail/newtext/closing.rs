//! Judges single lines: does one close a letter, thank, sign, begin a postscript, ask.

use std::sync::LazyLock;

use super::line::{before, plain, start, trimmed};
use super::phrases::Phrases;
use super::words;

static CLOSING: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::CLOSING));
static THANKS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::THANKS));
static POSTSCRIPT: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::POSTSCRIPT));

/// Whether the line asks something.
pub fn is_question(line: &str) -> bool {
    start(line)
        .split_whitespace()
        .any(|word| word.ends_with('?'))
}

/// Whether the writer put a name under the text after a slash or a dash: "/Anna".
pub fn is_signed_name(lines: &[&str], at: usize, raw: &str) -> bool {
    let line = trimmed(raw);
    let name = line.trim_start_matches(['/', '-', '–', '—', '~']);
    if name.len() == line.len() || name.len() > 40 {
        return false;
    }
    // A hyphen with a space behind it, or with others above, begins an item of a list.
    let listed = line.starts_with('-')
        && (name.starts_with(' ') && !line.starts_with("--")
            || before(lines, at).is_some_and(|above| trimmed(above).starts_with('-')));
    !listed && is_name(name, 3)
}

/// Whether the text is one to `words_max` capitalised words.
pub fn is_name(text: &str, words_max: usize) -> bool {
    let mut count = 0;
    text.split_whitespace().all(|word| {
        count += 1;
        word.starts_with(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || "-.'’,&".contains(c))
    }) && (1..=words_max).contains(&count)
}

fn tidy(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric() && c != '?')
}

/// Whether the line closes the letter, perhaps with the name behind.
pub fn is_closing(line: &str, raw: &str) -> bool {
    closes(
        &CLOSING,
        line.trim_start_matches(|c: char| !c.is_alphanumeric()),
        raw,
    )
}

/// Whether the line is such a closing without a name.
pub fn is_bare_closing(line: &str) -> bool {
    CLOSING.lead(line).is_some_and(|rest| tidy(rest).is_empty())
}

/// Whether the line thanks and does nothing else.
pub fn is_thanks(line: &str, raw: &str) -> bool {
    !is_closing(line, raw) && closes(&THANKS, line, raw)
}

fn closes(phrases: &Phrases, line: &str, raw: &str) -> bool {
    const NAME_WORDS_MAX: usize = 4;
    let Some(rest) = phrases.lead(line).map(tidy) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    if CLOSING.lead(rest).is_some_and(|rest| tidy(rest).is_empty()) {
        return true;
    }
    // The name is looked at as it was written: sentences go on in small letters.
    let count = rest.split_whitespace().count();
    if count > NAME_WORDS_MAX || rest.contains('?') {
        return false;
    }
    let particles = [
        "från", "from", "fra", "von", "de", "på", "och", "and", "&", "/", "|", "genom",
    ];
    raw.split_whitespace().rev().take(count).all(|word| {
        word.starts_with(char::is_uppercase) || particles.contains(&word) || tidy(word).is_empty()
    })
}

/// Whether the line begins a postscript.
pub fn is_postscript(line: &str) -> bool {
    let line = plain(line);
    POSTSCRIPT
        .lead(&line)
        .is_some_and(|rest| rest.starts_with([':', '.', '!', ' ', ',', '-']) || rest.is_empty())
}

/// Whether the line is a person's name: two to four capitalised words.
pub fn is_person(line: &str) -> bool {
    let text = trimmed(line).trim_matches('*');
    text.contains(char::is_whitespace) && is_name(text, 4)
}
