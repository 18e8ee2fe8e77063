//! Takes numbers that nobody needs to answer a ticket out of a text: of persons, cards, accounts.
//!
//! A number is taken for one only where its form, its date and its check digits say so, so that
//! order numbers and versions stay. Danish numbers have had no check digits since 2007: those are
//! told by form and date. What stands in a picture or an attachment is not seen here; whether it
//! may travel is the policy's charge.

use std::collections::BTreeMap;
use std::fmt;

use iban::Iban;
use jiff::civil::Date;

/// Whether digits are such a number.
type Check = fn(&[u8]) -> bool;

/// Longest number looked at, in characters with what stands between its digits.
const CHARS_MAX: usize = 44;
/// Digits of a card number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Letters by which a Finnish number is checked: the remainder of its nine digits by 31.
const HETU_CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
/// What stands between date and number in Finland: it tells the century.
const HETU_CENTURY: &[u8] = b"+-YXWVUABCDEF";

/// What was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Secret {
    /// A person's identity number: Swedish, Norwegian, Danish or Finnish.
    Person,
    /// A payment card's number.
    Card,
    /// A bank account's number (IBAN).
    Account,
}

impl Secret {
    /// What stands in its place.
    const fn mark(self) -> &'static str {
        match self {
            Self::Person => "[identity number]",
            Self::Card => "[card number]",
            Self::Account => "[account number]",
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Person => ("identity number", "identity numbers"),
            Self::Card => ("card number", "card numbers"),
            Self::Account => ("account number", "account numbers"),
        }
    }
}

/// How many of each kind were taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken(BTreeMap<Secret, usize>);

impl Taken {
    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `1 card number and 2 identity numbers`; `nothing`.
impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(secret, &count)| {
                let (one, many) = secret.words();
                format!("{count} {}", if count == 1 { one } else { many })
            })
            .collect();
        match parts.split_last() {
            None => f.write_str("nothing"),
            Some((last, [])) => f.write_str(last),
            Some((last, first)) => write!(f, "{} and {last}", first.join(", ")),
        }
    }
}

/// `text` without such numbers; what was taken out is added to `taken`.
pub fn mask(text: &str, taken: &mut Taken) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut inside_word = false;
    while let Some(next) = rest.chars().next() {
        let found = if inside_word { None } else { secret_at(rest) };
        if let Some((secret, length)) = found {
            out.push_str(secret.mark());
            *taken.0.entry(secret).or_default() += 1;
            rest = rest.get(length..).unwrap_or_default();
            inside_word = false;
            continue;
        }
        out.push(next);
        inside_word = next.is_alphanumeric();
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    out
}

/// The number that `text` begins with, and its length in bytes.
fn secret_at(text: &str) -> Option<(Secret, usize)> {
    let first = text.bytes().next().filter(u8::is_ascii_alphanumeric)?;
    if first.is_ascii_alphabetic() {
        return account(text).map(|length| (Secret::Account, length));
    }
    // The longest first: a card's number could begin like a person's.
    card(text)
        .map(|length| (Secret::Card, length))
        .or_else(|| person(text).map(|length| (Secret::Person, length)))
}

/// Whether a number of `length` bytes ends there: no letter or digit goes on.
fn ends(text: &str, length: usize) -> bool {
    let behind = text.get(length..).and_then(|rest| rest.chars().next());
    behind.is_none_or(|c| !c.is_alphanumeric())
}

/// Digits with at most one of `between` after each, from the beginning: the digits, and behind
/// each its end.
fn digits(text: &str, between: &str) -> (Vec<u8>, Vec<usize>) {
    let (mut found, mut ends) = (Vec::new(), Vec::new());
    let mut before_is_digit = false;
    for (at, c) in text.char_indices().take(CHARS_MAX) {
        if let Some(digit) = c.to_digit(10).and_then(|d| u8::try_from(d).ok()) {
            found.push(digit);
            ends.push(at + 1);
            before_is_digit = true;
        } else if before_is_digit && between.contains(c) {
            before_is_digit = false;
        } else {
            break;
        }
    }
    (found, ends)
}

