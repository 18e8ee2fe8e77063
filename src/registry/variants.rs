//! How else a name is written: its words joined, hyphenated or split, its letters transliterated.
//!
//! Only what people do to any name; what is peculiar to one stands among its aliases. Inflected
//! forms are [`super::endings`]', slips of the hand the matcher's.

/// Fewest letters of a split-off word: `iPhone` stays whole.
const PART_LETTERS_MIN: usize = 3;

/// Letters that are written as two where the keyboard or a form lacks them.
const TRANSLITERATED: [(char, &str); 6] = [
    ('å', "aa"),
    ('ä', "ae"),
    ('æ', "ae"),
    ('ö', "oe"),
    ('ø', "oe"),
    ('ü', "ue"),
];

/// Other ways to write `name`, without itself. A name with a star or a regular expression has
/// none: it says for itself what it takes.
pub(super) fn variants(name: &str) -> Vec<String> {
    if name.contains('*') || name.starts_with(['/', '~']) {
        return Vec::new();
    }
    let mut all: Vec<String> = Vec::new();
    let parts = parts(name);
    if parts.len() > 1 {
        all.extend(["", "-", " "].map(|between| parts.join(between)));
    }
    let more: Vec<String> = std::iter::once(name)
        .chain(all.iter().map(String::as_str))
        .filter_map(transliterated)
        .collect();
    all.extend(more);
    let own = name.to_lowercase();
    let mut seen = vec![own];
    all.retain(|variant| {
        let folded = variant.to_lowercase();
        let new = !seen.contains(&folded);
        seen.push(folded);
        new
    });
    all
}

/// The words of a name: what spaces and hyphens part, or the capitals of a single word.
fn parts(name: &str) -> Vec<&str> {
    let words: Vec<&str> = name
        .split([' ', '-'])
        .filter(|part| !part.is_empty())
        .collect();
    match words.as_slice() {
        [word] => split_at_capitals(word),
        _ => words,
    }
}

/// `LumenCRM` is `Lumen`, `CRM`; one word when a part would be short.
fn split_at_capitals(word: &str) -> Vec<&str> {
    let mut cut = None;
    let mut before: Option<char> = None;
    for (at, letter) in word.char_indices() {
        if before.is_some_and(char::is_lowercase) && letter.is_uppercase() {
            if cut.is_some() {
                // Three words in one are a name of a kind of its own.
                return vec![word];
            }
            cut = Some(at);
        }
        before = Some(letter);
    }
    match cut.and_then(|at| word.split_at_checked(at)) {
        Some((first, second)) if [first, second].iter().all(|part| long_enough(part)) => {
            vec![first, second]
        }
        _ => vec![word],
    }
}

fn long_enough(part: &str) -> bool {
    part.chars().filter(|c| c.is_alphabetic()).count() >= PART_LETTERS_MIN
}

fn transliterated(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut changed = false;
    for letter in name.chars() {
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        match TRANSLITERATED.iter().find(|(from, _)| *from == lower) {
            Some((_, to)) => {
                changed = true;
                out.push_str(to);
            }
            None => out.push(letter),
        }
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_split_and_transliterated() {
        for (name, expected) in [
            ("Tidvakt", ""),
            ("Lumen CRM", "LumenCRM Lumen-CRM"),
            ("LumenCRM", "Lumen-CRM Lumen_CRM"),
            ("Fjord-arkiv", "Fjordarkiv Fjord_arkiv"),
            ("Fjällkarta", "Fjaellkarta"),
            ("Øre App", "ØreApp Øre-App oere_App oereApp oere-App"),
            ("iPhone", ""),
            ("OneTwoThree", ""),
            ("fjordarkiv*", ""),
            ("/lumens?/", ""),
        ] {
            let told: Vec<String> = variants(name)
                .iter()
                .map(|variant| variant.replace(' ', "_"))
                .collect();
            assert_eq!(told.join(" "), expected, "{name}");
        }
    }
}
