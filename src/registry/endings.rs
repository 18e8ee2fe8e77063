//! The endings that a product's name takes in a sentence: `Tidvakts`, `Tidvaktista`.
//!
//! Swedish, Norwegian, Danish, German and English set an `s` or an article behind a name, Finnish
//! its cases. Customers do not know that a name should stay as it is. Only these endings count, so
//! that a longer word which merely begins like a product is not taken for it. Which name is looked
//! at is [`super::resolve`]'s.

/// Fewest letters of a name of one word that takes endings: shorter ones become common words
/// (`Box`, `boxen`).
const LETTERS_MIN: usize = 5;

/// What may stand behind the last letter of a name. Endings set off by a colon, hyphen or
/// apostrophe need none: there the name's word ends.
const ENDINGS: &[&str] = &[
    // Swedish, Norwegian, Danish; `s` is English and German, too.
    "s", "en", "ens", "et", "ets", "n", "ns", "t", // Finnish.
    "a", "ä", "ta", "tä", "ia", "iä", "an", "än", "in", "iin", "ssa", "ssä", "issa", "issä", "sta",
    "stä", "ista", "istä", "lla", "llä", "illa", "illä", "lta", "ltä", "ilta", "iltä", "lle",
    "ille", "ksi", "iksi", "na", "nä", "ina", "inä",
];

/// Whether `name`, as the registry has it, may take endings.
pub(super) fn takes_endings(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let plain = !name.starts_with(['/', '*']) && !name.contains('*');
    plain && letters >= LETTERS_MIN && name.chars().next_back().is_some_and(char::is_alphabetic)
}

/// Whether `text` is `name` with one of the endings, upper or lower case.
pub(super) fn is_with_ending(name: &str, text: &str) -> bool {
    let last = |words: &str| {
        let word = words.split_whitespace().next_back();
        word.unwrap_or_default().to_lowercase()
    };
    let (name, text) = (last(name), last(text));
    text.strip_prefix(&name)
        .is_some_and(|ending| ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_endings_of_long_names_count() {
        for (name, text, expected) in [
            ("Tidvakt", "tidvakts", true),
            ("Tidvakt", "Tidvaktista", true),
            ("Tidvakt", "Tidvakt", false),
            ("Tidvakt", "tidvaktarna", false),
            ("Lumen CRM", "lumen  CRMs", true),
        ] {
            assert_eq!(is_with_ending(name, text), expected, "{name} in {text}");
        }
        for (name, expected) in [
            ("Tidvakt", true),
            ("Lumen CRM", true),
            ("Box", false),
            ("fjordarkiv*", false),
            ("/lumens?/", false),
            ("Office 365", false),
        ] {
            assert_eq!(takes_endings(name), expected, "{name}");
        }
    }
}
