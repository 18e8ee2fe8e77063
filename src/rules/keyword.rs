//! The operator's keyword: what may be written, and what it matches.
//!
//! | written | matches |
//! |---|---|
//! | `faktura` | the word; upper or lower case |
//! | `glömt lösenord` | the phrase, with any white space between its words |
//! | `licens*` | words that begin so |
//! | `*faktura` | words that end so |
//! | `*konto*` | words that hold it |
//! | `~synkronisering` | the word, also with one slip: a letter too many, too few, another, or two exchanged |
//! | `~synkronisering*` | words that begin so |
//! | `/fel(kod)? \d+/` | a regular expression (crate `regex`), without regard to case |
//!
//! A word's edge is where letters, digits and `_` end; a side of a keyword that is itself no
//! letter or digit (`c++`) needs no edge. Regular expressions see the folded text: one line, one
//! space at a time, plain quotes and dashes, `ss` for `ß`, at most its first 64 KiB; `^` and `$` are
//! that line's beginning and end.
//! In a rule with `stem` a word, and each word of a phrase, also stands for the other words of its
//! stem: see [`super::rule::RuleDraft`].
//! In a rule, `@name` stands for the keywords of a list; the configuration puts them in its place.

use std::fmt;
use std::sync::Arc;

use super::expression::Expression;
pub use super::expression::REGEX_MAX;
use super::fold::{FoldOptions, folded_keyword};
use super::stems::STEM_CHARS_MIN;
use super::typo::{Forgiven, TYPO_CHARS_MAX, TYPO_CHARS_MIN};
use crate::domain::language::Language;

/// Longest keyword that is no regular expression, in bytes.
pub const KEYWORD_MAX: usize = 200;

/// One keyword of a rule, parsed.
#[derive(Debug, Clone)]
pub struct Keyword {
    text: Arc<str>,
    pattern: Pattern,
}

/// What a keyword looks for.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// A word or phrase, not yet folded.
    Literal(Literal),
    /// A regular expression between slashes.
    Regex {
        /// Without the slashes.
        source: Arc<str>,
        /// As it matches when diacritics are kept.
        expression: Arc<Expression>,
    },
}

/// A word or phrase and whether its word may go on beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    /// Without its stars.
    pub core: String,
    /// The word may begin before it.
    pub open_start: bool,
    /// The word may go on behind it.
    pub open_end: bool,
    /// One slip is forgiven.
    pub forgiving: bool,
}

impl Literal {
    /// Whether it is a word or phrase with no star and no `~`.
    pub const fn is_plain(&self) -> bool {
        !self.open_start && !self.open_end && !self.forgiving
    }
}

