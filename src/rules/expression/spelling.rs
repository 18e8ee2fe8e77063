//! Texts and expressions spelled so that `\b` costs nothing.
//!
//! A lazy automaton finds word edges between ASCII bytes only and gives up at the first letter
//! beyond them; what then runs is some fifty times slower. Folded text holds no capital ASCII
//! letter, so each common letter beyond ASCII is spelled as one of them: `å` as `A`, `ä` as `B`.
//! All other letters are `Y`, all other digits `Z`; signs stay as they are. In a text spelled so, the edges of
//! ASCII words are the edges of the words.
//!
//! Invariants: one character stays one character; an expression that tells letters apart which
//! are spelled alike is run on a spelled text only when the text holds none of them
//! ([`Reach`]), so that spelling never changes what is found.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

use crate::rules::fold::{FoldOptions, Folded};

/// The letters with a spelling of their own, from `A` on.
const LETTERS: [char; 24] = [
    'å', 'ä', 'ö', 'é', 'ü', 'ø', 'æ', 'è', 'à', 'á', 'í', 'ó', 'ú', 'ñ', 'ç', 'ë', 'ï', 'ê', 'â',
    'ô', 'õ', 'ð', 'þ', 'ý',
];

/// How every other letter beyond ASCII is spelled, and what else is part of a word.
const OTHER_LETTER: char = 'Y';

/// How every digit beyond ASCII is spelled.
const OTHER_DIGIT: char = 'Z';

/// Classes of at most this many characters are looked at one by one.
const SMALL_CLASS: usize = 256;

/// The sets of characters that are spelled alike, and those that come again and again.
struct Alphabet {
    /// `\w`, of which most expressions hold several.
    word: ClassUnicode,
    /// The same, narrowed.
    narrow_word: ClassUnicode,
    capitals: ClassUnicode,
    letters: ClassUnicode,
    digits: ClassUnicode,
    signs: ClassUnicode,
    /// Everything beyond ASCII.
    beyond: ClassUnicode,
}

static ALPHABET: LazyLock<Alphabet> = LazyLock::new(|| {
    let beyond = ClassUnicode::new([ClassUnicodeRange::new('\u{80}', char::MAX)]);
    let own = ClassUnicode::new(LETTERS.map(|c| ClassUnicodeRange::new(c, c)));
    let within = |class: &str| {
        let mut set = beyond.clone();
        set.intersect(&unicode_class(class));
        set
    };
    let digits = within(r"\d");
    let word = within(r"\w");
    let mut letters = word.clone();
    letters.difference(&own);
    letters.difference(&digits);
    let mut signs = beyond.clone();
    signs.difference(&word);
    let capitals = ClassUnicode::new([ClassUnicodeRange::new('A', 'Z')]);
    let whole_word = unicode_class(r"\w");
    let mut narrow_word = whole_word.clone();
    narrow_word.difference(&capitals);
    Alphabet {
        word: whole_word,
        narrow_word,
        capitals,
        letters,
        digits,
        signs,
        beyond,
    }
});

/// The class that `source` stands for.
fn unicode_class(source: &str) -> ClassUnicode {
    let hir = regex_syntax::parse(source).map(Hir::into_kind);
    match hir {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    }
}

/// On which spelled texts an expression finds what it finds on the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// On all.
    All,
    /// On those without letters or digits that are spelled alike.
    OwnLetters,
    /// On none: it asks for edges of ASCII words.
    None,
}

/// A folded text as expressions read it.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Spelling {
    /// Absent where the text is ASCII and so spelled already.
    text: Option<String>,
    /// Behind each character that became shorter: its end in the spelled and in the folded text.
    ends: Vec<(u32, u32)>,
    /// Whether some character is spelled like another.
    alike: bool,
}

impl Spelling {
    /// Spells a folded text of less than 4 GiB.
    pub fn new(folded: &str) -> Self {
        let mut spelling = Self {
            text: None,
            ends: Vec::new(),
            alike: false,
        };
        if folded.is_ascii() {
            return spelling;
        }
        let mut text = String::with_capacity(folded.len());
        for (at, c) in folded.char_indices() {
            let spelled = spelled_char(c);
            spelling.alike |= matches!(spelled, OTHER_LETTER | OTHER_DIGIT);
            text.push(spelled);
            if spelled != c {
                let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
                let end = (narrow(text.len()), narrow(at + c.len_utf8()));
                spelling.ends.push(end);
            }
        }
        spelling.text = Some(text);
        spelling
    }

    /// The spelled text of `folded`, which must be what was spelled.
    pub(super) fn of<'a>(&'a self, folded: &'a str) -> &'a str {
        self.text.as_deref().unwrap_or(folded)
    }

    pub(super) const fn is_within(&self, reach: Reach) -> bool {
        match reach {
            Reach::All => true,
            Reach::OwnLetters => !self.alike,
            Reach::None => false,
        }
    }

    /// The place in the folded text of a place between characters of the spelled one.
    pub(super) fn folded(&self, at: usize) -> usize {
        let n = self
            .ends
            .partition_point(|(spelled, _)| *spelled as usize <= at);
        let end = n.checked_sub(1).and_then(|n| self.ends.get(n));
        end.map_or(at, |&(spelled, folded)| {
            folded as usize + (at - spelled as usize)
        })
    }
}

fn spelled_char(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    if let Some(own) = own_spelling(c) {
        return own;
    }
    if !regex_syntax::is_word_character(c) {
        return c;
    }
    if holds(&ALPHABET.digits, c) {
        OTHER_DIGIT
    } else {
        OTHER_LETTER
    }
}

fn own_spelling(c: char) -> Option<char> {
    ('A'..)
        .zip(LETTERS)
        .find_map(|(own, letter)| (letter == c).then_some(own))
}

