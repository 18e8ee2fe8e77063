//! Makes spelling variants of a text equal, and remembers where each byte came from.
//!
//! Folded are: compatibility forms and composition (NFKC), case (full case folding: `ß` is
//! `ss`), typographic quotes and dashes, runs of any white space (one space). Dropped are soft
//! hyphens, zero-width and bidi controls. Diacritics are stripped only where asked for: `å` and
//! `a` are different letters. Homoglyphs of other scripts are left alone.
//!
//! The text is cut into clusters that cannot merge with their neighbours (a character and what
//! combines with it); each is folded by itself. Time is linear; folding twice changes nothing.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use super::letters::{continues, decomposed_len, is_diacritic, is_dropped, plain, unstroked};

/// Folding stops once the folded text has this many bytes; what lies behind is not matched.
pub const FOLDED_MAX: usize = 16 * 1024 * 1024;

/// Bytes of plain ASCII folded in one step.
const RUN_MAX: usize = 1024 * 1024;

/// Most combining characters kept on one character (UAX #15's stream-safe format has 30).
const COMBINING_MAX: usize = 30;

/// What an operator may choose about folding; the same for all rules of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FoldOptions {
    /// Takes `å`, `ä`, `ø`, `é` for `a`, `a`, `o`, `e`.
    pub strip_diacritics: bool,
}

/// A stretch of folded text and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// First byte in the folded text.
    folded: u32,
    /// First byte in the original.
    original: u32,
    /// Bytes of the original that became this piece as a whole; 0 where byte answers to byte.
    lump: u32,
}

/// A folded text with the way back to its original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    text: String,
    pieces: Vec<Piece>,
    cut: bool,
}

impl Folded {
    /// Folds `text`.
    pub fn new(text: &str, options: FoldOptions) -> Self {
        let mut folding = Folding {
            source: text,
            options,
            out: String::with_capacity(text.len().min(FOLDED_MAX)),
            pieces: Vec::new(),
            raw: String::new(),
        };
        let cut = folding.run();
        Self {
            text: folding.out,
            pieces: folding.pieces,
            cut,
        }
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether folding stopped at [`FOLDED_MAX`].
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// The bytes of the original that bytes `start..end` of the folded text came from, widened
    /// to whole characters. Both ends must be character boundaries of the folded text.
    pub fn original_span(&self, start: usize, end: usize) -> (usize, usize) {
        if start >= end {
            let at = self.piece_at(start).map_or(0, |(piece, into)| {
                piece.original as usize + if piece.lump == 0 { into } else { 0 }
            });
            return (at, at);
        }
        let first = self.piece_at(start).map_or(0, |(piece, into)| {
            piece.original as usize + if piece.lump == 0 { into } else { 0 }
        });
        let last = self.piece_at(end - 1).map_or(first, |(piece, into)| {
            piece.original as usize
                + match piece.lump {
                    0 => into + 1,
                    lump => lump as usize,
                }
        });
        (first, last)
    }

    /// The piece that holds byte `at` of the folded text, and how far into it that byte lies.
    fn piece_at(&self, at: usize) -> Option<(Piece, usize)> {
        let n = self
            .pieces
            .partition_point(|piece| piece.folded as usize <= at);
        let piece = *self.pieces.get(n.checked_sub(1)?)?;
        Some((piece, at - piece.folded as usize))
    }
}

/// A keyword's text folded as the texts are, without white space around it.
pub(super) fn folded_keyword(text: &str, options: FoldOptions) -> String {
    Folded::new(text, options).text.trim().to_owned()
}

/// The first byte of `À` to `ÿ` in UTF-8.
const LATIN_1_LETTERS: u8 = 0xc3;

/// What ends a run of common characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// White space that is not one plain space.
    Space,
    /// A character that needs a closer look.
    Beyond,
    /// The end of the text or of the step.
    Limit,
}

struct Folding<'a> {
    source: &'a str,
    options: FoldOptions,
    out: String,
    pieces: Vec<Piece>,
    /// The cluster at hand, kept for its memory.
    raw: String,
}