fn account(text: &str) -> Option<usize> {
    let mut candidate = String::new();
    let mut best = None;
    for (at, c) in text.char_indices().take(CHARS_MAX) {
        if c.is_ascii_alphanumeric() {
            candidate.push(c.to_ascii_uppercase());
            let end = at + 1;
            if candidate.len() >= 15 && ends(text, end) && candidate.parse::<Iban>().is_ok() {
                best = Some(end);
            }
        } else if !" \u{a0}".contains(c) {
            break;
        }
    }
    best
}

fn card(text: &str) -> Option<usize> {
    let (digits, all_ends) = digits(text, " -\u{a0}");
    let longest = digits.len().min(*CARD_DIGITS.end());
    let lengths = (*CARD_DIGITS.start()..=longest).rev();
    for length in lengths {
        let end = *all_ends.get(length - 1)?;
        let number = digits.get(..length)?;
        if ends(text, end) && is_issued(number) && luhn(number) {
            return Some(end);
        }
    }
    None
}

/// Whether cards are issued whose numbers begin so: the payment networks, not shops or fuel.
fn is_issued(number: &[u8]) -> bool {
    let lead = number.iter().take(4);
    let lead = lead.fold(0_u32, |all, digit| all * 10 + u32::from(*digit));
    matches!(lead, 2221..=2720 | 3000..=3099 | 3400..=3999 | 4000..=6999)
}

/// ISO/IEC 7812-1, annex B.
fn luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            let digit = u32::from(digit) * if place % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

fn person(text: &str) -> Option<usize> {
    let (digits, ends_of) = digits(text, " -+\u{2013}");
    let forms: [(usize, Check); 4] = [
        (12, |number| {
            swedish(number.get(2..).unwrap_or_default()) && century(number)
        }),
        (11, norwegian),
        (10, swedish),
        (10, |number| danish_checked(number)),
    ];
    for (length, is) in forms {
        let number = digits.get(..length);
        let end = ends_of.get(length - 1);
        if let (Some(number), Some(&end)) = (number, end)
            && is_grouped(text, end, length)
            && ends(text, end)
            && is(number)
        {
            return Some(end);
        }
    }
    danish_form(text, &digits, &ends_of).or_else(|| finnish(text))
}

/// Whether the digits stand together, or parted once where such numbers are.
fn is_grouped(text: &str, end: usize, length: usize) -> bool {
    let written = text.get(..end).unwrap_or_default();
    let groups: Vec<usize> = written
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .collect();
    matches!(
        (groups.as_slice(), length),
        ([_], _) | ([6, 5], 11) | ([6, 4], 10) | ([8, 4], 12)
    )
}

fn number_of(digits: Option<&[u8]>) -> Option<i16> {
    digits.map(|digits| {
        digits
            .iter()
            .fold(0, |all, digit| all * 10 + i16::from(*digit))
    })
}

/// Whether `day` and `month` are of a year that ends in `year`, in any century.
fn is_date(year: Option<i16>, month: Option<i16>, day: Option<i16>) -> bool {
    let (Some(year), Some(month), Some(day)) = (year, month, day) else {
        return false;
    };
    let date = |century: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(century + year, month, day).ok()
    };
    [1800, 1900, 2000].into_iter().any(|c| date(c).is_some())
}

/// `YYMMDD` and four more, the last a Luhn digit; 60 is added to the day of a coordination number.
fn swedish(number: &[u8]) -> bool {
    let day = number_of(number.get(4..6)).map(|day| if day > 60 { day - 60 } else { day });
    number.len() == 10
        && is_date(number_of(number.get(..2)), number_of(number.get(2..4)), day)
        && luhn(number)
}

fn century(number: &[u8]) -> bool {
    matches!(number_of(number.get(..2)), Some(18..=20))
}