fn holds(class: &ClassUnicode, c: char) -> bool {
    class
        .ranges()
        .binary_search_by(|range| {
            if range.end() < c {
                std::cmp::Ordering::Less
            } else if range.start() > c {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

/// The expression without the characters that no folded text holds, such as the capitals that
/// disregard for case adds.
pub(super) fn narrowed(hir: &Hir, options: FoldOptions) -> Hir {
    rebuilt(hir, &mut |leaf| match leaf {
        HirKind::Class(Class::Unicode(class)) if *class == ALPHABET.word => {
            Hir::class(Class::Unicode(ALPHABET.narrow_word.clone()))
        }
        HirKind::Class(class) => {
            let mut class = match class {
                Class::Unicode(class) => class.clone(),
                Class::Bytes(class) => class.to_unicode_class().unwrap_or_else(ClassUnicode::empty),
            };
            if class.iter().map(ClassUnicodeRange::len).sum::<usize>() <= SMALL_CLASS {
                let chars = class.iter().flat_map(|range| range.start()..=range.end());
                let kept = chars.filter(|&c| stays(c, options));
                class = ClassUnicode::new(kept.map(|c| ClassUnicodeRange::new(c, c)));
            }
            class.difference(&ALPHABET.capitals);
            Hir::class(Class::Unicode(class))
        }
        HirKind::Literal(literal) if literal.0.iter().any(u8::is_ascii_uppercase) => Hir::fail(),
        other => leaf_of(other),
    })
}

/// Whether a folded text can hold `c`.
pub(super) fn stays(c: char, options: FoldOptions) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    c.is_ascii_graphic() && !c.is_ascii_uppercase() || Folded::new(text, options).as_str() == text
}

/// A narrowed expression as it reads spelled texts.
pub(super) fn spelled(hir: &Hir) -> (Hir, Reach) {
    let mut reach = Reach::All;
    let hir = rebuilt(hir, &mut |leaf| match leaf {
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            ascii @ (Look::WordAscii
            | Look::WordAsciiNegate
            | Look::WordStartAscii
            | Look::WordEndAscii
            | Look::WordStartHalfAscii
            | Look::WordEndHalfAscii) => {
                reach = Reach::None;
                *ascii
            }
            other => *other,
        }),
        HirKind::Class(Class::Unicode(class)) if *class == ALPHABET.narrow_word => {
            Hir::class(Class::Unicode(SPELLED_WORD.clone()))
        }
        HirKind::Class(Class::Unicode(class)) => {
            let (class, tells_apart) = spelled_class(class);
            if tells_apart && reach == Reach::All {
                reach = Reach::OwnLetters;
            }
            Hir::class(Class::Unicode(class))
        }
        HirKind::Literal(literal) => {
            let text = String::from_utf8_lossy(&literal.0);
            let spelled: String = text.chars().map(spelled_char).collect();
            if spelled.contains([OTHER_LETTER, OTHER_DIGIT]) && reach == Reach::All {
                reach = Reach::OwnLetters;
            }
            Hir::literal(spelled.into_bytes())
        }
        other => leaf_of(other),
    });
    (hir, reach)
}

/// `\w` in spelled texts; it tells nothing apart that is spelled alike.
static SPELLED_WORD: LazyLock<ClassUnicode> =
    LazyLock::new(|| spelled_class(&ALPHABET.narrow_word).0);

/// A class in spelled texts, and whether it tells characters apart that are spelled alike.
fn spelled_class(class: &ClassUnicode) -> (ClassUnicode, bool) {
    let mut spelled = class.clone();
    spelled.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{7f}')]));
    if class
        .ranges()
        .last()
        .is_none_or(|range| range.end().is_ascii())
    {
        return (spelled, false);
    }
    let mut push = |c| spelled.push(ClassUnicodeRange::new(c, c));
    for (own, letter) in ('A'..).zip(LETTERS) {
        if holds(class, letter) {
            push(own);
        }
    }
    let part = |of: &ClassUnicode| {
        let mut part = class.clone();
        part.intersect(of);
        part
    };
    let mut tells_apart = false;
    for (set, alike) in [
        (&ALPHABET.letters, OTHER_LETTER),
        (&ALPHABET.digits, OTHER_DIGIT),
    ] {
        let part = part(set);
        if part == *set {
            push(alike);
        } else if !part.ranges().is_empty() {
            tells_apart = true;
        }
    }
    let signs = part(&ALPHABET.signs);
    // Beyond ASCII a spelled text holds nothing but signs: all of them are one range.
    spelled.union(if signs == ALPHABET.signs {
        &ALPHABET.beyond
    } else {
        &signs
    });
    (spelled, tells_apart)
}

/// The same expression with other leaves.
fn rebuilt(hir: &Hir, leaf: &mut dyn FnMut(&HirKind) -> Hir) -> Hir {
    let mut all = |hirs: &[Hir]| {
        hirs.iter()
            .map(|hir| rebuilt(hir, leaf))
            .collect::<Vec<_>>()
    };
    match hir.kind() {
        HirKind::Concat(hirs) => Hir::concat(all(hirs)),
        HirKind::Alternation(hirs) => Hir::alternation(all(hirs)),
        HirKind::Capture(capture) => rebuilt(&capture.sub, leaf),
        HirKind::Repetition(repetition) => {
            let sub = rebuilt(&repetition.sub, leaf);
            Hir::repetition(repetition.with(sub))
        }
        kind => leaf(kind),
    }
}

/// A leaf as it is.
fn leaf_of(kind: &HirKind) -> Hir {
    match kind {
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(class) => Hir::class(class.clone()),
        HirKind::Look(look) => Hir::look(*look),
        _ => Hir::empty(),
    }
}
