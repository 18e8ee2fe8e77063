//! Words of one stem: `invoicing` for the keyword `invoice`, where a rule asks for it.
//!
//! The stems are Snowball's; the crate `frostem` has them. A stem is taken from a word with its
//! diacritics, and folded as the texts are afterwards. A keyword is words and what stands between
//! them; all keywords of a language are one tree, gone down word by word from each word of a text,
//! so a set pays for the stem of a word once for each language in use, and nothing without any.
//!
//! Invariants: a word is found by each word of the same stem and by itself; a stem that is too
//! short to tell anything is none.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use frostem::{Algorithm, Stemmer};

use super::fold::{FoldOptions, folded_keyword};
use super::keyword::{KEYWORD_MAX, KeywordFault};
use super::letters::{is_word, word_at, word_before, word_end};
use super::zone::FoldedZone;
use crate::domain::language::Language;

/// Fewest letters of a stem: of a shorter one too many words are made.
pub const STEM_CHARS_MIN: usize = 3;

/// A stem is taken from a word as it is written, diacritics and all.
const AS_WRITTEN: FoldOptions = FoldOptions {
    strip_diacritics: false,
};

/// A keyword as stems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stemmed {
    first: String,
    /// What stands before each further word, and its stem.
    rest: Vec<(String, String)>,
}

impl Stemmed {
    /// A keyword's words as stems; nothing where it begins or ends with a sign (`c++`), which is
    /// found only as it is written.
    pub fn of(
        core: &str,
        language: Language,
        options: FoldOptions,
    ) -> Result<Option<Self>, KeywordFault> {
        let text = folded_keyword(core, AS_WRITTEN);
        if !word_at(&text, 0) || !word_before(&text, text.len()) {
            return Ok(None);
        }
        let stem_of = |word: Range<usize>| {
            let word = text.get(word).unwrap_or_default();
            folded(stem(language, word), options)
        };
        let Some(mut word) = whole_word(&text, 0) else {
            return Ok(None);
        };
        let first = stem_of(word.clone());
        let mut rest = Vec::new();
        while word.end < text.len() {
            let Some((gap, next)) = next_word(&text, word.end) else {
                return Ok(None);
            };
            rest.push((gap.to_owned(), stem_of(next.clone())));
            word = next;
        }
        if rest.is_empty() {
            let stem = snowball(language, &text);
            if is_short(&stem) && stem != text {
                let stem = stem.into_owned();
                return Err(KeywordFault::ShortStem { stem, language });
            }
        }
        Ok(Some(Self { first, rest }))
    }
}

/// The stemmed keywords of a set.
#[derive(Debug)]
pub(super) struct Stems {
    options: FoldOptions,
    /// One for each language in use.
    books: Vec<Book>,
}

/// The stemmed keywords of one language.
#[derive(Debug)]
struct Book {
    language: Language,
    /// By the stem of the first word.
    first: HashMap<String, Branch>,
    /// How their first words begin.
    openings: HashSet<Opening>,
}

/// How keywords go on behind a word.
#[derive(Debug, Default)]
struct Branch {
    /// The keyword that ends here.
    term: Option<u32>,
    /// By what stands between two words, and by the stem of the second.
    next: HashMap<String, HashMap<String, Branch>>,
}