impl Folding<'_> {
    /// Folds all of the source; whether it stopped at the limit.
    fn run(&mut self) -> bool {
        let mut at = 0;
        while let Some(byte) = self.source.as_bytes().get(at) {
            if self.out.len() >= FOLDED_MAX {
                return true;
            }
            at = if byte.is_ascii() || *byte == LATIN_1_LETTERS {
                self.common(at)
            } else {
                self.beyond_ascii(at)
            };
        }
        false
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.source.get(at..).and_then(|rest| rest.chars().next())
    }

    /// Whether what stands at `at` may belong to the character before it.
    fn joins_back(&self, at: usize) -> bool {
        self.char_at(at)
            .is_some_and(|c| !c.is_ascii() && (is_dropped(c) || continues(c)))
    }

    /// Folds a run of common characters that begins at `at`; returns where it ends.
    fn common(&mut self, at: usize) -> usize {
        let source = self.source;
        let (mut end, stop) = self.common_end(at);
        if stop == Stop::Beyond && end == at {
            return self.beyond_ascii(at);
        }
        if stop != Stop::Space && self.joins_back(end) {
            let last = source[..end].chars().next_back();
            end -= last.map_or(0, char::len_utf8);
            if end <= at {
                return self.cluster(at);
            }
        }
        if end > at {
            self.answer_bytewise(at);
            let before = self.out.len();
            self.out.push_str(&source[at..end]);
            self.out[before..].make_ascii_lowercase();
        }
        if stop != Stop::Space {
            return end;
        }
        if !self.out.ends_with(' ') {
            self.answer_bytewise(end);
            self.out.push(' ');
        }
        end + 1
    }

    /// How far from `at` on every character folds to itself but for the case of ASCII, and what
    /// ends that.
    fn common_end(&self, at: usize) -> (usize, Stop) {
        let bytes = self.source.as_bytes();
        let limit = bytes.len().min(at + RUN_MAX);
        let letters = !self.options.strip_diacritics;
        let mut spaced = self.out.ends_with(' ');
        let mut next = at;
        while let Some(&b) = bytes.get(next)
            && next < limit
        {
            if b > b' ' && b.is_ascii() {
                spaced = false;
            } else if b == b' ' && !spaced {
                spaced = true;
            } else if is_ascii_space(b) {
                return (next, Stop::Space);
            } else if letters
                && b == LATIN_1_LETTERS
                && matches!(bytes.get(next + 1), Some(0xa0..=0xbf))
            {
                // From `à` to `ÿ`.
                spaced = false;
                next += 1;
            } else if b.is_ascii() {
                spaced = false;
            } else {
                return (next, Stop::Beyond);
            }
            next += 1;
        }
        (next, Stop::Limit)
    }

    /// Folds what begins at `at` with a character beyond ASCII; returns where it ends.
    fn beyond_ascii(&mut self, at: usize) -> usize {
        let Some(c) = self.char_at(at) else {
            return self.source.len();
        };
        let end = at + c.len_utf8();
        if is_dropped(c) {
            return end;
        }
        // Most letters of our mail: they fold to themselves or to their small letter.
        let lower = match c {
            'À'..='Ö' | 'Ø'..='Þ' | 'А'..='Я' => c.to_lowercase().next(),
            'à'..='ö' | 'ø'..='ÿ' | 'а'..='я' | '\u{4e00}'..='\u{9fff}' => Some(c),
            _ => None,
        };
        match lower {
            Some(lower) if !self.options.strip_diacritics && !self.joins_back(end) => {
                self.answer_bytewise(at);
                self.out.push(lower);
                end
            }
            _ => self.cluster(at),
        }
    }

    /// Folds the character at `at` together with all that combines with it; returns where the
    /// next cluster begins.
    fn cluster(&mut self, at: usize) -> usize {
        self.raw.clear();
        let mut next = at;
        let mut end = at;
        let mut chars = 0;
        let mut combining = 0;
        while let Some(c) = self.char_at(next) {
            if chars > 0 && !is_dropped(c) {
                if !continues(c) {
                    break;
                }
                combining += decomposed_len(c);
            }
            next += c.len_utf8();
            if is_dropped(c) {
                continue;
            }
            end = next;
            if combining <= COMBINING_MAX {
                self.raw.push(plain(c));
                chars += 1;
            }
        }
        let before = self.out.len();
        let folded = fold_cluster(&self.raw, self.options);
        for c in folded.chars().map(plain).filter(|&c| !is_dropped(c)) {
            if !c.is_whitespace() {
                self.out.push(c);
            } else if !self.out.ends_with(' ') {
                self.out.push(' ');
            }
        }
        let grown = self.out.len() - before;
        if grown > 0 {
            let one = chars == 1 && self.out[before..].chars().nth(1).is_none();
            let lump = if one && grown == end - at {
                0
            } else {
                end - at
            };
            self.answer(before, at, lump);
        }
        next
    }

    /// What is written next answers byte by byte to the original from `original` on.
    fn answer_bytewise(&mut self, original: usize) {
        self.answer(self.out.len(), original, 0);
    }

    fn answer(&mut self, folded: usize, original: usize, lump: usize) {
        let goes_on = self.pieces.last().is_some_and(|last| {
            lump == 0
                && last.lump == 0
                && last.original as usize + (folded - last.folded as usize) == original
        });
        if !goes_on {
            self.pieces.push(Piece {
                folded: narrow(folded),
                original: narrow(original),
                lump: narrow(lump),
            });
        }
    }
}

/// Offsets stay far below 4 GiB: no message is fetched that is nearly as large.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

const fn is_ascii_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f)
}

