//! What single characters mean for matching: dropped, made plain, part of a word.
//!
//! Only the tables; the order in which they are applied is [`super::fold`]'s.

use std::iter::once;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, is_nfkc_quick};

/// Characters that leave no trace: soft hyphen, zero-width and bidi controls, variation
/// selectors, tags, and the signs that are stuck to names (`®`, `™`).
pub(super) const fn is_dropped(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{a9}'
            | '\u{ae}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2120}'
            | '\u{2122}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Typographic quotes, primes and dashes as the keyboard has them; all else as it is.
pub(super) const fn plain(c: char) -> char {
    match c {
        '\u{b4}'
        | '\u{2b9}'
        | '\u{2bc}'
        | '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2039}'
        | '\u{203a}' => '\'',
        '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2033}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' => '-',
        _ => c,
    }
}

/// The unaccented letters for those that no decomposition separates from their stroke.
pub(super) const fn unstroked(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'æ' => "ae",
        'œ' => "oe",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'þ' => "th",
        _ => return None,
    })
}

/// A diacritic of European scripts (Combining Diacritical Marks). Vowel signs of other scripts
/// are letters in all but name and stay.
pub(super) const fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Whether `c` may merge with the character before it when both are normalised, so that the two
/// must be folded together.
pub(super) fn continues(c: char) -> bool {
    match c {
        ..'\u{300}' | '\u{370}'..='\u{482}' | '\u{2000}'..='\u{206f}' | '\u{4e00}'..='\u{9fff}' => {
            false
        }
        '\u{300}'..='\u{36f}' => true,
        _ => {
            let mut first = None;
            decompose_compatible(c, |d| {
                first.get_or_insert(d);
            });
            first.is_some_and(|d| {
                canonical_combining_class(d) != 0 || is_nfkc_quick(once(d)) == IsNormalized::Maybe
            })
        }
    }
}

/// Into how many characters `c` falls apart.
pub(super) fn decomposed_len(c: char) -> usize {
    let mut n = 0;
    decompose_compatible(c, |_| n += 1);
    n
}

/// Whether `c` is part of a word: letters, digits, `_` and what combines with them.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        is_western(c) || c.is_alphanumeric() || canonical_combining_class(c) != 0
    }
}

/// Whether `c` is part of a word as regular expressions have it (UTS #18, annex C).
pub(super) fn is_word_of_expressions(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        is_western(c) || regex_syntax::is_word_character(c)
    }
}

/// The small letters of Western Europe beyond ASCII, told without a look into the tables.
const fn is_western(c: char) -> bool {
    matches!(c, 'ß'..='ö' | 'ø'..='ÿ')
}

/// Whether the character before byte `at` of `text` is part of a word.
pub(super) fn word_before(text: &str, at: usize) -> bool {
    let left = text.get(..at).unwrap_or_default();
    match left.as_bytes().last() {
        Some(&b) if b.is_ascii() => b.is_ascii_alphanumeric() || b == b'_',
        _ => left.chars().next_back().is_some_and(is_word),
    }
}

/// Whether the character at byte `at` of `text` is part of a word.
pub(super) fn word_at(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(&b) if b.is_ascii() => b.is_ascii_alphanumeric() || b == b'_',
        _ => text
            .get(at..)
            .and_then(|right| right.chars().next())
            .is_some_and(is_word),
    }
}

/// Most bytes by which a hit is widened to the word it stands in, on each side.
const WORD_BYTES_MAX: usize = 128;

/// Where the word that holds byte `at` begins, at most [`WORD_BYTES_MAX`] bytes back.
pub(super) fn word_start(text: &str, at: usize) -> usize {
    let floor = text.floor_char_boundary(at.saturating_sub(WORD_BYTES_MAX));
    let left = text.get(floor..at).unwrap_or_default();
    let kept: usize = left
        .chars()
        .rev()
        .take_while(|&c| is_word(c))
        .map(char::len_utf8)
        .sum();
    at - kept
}

/// Where the word that goes on at byte `at` ends, at most [`WORD_BYTES_MAX`] bytes on.
pub(super) fn word_end(text: &str, at: usize) -> usize {
    let ceiling = text.floor_char_boundary(at.saturating_add(WORD_BYTES_MAX));
    let right = text.get(at..ceiling).unwrap_or_default();
    let kept: usize = right
        .chars()
        .take_while(|&c| is_word(c))
        .map(char::len_utf8)
        .sum();
    at + kept
}
