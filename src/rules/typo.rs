//! Words of which one slip is forgiven: a letter too many, too few, another, or two exchanged.
//!
//! One slip leaves one half of a word as it is, or it exchanges the two letters where the halves
//! meet. The keyword automaton finds these three pieces in its one pass; only the word around a
//! piece is compared, so that forgiven words cost about what others do.

use strsim::osa_distance;

use super::letters::word_at;

/// Fewest letters of such a word: shorter ones are a slip away from words of other meaning.
pub const TYPO_CHARS_MIN: usize = 8;

/// Most letters of such a word.
pub const TYPO_CHARS_MAX: usize = 40;

/// A word, folded, whose misspellings match too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Forgiven {
    word: String,
    /// The word may go on behind it.
    open_end: bool,
}

/// What was found of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Its first half, with which the word at hand must begin.
    First,
    /// Its second half.
    Second,
    /// The whole of it, the letters in the middle exchanged.
    Exchanged,
}

impl Forgiven {
    pub const fn new(folded: String, open_end: bool) -> Self {
        Self {
            word: folded,
            open_end,
        }
    }

    /// Whether `folded` is a single word.
    pub fn is_word(folded: &str) -> bool {
        folded.char_indices().all(|(at, _)| word_at(folded, at))
    }

    /// What the automaton must find.
    pub fn pieces(&self) -> [(Piece, String); 3] {
        let (first, second) = self.word.split_at(self.middle());
        let exchanged = match (first.chars().next_back(), second.chars().next()) {
            (Some(left), Some(right)) => format!(
                "{}{right}{left}{}",
                &first[..first.len() - left.len_utf8()],
                &second[right.len_utf8()..]
            ),
            _ => self.word.clone(),
        };
        [
            (Piece::First, first.to_owned()),
            (Piece::Second, second.to_owned()),
            (Piece::Exchanged, exchanged),
        ]
    }

    /// Whether `word`, the whole word around a piece, is this one with at most one slip. Of
    /// several pieces in a word only one says so.
    pub fn is(&self, word: &str, piece: Piece) -> bool {
        if piece != Piece::First && word.starts_with(&self.word[..self.middle()]) {
            return false;
        }
        let chars = self.word.chars().count();
        let written = word.chars().take(chars + 2).count();
        if self.open_end {
            // The word may go on anywhere behind a misspelling.
            (chars - 1..=chars + 1)
                .filter(|&n| n <= written)
                .any(|n| self.is_slip(&word[..end_of(word, n)]))
        } else {
            written.abs_diff(chars) <= 1 && self.is_slip(word)
        }
    }

    /// Whether a hit of it stands for a misspelling.
    pub fn is_misspelled(&self, hit: &str) -> bool {
        if self.open_end {
            !hit.starts_with(&self.word)
        } else {
            hit != self.word
        }
    }

    fn is_slip(&self, word: &str) -> bool {
        word == self.word || osa_distance(word, &self.word) <= 1
    }

    fn middle(&self) -> usize {
        end_of(&self.word, self.word.chars().count() / 2)
    }
}

/// Where the first `n` characters of `text` end.
fn end_of(text: &str, n: usize) -> usize {
    text.char_indices().nth(n).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether the pieces and the comparison find `word`, as the automaton does it.
    fn finds(forgiven: &Forgiven, word: &str) -> bool {
        forgiven
            .pieces()
            .iter()
            .any(|(piece, text)| word.contains(text.as_str()) && forgiven.is(word, *piece))
    }

    #[test]
    fn one_slip_is_forgiven_and_no_more() {
        for (word, open, text, found) in [
            ("synkronisering", false, "synkronisering", true),
            ("synkronisering", false, "synkronisreing", true),
            ("synkronisering", false, "synkroinsering", true),
            ("synkronisering", false, "synkrnoisering", true),
            ("synkronisering", false, "synkonisering", true),
            ("synkronisering", false, "synnkronisering", true),
            ("synkronisering", false, "zynkronisering", true),
            ("synkronisering", false, "synkroniseringz", true),
            ("synkronisering", false, "synkroniseringen", false),
            ("synkronisering", false, "zynkroniserinq", false),
            ("synkronisering", true, "synkronisreingen", true),
            ("synkronisering", true, "synkroniseringen", true),
            ("synkronisering", true, "sykroniseringens", true),
            ("synkronisering", true, "sykronisreringen", false),
            ("återbetalning", false, "aterbetalning", true),
            ("återbetalning", false, "återbetlning", true),
        ] {
            let forgiven = Forgiven::new(word.to_owned(), open);
            assert_eq!(finds(&forgiven, text), found, "{word} {open} {text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_lose_no_misspelling(word in "[abå]{8,12}", at in 0_usize..12, with in "[abå]?", gone in 0_usize..3) {
            let mut letters: Vec<char> = word.chars().collect();
            let at = at.min(letters.len() - 1);
            if gone == 2 && at + 1 < letters.len() {
                letters.swap(at, at + 1);
            } else {
                letters.splice(at..at + gone.min(1), with.chars());
            }
            let slip: String = letters.into_iter().collect();
            let forgiven = Forgiven::new(word.clone(), false);
            prop_assert!(finds(&forgiven, &slip), "{word} {slip}");
            prop_assert!(finds(&Forgiven::new(word, true), &slip));
        }
    }
}