/// `DDMMYY`, three more and two check digits by 11; 40 is added to the day of a D-number.
fn norwegian(number: &[u8]) -> bool {
    const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let day = number_of(number.get(..2)).map(|day| if day > 40 { day - 40 } else { day });
    let fits = |weights: &[u32]| {
        let sum: u32 = number
            .iter()
            .zip(weights)
            .map(|(&digit, weight)| u32::from(digit) * weight)
            .sum();
        sum.is_multiple_of(11)
    };
    number.len() == 11
        && is_date(
            number_of(number.get(4..6)),
            number_of(number.get(2..4)),
            day,
        )
        && fits(&FIRST)
        && fits(&SECOND)
}

fn danish_date(number: &[u8]) -> bool {
    let part = |from: usize| number_of(number.get(from..from + 2));
    number.len() == 10 && is_date(part(4), part(2), part(0))
}

/// `DDMMYY` and four more, checked by 11 as numbers were until 2007.
fn danish_checked(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let sum: u32 = number
        .iter()
        .zip(WEIGHTS)
        .map(|(&digit, weight)| u32::from(digit) * weight)
        .sum();
    danish_date(number) && sum.is_multiple_of(11)
}

/// `DDMMYY-XXXX` with its hyphen: all that tells a number given since 2007.
fn danish_form(text: &str, digits: &[u8], ends_of: &[usize]) -> Option<usize> {
    let end = *ends_of.get(9)?;
    let hyphened = text.get(6..7) == Some("-") && end == 11;
    let number = digits.get(..10)?;
    (hyphened && ends(text, end) && danish_date(number)).then_some(end)
}

/// `DDMMYY`, the century's sign, three digits and the check letter.
fn finnish(text: &str) -> Option<usize> {
    let bytes = text.as_bytes().get(..11)?;
    let upper: Vec<u8> = bytes.iter().map(u8::to_ascii_uppercase).collect();
    let (date, century, own, check) = (
        upper.get(..6)?,
        *upper.get(6)?,
        upper.get(7..10)?,
        *upper.get(10)?,
    );
    let plain = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    if !plain(date) || !plain(own) || !HETU_CENTURY.contains(&century) || !ends(text, 11) {
        return None;
    }
    let part = |from: usize| {
        let two = date.get(from..from + 2)?;
        number_of(Some(&two.iter().map(|b| b - b'0').collect::<Vec<u8>>()))
    };
    let all = date.iter().chain(own);
    let sum = all.fold(0_u32, |all, digit| all * 10 + u32::from(digit - b'0'));
    let expected = HETU_CHECK.get(usize::try_from(sum % 31).ok()?)?;
    (is_date(part(4), part(2), part(0)) && *expected == check).then_some(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/cases/masked.txt`: `text => text without`, a case a line.
    #[test]
    fn numbers_are_taken_out_as_the_cases_say() {
        let cases = include_str!("../../tests/cases/masked.txt");
        let lines = cases
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'));
        let mut seen = 0;
        let mut wrong = Vec::new();
        for line in lines {
            let (text, expected) = line.split_once(" => ").expect("two texts");
            let masked = mask(text, &mut Taken::default());
            if masked != expected {
                wrong.push(format!("{masked}\n  not {line}"));
            }
            seen += 1;
        }
        assert!(
            wrong.is_empty(),
            "{} of {seen}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(seen > 30, "{seen} cases");
    }

    #[test]
    fn what_was_taken_is_counted() {
        let mut taken = Taken::default();
        assert_eq!(taken.to_string(), "nothing");
        mask(
            "811228-9874, 811228-9874 and 4111 1111 1111 1111",
            &mut taken,
        );
        assert_eq!(taken.to_string(), "2 identity numbers and 1 card number");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_masked_once(text in "\\PC{0,60}|[0-9 +-]{0,40}") {
            let once = mask(&text, &mut Taken::default());
            proptest::prop_assert_eq!(&mask(&once, &mut Taken::default()), &once);
        }
    }
}