/// Why a text is no keyword.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeywordFault {
    /// Nothing is written.
    #[error("the keyword is empty; write a word, or take it out")]
    Empty,
    /// Only characters that folding drops.
    #[error("the keyword holds only invisible characters; type it anew")]
    Invisible,
    /// Above [`KEYWORD_MAX`] or [`REGEX_MAX`].
    #[error("the keyword has {bytes} bytes, at most {limit} are taken; split it")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// What is taken.
        limit: usize,
    },
    /// `*` alone.
    #[error("the keyword is only `*` and would match every word; write letters beside it")]
    OnlyWildcard,
    /// `a*b`.
    #[error(
        "`*` at character {at} stands inside the keyword; it may only be first or last: use two \
         keywords under `all`, or a regular expression such as `/{hint}/`"
    )]
    WildcardInside {
        /// Which character, counted from 1.
        at: usize,
        /// A regular expression that says the same.
        hint: String,
    },
    /// `faktura *`.
    #[error("`*` must touch a letter: write `{hint}` without the space")]
    WildcardApart {
        /// How it is written.
        hint: String,
    },
    /// `/…` without its second slash.
    #[error("a keyword that begins with `/` is a regular expression and must end with `/` too")]
    UnclosedRegex,
    /// The crate `regex-syntax` refuses it.
    #[error("the regular expression is not valid{}: {what}", at.map(|at| format!(" at character {at}")).unwrap_or_default())]
    BadRegex {
        /// Which character of the expression, counted from 1 without the slash.
        at: Option<usize>,
        /// What is wrong.
        what: String,
    },
    /// It would compile to too much.
    #[error(
        "the regular expression has {steps} steps with its repetitions written out, at most {limit} \
         are taken; lower its counted repetitions"
    )]
    RegexTooBig {
        /// How many it has, counted from above.
        steps: usize,
        /// What is allowed.
        limit: usize,
    },
    /// It would match between any two characters.
    #[error(
        "the regular expression matches the empty text and so every message; ask for at least one character"
    )]
    MatchesEmpty,
    /// `~` before what is no single word.
    #[error(
        "`~` forgives a slip in a single word, and nothing may stand open before it; write `~word` or \
         `~word*`"
    )]
    ForgivingForm,
    /// `~` before a word too short or too long.
    #[error(
        "`~` takes words of {TYPO_CHARS_MIN} to {TYPO_CHARS_MAX} letters, this one has {chars}: write it \
         without `~`{}", if *chars < TYPO_CHARS_MIN { ", one slip would make other words of it" } else { "" }
    )]
    ForgivingLength {
        /// How many it has.
        chars: usize,
    },
    /// A word of which too little is left without its ending.
    #[error(
        "its stem in {} is `{stem}`, too short to tell words apart ({STEM_CHARS_MIN} letters are \
         needed); write it in a rule without `stem`", language.name()
    )]
    ShortStem {
        /// What is left.
        stem: String,
        /// In which language.
        language: Language,
    },
    /// `@name` where there are no lists.
    #[error(
        "{name:?} would be a list of keywords, which only rules can use; an address has a dot in it"
    )]
    List {
        /// As written.
        name: String,
    },
}

impl Keyword {
    /// Parses what the operator wrote; white space around it does not count.
    pub fn parse(text: &str) -> Result<Self, KeywordFault> {
        let text = text.trim();
        let pattern = match text.chars().next() {
            None => return Err(KeywordFault::Empty),
            Some('/') => regex_of(text)?,
            Some('~') => Pattern::Literal(forgiving_of(text)?),
            Some('@') if Self::list_name(text).is_some() => {
                return Err(KeywordFault::List { name: text.into() });
            }
            Some(_) => Pattern::Literal(literal_of(text)?),
        };
        Ok(Self {
            text: text.into(),
            pattern,
        })
    }

    /// The name of the list that a text stands for, if it does: `@example.com` is a fair keyword
    /// for a sender, a list's name has no dot.
    pub fn list_name(text: &str) -> Option<&str> {
        let name = text.trim().strip_prefix('@')?;
        (!name.contains('.')).then_some(name)
    }

    /// As the operator wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a regular expression.
    pub const fn is_regex(&self) -> bool {
        matches!(self.pattern, Pattern::Regex { .. })
    }

    /// Whether it is a regular expression of whose matches no text is known that they must hold,
    /// so that it is run on every message.
    pub fn always_runs(&self) -> bool {
        match &self.pattern {
            Pattern::Regex { expression, .. } => expression.required().is_empty(),
            Pattern::Literal(_) => false,
        }
    }

    /// How many steps a regular expression has with its repetitions written out; 0 for a word.
    pub fn steps(&self) -> usize {
        match &self.pattern {
            Pattern::Regex { expression, .. } => expression.steps(),
            Pattern::Literal(_) => 0,
        }
    }

