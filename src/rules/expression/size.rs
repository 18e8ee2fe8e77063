//! How large an expression becomes once compiled, known without compiling it.
//!
//! A step is one byte that the compiled expression can ask for next, with its repetitions written
//! out as the compiler does. Steps are counted from above, so that an expression of at most
//! [`STEPS_MAX`] always compiles to fewer than [`COMPILED_MAX`] bytes.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

/// Most steps of an expression; `\w` has some 4,000, a letter one.
pub const STEPS_MAX: usize = 120_000;

/// Most bytes a step becomes: a state, its transition and its place in a choice.
const STEP_BYTES: usize = 64;

/// Most bytes of each automaton of a compiled expression.
pub(super) const COMPILED_MAX: usize = STEPS_MAX * STEP_BYTES;

/// No fewer than the steps of an expression.
pub(super) fn steps(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .copied()
            .map(steps_of_range)
            .fold(1, usize::saturating_add),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            steps(&repetition.sub)
                .saturating_add(2)
                .saturating_mul(times.max(1) as usize)
        }
        HirKind::Capture(capture) => steps(&capture.sub).saturating_add(2),
        HirKind::Concat(hirs) | HirKind::Alternation(hirs) => hirs
            .iter()
            .map(|hir| steps(hir).saturating_add(1))
            .fold(1, usize::saturating_add),
    }
}

/// UTF-8 splits a range into sequences of byte ranges: one where only the last byte differs, two
/// more for each byte before it that does.
fn steps_of_range(range: ClassUnicodeRange) -> usize {
    const LAST_OF_LENGTH: [u32; 4] = [0x7f, 0x7ff, 0xffff, 0x10_ffff];
    let (start, end) = (u32::from(range.start()), u32::from(range.end()));
    let mut from = start;
    let mut steps = 0;
    for (bytes, last) in (1..).zip(LAST_OF_LENGTH) {
        if from <= end && from <= last {
            let to = end.min(last);
            let differing = (0..bytes).filter(|n| (from ^ to) >> (6 * n) != 0).count();
            steps += bytes * (2 * differing).saturating_sub(1).max(1);
            from = last + 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::utf8::Utf8Sequences;

    #[test]
    fn no_class_has_more_steps_than_counted() {
        for class in [
            r"\w",
            r"\W",
            r"\d",
            r"\s",
            r"\S",
            ".",
            "[a-z]",
            "[å-ö]",
            "[^å]",
            r"\pL",
            r"\p{Greek}",
            r"[\x{7f}-\x{80}]",
            r"[\x{7ff}-\x{10000}]",
            r"[\x{d7ff}-\x{e000}]",
        ] {
            let hir = regex_syntax::parse(class).expect(class);
            let HirKind::Class(Class::Unicode(ranges)) = hir.kind() else {
                panic!("{class} is no class");
            };
            for range in ranges.iter() {
                let exact: usize = Utf8Sequences::new(range.start(), range.end())
                    .map(|sequence| sequence.len())
                    .sum();
                let counted = steps_of_range(*range);
                assert!(exact <= counted, "{class} {range:?}: {exact} and {counted}");
            }
            assert!(steps(&hir) < STEPS_MAX / 25, "{class}: {}", steps(&hir));
        }
    }
}
