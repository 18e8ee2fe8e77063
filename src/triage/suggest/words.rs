//! The words and phrases of two words in a folded text that a keyword could be.
//!
//! Addresses, numbers, file names and whatever holds a digit give none, and no phrase reaches over
//! them or over a mark of punctuation: a keyword that is a phrase would not match there.

/// Shortest word that stands alone, and shortest longer word of a phrase, in letters: shorter ones
/// stand in every mail.
const LETTERS_MIN: usize = 4;

/// Longest word, in letters: longer ones are no words.
const LETTERS_MAX: usize = 40;

/// Shows each word and phrase of `folded`, one after another, some of them often.
pub(super) fn each(folded: &str, mut show: impl FnMut(&str)) {
    let mut before: Option<&str> = None;
    for chunk in folded.split_whitespace() {
        let core = chunk.trim_matches(|c: char| !c.is_alphanumeric());
        let opened = !core.is_empty() && !chunk.starts_with(core);
        if opened {
            before = None;
        }
        if is_word(core) {
            if letters(core) >= LETTERS_MIN {
                show(core);
            }
            if let Some(first) = before
                && letters(first).max(letters(core)) >= LETTERS_MIN
            {
                show(&format!("{first} {core}"));
            }
        }
        before = (is_word(core) && chunk.ends_with(core)).then_some(core);
    }
}

/// Which of several that come in the same messages people would rather read: a phrase of two long
/// words (the most careful keyword), then a word, then a phrase with a short one.
pub(super) fn rank(text: &str) -> u8 {
    match text.split_once(' ') {
        Some((a, b)) if letters(a).min(letters(b)) >= LETTERS_MIN => 0,
        None => 1,
        Some(_) => 2,
    }
}

/// The words of a name: of a person, a product, a domain.
pub(super) fn of_name(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| letters(word) > 1)
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

/// Letters only, but for a hyphen or an apostrophe inside.
fn is_word(core: &str) -> bool {
    let inside = |c: char| c.is_alphabetic() || c == '-' || c == '\'';
    !core.is_empty() && letters(core) <= LETTERS_MAX && core.chars().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_phrases_stop_at_numbers_addresses_and_marks() {
        let mut found = Vec::new();
        let text = "the yearly fee, (dunning letter) for order 4711 from anna@a.example, see \
                    c:/log.txt or read-only mode";
        each(text, |word| found.push(word.to_owned()));
        assert_eq!(
            found,
            [
                "yearly",
                "the yearly",
                "yearly fee",
                "dunning",
                "letter",
                "dunning letter",
                "order",
                "for order",
                "from",
                "read-only",
                "or read-only",
                "mode",
                "read-only mode",
            ]
        );
        let name: Vec<&str> = of_name("lumen-crm.example b").collect();
        assert_eq!(name, ["lumen", "crm", "example"]);
    }
}