    pub(super) const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Keyword {}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Keyword {
    type Err = KeywordFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn literal_of(text: &str) -> Result<Literal, KeywordFault> {
    if text.is_empty() {
        return Err(KeywordFault::Empty);
    }
    if text.len() > KEYWORD_MAX {
        return Err(KeywordFault::TooLong {
            bytes: text.len(),
            limit: KEYWORD_MAX,
        });
    }
    if text.chars().all(|c| c == '*' || c.is_whitespace()) {
        return Err(KeywordFault::OnlyWildcard);
    }
    let core = text.strip_prefix('*').unwrap_or(text);
    let open_start = core.len() < text.len();
    let (core, open_end) = match core.strip_suffix('*') {
        Some(core) => (core, true),
        None => (core, false),
    };
    if let Some(byte) = core.find('*') {
        let at = usize::from(open_start) + core[..byte].chars().count() + 1;
        let hint = regex_syntax::escape(core).replace(r"\*", r"\w*");
        return Err(KeywordFault::WildcardInside { at, hint });
    }
    if core.trim().len() < core.len() {
        let star = |open| if open { "*" } else { "" };
        let hint = format!("{}{}{}", star(open_start), core.trim(), star(open_end));
        return Err(KeywordFault::WildcardApart { hint });
    }
    if folded_keyword(core, FoldOptions::default()).is_empty() {
        return Err(KeywordFault::Invisible);
    }
    Ok(Literal {
        core: core.to_owned(),
        open_start,
        open_end,
        forgiving: false,
    })
}

fn forgiving_of(text: &str) -> Result<Literal, KeywordFault> {
    let mut literal = literal_of(text.trim_start_matches('~').trim_start())?;
    literal.forgiving = true;
    let folded = folded_keyword(&literal.core, FoldOptions::default());
    let chars = folded.chars().count();
    if literal.open_start || !Forgiven::is_word(&folded) {
        return Err(KeywordFault::ForgivingForm);
    }
    if !(TYPO_CHARS_MIN..=TYPO_CHARS_MAX).contains(&chars) {
        return Err(KeywordFault::ForgivingLength { chars });
    }
    Ok(literal)
}

fn regex_of(text: &str) -> Result<Pattern, KeywordFault> {
    let source = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .ok_or(KeywordFault::UnclosedRegex)?;
    let expression = Expression::parse(source, FoldOptions::default())?;
    Ok(Pattern::Regex {
        source: source.into(),
        expression: Arc::new(expression),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_as_it_is_meant() {
        for (text, core, open_start, open_end, forgiving) in [
            ("faktura", "faktura", false, false, false),
            (
                "  glömt   lösenord ",
                "glömt   lösenord",
                false,
                false,
                false,
            ),
            ("licens*", "licens", false, true, false),
            ("*faktura", "faktura", true, false, false),
            ("*konto*", "konto", true, true, false),
            ("@example.com", "@example.com", false, false, false),
            ("~synkronisering", "synkronisering", false, false, true),
            ("~Återbetalning*", "Återbetalning", false, true, true),
        ] {
            let keyword = Keyword::parse(text).expect(text);
            let Pattern::Literal(literal) = keyword.pattern() else {
                panic!("{text} is no literal");
            };
            let wanted = Literal {
                core: core.to_owned(),
                open_start,
                open_end,
                forgiving,
            };
            assert_eq!(literal, &wanted, "{text}");
        }
        assert!(
            Keyword::parse("/fel(kod)? \\d+/")
                .expect("a regex")
                .is_regex()
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_a_way_out() {
        let long = "a".repeat(KEYWORD_MAX + 1);
        for (text, message) in [
            ("", "the keyword is empty"),
            (" \t", "the keyword is empty"),
            ("//", "the keyword is empty"),
            ("\u{ad}\u{200b}", "only invisible characters"),
            (&long, "201 bytes, at most 200"),
            ("*", "only `*`"),
            ("**", "only `*`"),
            (
                "a*b",
                "`*` at character 2 stands inside the keyword; it may only be first or last: use two keywords under `all`, or a regular expression such as `/a\\w*b/`",
            ),
            ("**konto", "`*` at character 2"),
            ("faktura *", "write `faktura*`"),
            ("/faktura", "must end with `/`"),
            ("/", "must end with `/`"),
            ("/åå(b/", "not valid at character 3: unclosed group"),
            (
                "/a{1000}{1000}{1000}/",
                "steps with its repetitions written out",
            ),
            ("/x*/", "matches the empty text"),
            ("~faktura", "words of 8 to 40 letters, this one has 7"),
            ("~", "the keyword is empty"),
            ("~*synkronisering", "write `~word` or `~word*`"),
            ("~glömt lösenord", "a single word"),
            ("~/synk+/", "a single word"),
            ("@driftord", "which only rules can use"),
        ] {
            let fault = Keyword::parse(text).expect_err(text).to_string();
            assert!(fault.contains(message), "{text:?}: {fault}");
        }
    }
}