impl Stems {
    pub const fn new(options: FoldOptions) -> Self {
        Self {
            options,
            books: Vec::new(),
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.books.is_empty()
    }

    /// The place for the number of a keyword's term; equal stems have one.
    pub fn place(&mut self, language: Language, stemmed: Stemmed) -> &mut Option<u32> {
        let known = self.books.iter().position(|book| book.language == language);
        let number = known.unwrap_or_else(|| {
            self.books.push(Book {
                language,
                first: HashMap::new(),
                openings: HashSet::new(),
            });
            self.books.len() - 1
        });
        let book = &mut self.books[number];
        book.openings.extend(opening(&stemmed.first));
        let mut branch = book.first.entry(stemmed.first).or_default();
        for (gap, stem) in stemmed.rest {
            branch = branch.next.entry(gap).or_default().entry(stem).or_default();
        }
        &mut branch.term
    }

    /// Shows the term, the language and the end of each keyword that stands at `at`, where a word
    /// of `text` begins. `as_written` tells a word with its diacritics.
    pub fn at_word<'t>(
        &self,
        text: &'t str,
        at: usize,
        as_written: impl Fn(Range<usize>) -> Cow<'t, str>,
        mut show: impl FnMut(u32, Language, usize),
    ) {
        let Some(word) = whole_word(text, at) else {
            return;
        };
        let opening = text.get(word.clone()).and_then(opening);
        for book in &self.books {
            if !opening.is_none_or(|opening| book.openings.contains(&opening) || opening.may_turn())
            {
                continue;
            }
            let stem_of = |word: Range<usize>| {
                let written = as_written(word);
                folded(stem(book.language, &written), self.options)
            };
            let mut word = word.clone();
            let mut branch = book.first.get(&stem_of(word.clone()));
            while let Some(here) = branch {
                if let Some(term) = here.term {
                    show(term, book.language, word.end);
                }
                let next = (!here.next.is_empty()).then(|| next_word(text, word.end));
                let Some((gap, following)) = next.flatten() else {
                    break;
                };
                word = following;
                let stems = here.next.get(gap);
                branch = stems.and_then(|stems| stems.get(&stem_of(word.clone())));
            }
        }
    }

    /// As [`Self::at_word`], in the folded text of a zone.
    pub fn at_word_of(&self, zone: &FoldedZone<'_>, at: usize, mut show: impl FnMut(u32, usize)) {
        let text = zone.folded();
        let as_written = |word: Range<usize>| {
            let bare = text.get(word.clone()).unwrap_or_default();
            let (start, end) = zone.original_span(word.start, word.end);
            match zone.original().get(start..end) {
                Some(original) if self.options.strip_diacritics && !original.is_ascii() => {
                    Cow::Owned(folded_keyword(original, AS_WRITTEN))
                }
                _ => Cow::Borrowed(bare),
            }
        };
        self.at_word(text, at, as_written, |term, _, end| show(term, end));
    }
}

/// The first two letters of a word, which most words of a text share with no keyword: their stems
/// need not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Opening([char; 2]);

impl Opening {
    /// Whether a stem may begin otherwise than its word: `dying` has `die`, `aendern` has `and`.
    fn may_turn(self) -> bool {
        let Self([first, second]) = self;
        matches!(second, 'e' | 'y') || first == second
    }
}

/// Nothing where a word has fewer than two letters.
fn opening(word: &str) -> Option<Opening> {
    // German stems have no umlauts.
    let mut letters = word.chars().map(|c| match c {
        'ä' => 'a',
        'ö' => 'o',
        'ü' => 'u',
        c => c,
    });
    Some(Opening([letters.next()?, letters.next()?]))
}

fn snowball(language: Language, word: &str) -> Cow<'_, str> {
    Stemmer::new(match language {
        Language::Swedish => Algorithm::Swedish,
        Language::Norwegian => Algorithm::Norwegian,
        Language::Danish => Algorithm::Danish,
        Language::Finnish => Algorithm::Finnish,
        Language::German => Algorithm::German,
        Language::English => Algorithm::English,
    })
    .stem(word)
}

/// The stem of a word, or the word where that would be too short.
fn stem(language: Language, word: &str) -> Cow<'_, str> {
    let stem = snowball(language, word);
    if is_short(&stem) { word.into() } else { stem }
}

fn is_short(stem: &str) -> bool {
    stem.chars().nth(STEM_CHARS_MIN - 1).is_none()
}

fn folded(stem: Cow<'_, str>, options: FoldOptions) -> String {
    if options.strip_diacritics && !stem.is_ascii() {
        folded_keyword(&stem, options)
    } else {
        stem.into_owned()
    }
}

/// The word that begins at `at`; nothing where it is longer than any word is.
fn whole_word(text: &str, at: usize) -> Option<Range<usize>> {
    let end = word_end(text, at);
    (at < end && !word_at(text, end)).then_some(at..end)
}

/// What stands behind byte `end`, where a word ends, and the word behind that.
fn next_word(text: &str, end: usize) -> Option<(&str, Range<usize>)> {
    let behind = text.get(end..)?;
    let (gap, _) = behind
        .char_indices()
        .take(KEYWORD_MAX)
        .find(|&(_, c)| is_word(c))?;
    Some((behind.get(..gap)?, whole_word(text, end + gap)?))
}

#[cfg(test)]
mod tests;
