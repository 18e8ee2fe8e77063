//! In which language a message is written, told by its small words.
//!
//! Charge: one language of six, or none. Text that is short, mixed, or of another language has
//! none; a guess would be worse, since rules and people rely on it. Statistics over letters
//! do badly on the three lines of a support mail in Swedish, Danish or Norwegian; their
//! everyday words differ enough.
//!
//! Invariants: the same text gives the same answer; at most [`WORDS_MAX`] words are read.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use crate::domain::language::Language;

/// Most words of a text that are looked at.
pub const WORDS_MAX: usize = 300;

/// Longest word looked up, in bytes; longer ones are no everyday words.
const WORD_BYTES_MAX: usize = 64;

/// Points that a word of one language gives it; a word of several shares them.
const WORD: u32 = 12;

/// Points of a word that is only told by its end or its letters.
const SIGN: u32 = 4;

/// Least points of a language: two words of its own.
const POINTS_MIN: u32 = 2 * WORD;

/// Least points for each word of the text: below, it is of a language not known here.
const POINTS_PER_WORD_MIN: u32 = 2;

/// By how much what speaks for a language must exceed what speaks for another, as a factor.
const LEAD_FACTOR: u32 = 3;

const LIST: &str = include_str!("language/words.txt");

/// Letters, and the languages they are used in.
const LETTERS: [(char, &str); 7] = [
    ('å', "sv no da"),
    ('ä', "sv fi de"),
    ('ö', "sv fi de"),
    ('æ', "no da"),
    ('ø', "no da"),
    ('ü', "de"),
    ('ß', "de"),
];

/// The language of a message: that of its text or, where that does not tell, of subject and text
/// together.
pub fn tell(subject: &str, text: &str) -> Option<Language> {
    let mut count = Count::default();
    count.read(text);
    count.language().or_else(|| {
        count.read(subject);
        count.language()
    })
}

/// A set of languages, one bit each in the order of [`Language::ALL`]; then one bit for any other.
type Set = u8;

/// How many bits a set has.
const LANGUAGES: usize = Language::ALL.len() + 1;

/// How the list names languages that are not told.
const OTHER: &str = "other";

/// What is known of words.
struct Known {
    words: HashMap<&'static str, Set, FixedState>,
    ends: HashMap<&'static str, Set, FixedState>,
    letters: [(char, Set); LETTERS.len()],
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut known = Known {
        words: HashMap::default(),
        ends: HashMap::default(),
        letters: LETTERS.map(|(letter, languages)| (letter, set(languages))),
    };
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let Some((languages, words)) = line.split_once(':') else {
            continue;
        };
        for word in words.split_whitespace() {
            match word.strip_prefix('-') {
                Some(end) => known.ends.insert(end, set(languages)),
                None => known.words.insert(word, set(languages)),
            };
        }
    }
    known
});

/// Most characters of the ends in the list; the least are two.
const END_CHARS_MAX: usize = 7;

fn set(languages: &str) -> Set {
    let codes = Language::ALL.map(Language::as_str).into_iter();
    let bit = |code: &str| codes.clone().chain([OTHER]).position(|known| known == code);
    languages
        .split(' ')
        .filter_map(bit)
        .fold(0, |set, n| set | 1 << n)
}

/// What a text says, by the set of languages it speaks for.
struct Count {
    points: [u32; 1 << LANGUAGES],
    words: u32,
}

impl Default for Count {
    fn default() -> Self {
        Self {
            points: [0; 1 << LANGUAGES],
            words: 0,
        }
    }
}

impl Count {
    fn read(&mut self, text: &str) {
        let mut word = String::with_capacity(WORD_BYTES_MAX);
        let mut tokens = text.split_whitespace();
        // Addresses, paths and numbers are of no language.
        let plain = |token: &&str| {
            token.len() <= WORD_BYTES_MAX
                && !token.contains(|c: char| c.is_ascii_digit() || "@/\\_<>=".contains(c))
        };
        let words = tokens
            .by_ref()
            .take(WORDS_MAX)
            .filter(plain)
            .flat_map(|token| token.split(|c: char| !c.is_alphabetic() && !"'’".contains(c)));
        for part in words {
            let part = part.trim_matches(['\'', '’']);
            if part.is_empty() {
                continue;
            }
            word.clear();
            for c in part.chars() {
                match c {
                    '’' => word.push('\''),
                    _ if c.is_ascii() => word.push(c.to_ascii_lowercase()),
                    _ => word.extend(c.to_lowercase()),
                }
            }
            self.words += 1;
            self.word(&word);
        }
    }

