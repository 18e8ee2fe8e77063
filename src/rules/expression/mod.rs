//! A keyword that is a regular expression: read at once, compiled when a message first needs it.
//!
//! [`Expression::parse`] tells every fault of syntax and of size. [`literals`] finds texts of which
//! each match holds at least one; the keyword automaton looks for them, and only where one stands
//! is the expression run. [`spelling`] lets it run on a text whose word edges a lazy automaton can
//! see, which `\b` beside `å` otherwise denies it.
//!
//! Invariants: hits are those of the crate `regex` on the folded text, without regard to case
//! (`tests` compares them); a search takes time linear in the text; an expression that is read
//! also compiles, to a bounded [`size`].

mod literals;
mod size;
mod spelling;

use std::sync::OnceLock;

use regex_automata::meta;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::fold::FoldOptions;
use super::keyword::KeywordFault;
use super::zone::FoldedZone;
pub(super) use literals::Required;
use size::COMPILED_MAX;
pub(super) use size::STEPS_MAX;
pub(super) use spelling::Spelling;
use spelling::{Reach, narrowed, spelled};

/// Longest regular expression, in bytes without its slashes.
pub const REGEX_MAX: usize = 1_000;

/// Deepest nesting within a regular expression.
const NEST_MAX: u32 = 50;

/// Most bytes of an expression's lazy automaton, for each thread that runs it.
const CACHE_MAX: usize = 256 * 1024;

/// Regular expressions look at this many bytes of a folded text: they cost more than keywords,
/// and a request stands at its beginning.
const TEXT_MAX: usize = 64 * 1024;

/// A regular expression over folded texts. What its syntax means is not kept: sets of letters are
/// large, and most expressions never meet a text that could match.
#[derive(Debug)]
pub(super) struct Expression {
    source: Box<str>,
    options: FoldOptions,
    steps: usize,
    /// Each match holds one of these; empty where no such texts are known.
    required: Vec<Required>,
    /// For folded texts, once it was needed.
    plain: OnceLock<Compiled>,
    /// For spelled texts and on which of them, once it was needed.
    fast: OnceLock<(Compiled, Reach)>,
}

/// `None` when it does not compile, which the bound on its size rules out, or must not be run.
type Compiled = Option<meta::Regex>;

impl Expression {
    /// Reads `source`, which stands between the slashes, for texts folded with `options`.
    pub fn parse(source: &str, options: FoldOptions) -> Result<Self, KeywordFault> {
        if source.is_empty() {
            return Err(KeywordFault::Empty);
        }
        if source.len() > REGEX_MAX {
            return Err(KeywordFault::TooLong {
                bytes: source.len(),
                limit: REGEX_MAX,
            });
        }
        let hir = read(source)?;
        if matches_empty(&hir) {
            return Err(KeywordFault::MatchesEmpty);
        }
        let hir = narrowed(&hir, options);
        let steps = size::steps(&hir);
        if steps > STEPS_MAX {
            return Err(KeywordFault::RegexTooBig {
                steps,
                limit: STEPS_MAX,
            });
        }
        Ok(Self {
            source: source.into(),
            options,
            steps,
            required: literals::required(&hir),
            plain: OnceLock::new(),
            fast: OnceLock::new(),
        })
    }

    /// How many steps it has with its repetitions written out.
    pub const fn steps(&self) -> usize {
        self.steps
    }

    fn narrowed(&self) -> Option<Hir> {
        Some(narrowed(&read(&self.source).ok()?, self.options))
    }

    fn plain(&self) -> Option<&meta::Regex> {
        let compiled = || compile(&self.narrowed()?);
        self.plain.get_or_init(compiled).as_ref()
    }

    fn fast(&self) -> (Option<&meta::Regex>, Reach) {
        let compiled = || match self.narrowed().as_ref().map(spelled) {
            Some((hir, reach)) if reach != Reach::None => (compile(&hir), reach),
            _ => (None, Reach::None),
        };
        let (regex, reach) = self.fast.get_or_init(compiled);
        (regex.as_ref(), *reach)
    }

    /// Texts of which each match holds at least one; none where it must always be run.
    pub fn required(&self) -> &[Required] {
        &self.required
    }

    /// Its first `most` matches in the beginning of a folded text, as byte offsets; empty ones
    /// are left out.
    pub fn find(&self, zone: &FoldedZone<'_>, most: usize) -> Vec<(usize, usize)> {
        let seen = seen(zone.folded());
        let spelling = zone.spelling();
        let (regex, reach) = self.fast();
        let fast = spelling.is_within(reach);
        let (regex, text) = if fast {
            (regex, spelling.of(seen))
        } else {
            (self.plain(), seen)
        };
        let place = |at| if fast { spelling.folded(at) } else { at };
        let found = regex.into_iter().flat_map(|regex| regex.find_iter(text));
        found
            .filter(|found| !found.is_empty())
            .take(most)
            .map(|found| (place(found.start()), place(found.end())))
            .collect()
    }
}

/// What expressions see of a folded text.
pub(super) fn seen(folded: &str) -> &str {
    &folded[..folded.floor_char_boundary(TEXT_MAX)]
}

fn read(source: &str) -> Result<Hir, KeywordFault> {
    ParserBuilder::new()
        .case_insensitive(true)
        .nest_limit(NEST_MAX)
        .build()
        .parse(source)
        .map_err(|error| syntax_fault(&error))
}

fn compile(hir: &Hir) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .which_captures(WhichCaptures::Implicit)
        .nfa_size_limit(Some(COMPILED_MAX))
        .hybrid_cache_capacity(CACHE_MAX);
    meta::Builder::new()
        .configure(config)
        .build_from_hir(hir)
        .ok()
}

/// Whether the empty text is a match.
fn matches_empty(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => !matches!(
            look,
            Look::WordAscii
                | Look::WordUnicode
                | Look::WordStartAscii
                | Look::WordEndAscii
                | Look::WordStartUnicode
                | Look::WordEndUnicode
        ),
        HirKind::Repetition(repetition) => repetition.min == 0 || matches_empty(&repetition.sub),
        HirKind::Capture(capture) => matches_empty(&capture.sub),
        HirKind::Concat(hirs) => hirs.iter().all(matches_empty),
        HirKind::Alternation(hirs) => hirs.iter().any(matches_empty),
    }
}

fn syntax_fault(error: &regex_syntax::Error) -> KeywordFault {
    let (span, what) = match error {
        regex_syntax::Error::Parse(error) => (Some(error.span()), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (Some(error.span()), error.kind().to_string()),
        other => (None, other.to_string()),
    };
    KeywordFault::BadRegex {
        at: span.map(|span| span.start.column),
        what,
    }
}

#[cfg(test)]
mod tests;
