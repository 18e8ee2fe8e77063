//! The number that a publisher's desk gives a case, as it stands in the subject of its answers:
//! `[#48213]`, `[Ticket#2026-0012]`, `(Case 00123456)`, `[LUM-1204]`.
//!
//! A number is learnt once, from a desk, and then tells its answers where our token was lost. What
//! stood in the subject we sent is none: it was the customer's or ours.

/// Longest number taken, in characters.
const NUMBER_MAX: usize = 24;

/// Fewest digits of a number: fewer occur in every other subject.
const DIGITS_MIN: usize = 3;

/// Words that announce a number, in lower case.
const WORDS: &[&str] = &[
    "ticket",
    "case",
    "request",
    "incident",
    "issue",
    "ref",
    "reference",
    "id",
    "ärende",
    "ärendenummer",
    "ärendenr",
    "sak",
    "saksnummer",
    "sag",
    "sagsnummer",
    "tapaus",
    "tiketti",
    "vorgang",
    "anfrage",
    "fall",
];

/// The number in `subject`, unless `sent`, the subject of what we wrote, holds it.
pub fn told(subject: &str, sent: &str) -> Option<String> {
    let sent = sent.to_lowercase();
    all(subject)
        .into_iter()
        .find(|number| !sent.contains(&number.to_lowercase()))
}

/// Everything in `subject` that has the form of a desk's number, at most four.
pub fn all(subject: &str) -> Vec<String> {
    let mut found = Vec::new();
    let words: Vec<&str> = subject
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | ':' | ',' | ';'))
        .filter(|word| !word.is_empty())
        .collect();
    let bracketed = |word: &str| {
        subject.match_indices(word).any(|(at, _)| {
            let before = subject[..at]
                .trim_end_matches([' ', '#'])
                .chars()
                .next_back();
            let after = subject[at + word.len()..].trim_start().chars().next();
            matches!(before, Some('[' | '(')) && matches!(after, Some(']' | ')'))
        })
    };
    for (n, word) in words.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| words.get(n));
        let before = before.map(|word| word.trim_matches(['#', '.', '-']).to_lowercase());
        let announced = before.is_some_and(|word| WORDS.contains(&word.as_str()));
        let (head, number) = match word.split_once('#') {
            Some((head, number)) => (Some(head.to_lowercase()), number),
            None => (None, *word),
        };
        let marked = match head.as_deref() {
            Some("") => true,
            Some(head) => WORDS.contains(&head),
            None => announced || bracketed(word),
        };
        let number = number.trim_matches(['.', '!', '?', '-', '"']);
        if marked && is_number(number) && found.len() < 4 {
            found.push(number.to_owned());
        }
    }
    found
}

/// Digits, perhaps behind a few letters and with hyphens; never a reference of ours.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
    let ours = text.len() == 10
        && text
            .get(..2)
            .is_some_and(|head| head.eq_ignore_ascii_case("t-"));
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    (DIGITS_MIN..=NUMBER_MAX).contains(&digits)
        && text.len() <= NUMBER_MAX
        && letters <= 8
        && text.bytes().all(plain)
        && !ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_desks_write_them() {
        for (subject, number) in [
            ("[#48213] Re: Login fails", Some("48213")),
            (
                "Re: [T-4F7K25QM] Lumen: Login fails [Ticket#2026-0012]",
                Some("2026-0012"),
            ),
            ("SV: Login fails (Case 00123456)", Some("00123456")),
            ("[LUM-1204] Login fails", Some("LUM-1204")),
            ("Ärende 55512: Login fails", Some("55512")),
            ("Re: Login fails #881234", Some("881234")),
            ("Re: [T-4F7K25QM] Lumen: Login fails", None),
            ("Re: error 500 since 2026", None),
            ("Re: order 12", None),
            ("", None),
        ] {
            assert_eq!(told(subject, "").as_deref(), number, "{subject}");
        }
    }

    #[test]
    fn what_we_wrote_ourselves_is_no_number_of_theirs() {
        let sent = "[T-4F7K25QM] Lumen: invoice #7741";
        assert_eq!(told("Re: [T-4F7K25QM] Lumen: invoice #7741", sent), None);
        let told = told("Re: [T-4F7K25QM] Lumen: invoice #7741 [#90021]", sent);
        assert_eq!(told.as_deref(), Some("90021"));
    }
}