/// The compatibility caseless form of Unicode §3.13 (D146), composed.
fn fold_cluster(raw: &str, options: FoldOptions) -> String {
    let cased = raw
        .nfd()
        .default_case_fold()
        .nfkd()
        .default_case_fold()
        .nfkd();
    if !options.strip_diacritics {
        return cased.nfc().collect();
    }
    let mut bare = String::with_capacity(raw.len());
    for c in cased.filter(|&c| !is_diacritic(c)) {
        match unstroked(c) {
            Some(letters) => bare.push_str(letters),
            None => bare.push(c),
        }
    }
    bare.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEEP: FoldOptions = FoldOptions {
        strip_diacritics: false,
    };
    const STRIP: FoldOptions = FoldOptions {
        strip_diacritics: true,
    };

    #[test]
    fn variants_become_equal() {
        for (text, folded) in [
            ("", ""),
            ("Faktura", "faktura"),
            ("ÅÄÖ åäö", "åäö åäö"),
            ("A\u{30a}terbetalning", "återbetalning"),
            ("Straße GROẞ", "strasse gross"),
            ("fak\u{ad}tura", "faktura"),
            ("fak\u{200b}tu\u{feff}ra", "faktura"),
            ("\u{202e}abc\u{202c}", "abc"),
            ("a\u{ad}\u{30a}", "å"),
            ("två\r\n\t ord", "två ord"),
            ("två\u{a0}\u{a0}ord", "två ord"),
            ("a \u{200c} b", "a b"),
            ("“så” – ’så’", "\"så\" - 'så'"),
            ("ＡＢＣ１２", "abc12"),
            ("ﬁnal", "final"),
            ("Nordlys® Flöde™", "nordlys flöde"),
            ("İ", "i\u{307}"),
            ("ΣΑΣ", "σασ"),
            ("x\u{c}y", "x y"),
            ("Привет, Й И\u{306} 漢字", "привет, й й 漢字"),
        ] {
            assert_eq!(Folded::new(text, KEEP).as_str(), folded, "{text:?}");
        }
        for (text, folded) in [
            ("Återbetalning på ÖRE", "aterbetalning pa ore"),
            ("Smørrebrød Æ", "smorrebrod ae"),
            ("é e\u{301}", "e e"),
            ("कि", "कि"),
        ] {
            assert_eq!(Folded::new(text, STRIP).as_str(), folded, "{text:?}");
        }
    }

    #[test]
    fn spans_lead_back_to_what_was_written() {
        for (text, needle, found) in [
            ("en FAKTURA här", "faktura", "FAKTURA"),
            ("ö  ö fak\u{ad}tura.", "faktura", "fak\u{ad}tura"),
            ("x A\u{30a}R y", "år", "A\u{30a}R"),
            ("die Straße!", "strasse", "Straße"),
            (
                "glömt\r\n  lösenord",
                "glömt lösenord",
                "glömt\r\n  lösenord",
            ),
            ("ett\u{a0}kort", "ett kort", "ett\u{a0}kort"),
            ("\u{200b}\u{200b}fel\u{200b}", "fel", "fel"),
        ] {
            let folded = Folded::new(text, KEEP);
            let at = folded.as_str().find(needle).expect(needle);
            let (start, end) = folded.original_span(at, at + needle.len());
            assert_eq!(&text[start..end], found, "{text:?}");
        }
    }

    #[test]
    fn a_heap_of_marks_is_cut_and_takes_linear_time() {
        let heap = format!("a{}b", "\u{301}".repeat(200_000));
        let folded = Folded::new(&heap, KEEP);
        assert!(folded.as_str().len() < 80 && folded.as_str().ends_with('b'));
        let long = "Ab ".repeat(FOLDED_MAX / 2);
        let folded = Folded::new(&long, KEEP);
        assert!(folded.is_cut() && folded.as_str().len() < FOLDED_MAX + RUN_MAX);
    }

    fn texts() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            'a', 'B', ' ', '\n', 'å', 'Ö', 'ß', 'İ', '\u{ad}', '\u{200b}', '\u{30a}', '\u{308}',
            '\u{345}', '\u{344}', '\u{a0}', '\u{a8}', '\u{b4}', '®', '“', '–', 'ﬁ', 'ﷺ', 'ｶ', 'ﾞ',
            '\u{1100}', '\u{1161}', '\u{11a8}', '\u{3131}', '\u{9c7}', '\u{9be}', '½', '\u{fe32}',
            '\u{1fb7}', '\u{149}', 'Ω', '\u{ffa0}', 'ǅ', '\u{3000}', '.', '-',
        ]);
        prop_oneof![
            any::<String>(),
            prop::collection::vec(odd, 0..24).prop_map(String::from_iter),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn folding_twice_changes_nothing(text in texts(), strip: bool) {
            let options = FoldOptions { strip_diacritics: strip };
            let once = Folded::new(&text, options);
            let twice = Folded::new(once.as_str(), options);
            prop_assert_eq!(once.as_str(), twice.as_str());
        }

        #[test]
        fn every_span_lies_on_characters_of_the_original(text in texts(), strip: bool) {
            let folded = Folded::new(&text, FoldOptions { strip_diacritics: strip });
            let ends: Vec<usize> = folded.as_str().char_indices().map(|(n, _)| n)
                .chain([folded.as_str().len()]).collect();
            for (n, &start) in ends.iter().enumerate() {
                for &end in &ends[n..] {
                    let (from, to) = folded.original_span(start, end);
                    prop_assert!(from <= to && text.get(from..to).is_some());
                }
            }
        }
    }
}