    fn word(&mut self, word: &str) {
        let known = &*KNOWN;
        if let Some(&set) = known.words.get(word) {
            self.add(set, WORD);
            return;
        }
        // The longest end that is known; the word must have two letters before it.
        let starts = word.char_indices().rev().map(|(at, _)| at);
        let ends = starts.take(END_CHARS_MAX).skip(1).filter(|at| *at > 1);
        let known_end = |at: usize| known.ends.get(word.get(at..)?);
        if let Some(&set) = ends.filter_map(known_end).last() {
            self.add(set, SIGN);
        }
        if word.is_ascii() {
            return;
        }
        for (letter, set) in known.letters {
            if word.contains(letter) {
                self.add(set, SIGN);
            }
        }
    }

    fn add(&mut self, set: Set, points: u32) {
        if let Some(sum) = self.points.get_mut(usize::from(set)) {
            *sum += points / set.count_ones().max(1);
        }
    }

    fn language(&self) -> Option<Language> {
        let told: Vec<(usize, u32)> = (0..)
            .zip(self.points)
            .filter(|(_, points)| *points > 0)
            .collect();
        // The points of what speaks for one language and not for the other.
        let apart = |this: usize, other: Option<usize>| -> u32 {
            told.iter()
                .filter(|(set, _)| set >> this & 1 == 1 && other.is_none_or(|o| set >> o & 1 == 0))
                .map(|(_, points)| points)
                .sum()
        };
        let best = (0..LANGUAGES).max_by_key(|&n| apart(n, None))?;
        let points = apart(best, None);
        if points < POINTS_MIN || points < POINTS_PER_WORD_MIN * self.words {
            return None;
        }
        // Words that two languages share say nothing about which of the two it is.
        let clear = (0..LANGUAGES).filter(|other| *other != best).all(|other| {
            let (own, against) = (apart(best, Some(other)), apart(other, Some(best)));
            own >= WORD && own >= LEAD_FACTOR * against
        });
        Language::ALL.get(best).copied().filter(|_| clear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_lower_case_and_names_nothing_twice() {
        let mut words: Vec<&str> = Vec::new();
        for line in LIST
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            let (languages, list) = line.split_once(": ").expect(line);
            let named = languages.split(' ').count();
            assert_eq!(set(languages).count_ones() as usize, named, "{line}");
            words.extend(list.split_whitespace());
        }
        for word in &words {
            assert_eq!(&word.to_lowercase(), word);
            let end = word.strip_prefix('-').map(|end| end.chars().count());
            assert!(
                end.is_none_or(|n| (2..=END_CHARS_MAX).contains(&n)),
                "{word}"
            );
        }
        let count = words.len();
        assert!(count > 1000, "{count} words");
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    /// `tests/cases/languages.txt`. A language told wrongly is worse than none told.
    #[test]
    fn short_mails_are_told_or_left() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/languages.txt");
        let cases = std::fs::read_to_string(path).expect("the cases");
        let (mut right, mut left, mut wrong) = (0, Vec::new(), Vec::new());
        for line in cases
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            let mut parts = line.splitn(3, '|').map(str::trim);
            let mut part = || parts.next().expect("three parts");
            let (expected, subject, text) = (part(), part(), part());
            let told = tell(subject, text).map_or("unknown", Language::as_str);
            match told {
                told if told == expected => right += 1,
                "unknown" => left.push(line),
                _ => wrong.push(format!("{told}, not {line}")),
            }
        }
        let read = right + left.len() + wrong.len();
        println!("{right} of {read} right; left: {left:#?}; wrong: {wrong:#?}");
        assert!(read >= 90, "{read} cases");
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(left.len() <= 4, "{left:#?}");
    }

    #[test]
    fn a_long_text_is_read_to_the_bound() {
        let swedish = "vi kan inte logga in ".repeat(WORDS_MAX);
        assert_eq!(tell("", &swedish), Some(Language::Swedish));
        let turns = format!("{}{}", "we can not log in ".repeat(WORDS_MAX), swedish);
        assert_eq!(tell("", &turns), Some(Language::English));
    }
}
