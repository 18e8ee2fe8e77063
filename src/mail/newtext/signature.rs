//! Finds signatures, closings, the marks of mail programs and disclaimers in what is not quoted.
//!
//! Between two quotes each stretch of new text is looked at alone. A closing takes along the names,
//! titles and addresses under it, and stops at the first line that reads like a sentence: a
//! postscript or a question under a signature is text. Thanks stay in the text, for they may be
//! all a mail says.

use std::sync::LazyLock;

use super::block::{SIGNATURE_LINES_MAX, belongs, block_end, is_address, is_mark};
use super::closing::{
    is_bare_closing, is_closing, is_person, is_postscript, is_question, is_signed_name, is_thanks,
};
use super::line::{LOOK_MAX, Part, before, is_blank, is_divider, next, plain, trimmed};
use super::phrases::Phrases;
use super::words;

/// Lines of one paragraph of a disclaimer.
const DISCLAIMER_LINES_MAX: usize = 40;
/// Groups of lines under the text in which an address is looked for without any closing.
const ADDRESS_GROUPS_MAX: usize = 3;

static DEVICE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::DEVICE));
static DISCLAIMER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::DISCLAIMER));
static DISCLAIMER_START: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(words::DISCLAIMER_START));

/// Marks the signatures in every stretch of new text.
pub fn mark(lines: &[&str], parts: &mut [Part]) {
    let mut at = 0;
    let mut written = false;
    while at < parts.len() {
        let is_new = |part: &Part| *part == Part::New;
        let length = parts
            .iter()
            .skip(at)
            .take_while(|part| is_new(part))
            .count();
        if length > 0
            && let (Some(lines), Some(parts)) =
                (lines.get(at..at + length), parts.get_mut(at..at + length))
        {
            written |= mark_stretch(lines, parts, written);
        }
        at += length + 1;
    }
}

/// Marks one stretch; `written` says that text stands above it. Tells whether it holds text.
fn mark_stretch(lines: &[&str], parts: &mut [Part], mut written: bool) -> bool {
    let mut at = 0;
    let mut closed = false;
    while let Some(line) = lines.get(at) {
        if is_blank(line) {
            at += 1;
            continue;
        }
        let found = found(lines, at, written);
        let from = at + usize::from(!matches!(found, Found::Signature(_) | Found::Mark(_)));
        written |= from > at;
        closed |= matches!(found, Found::Signature(_) | Found::Thanks(_));
        let to = match found {
            Found::Nothing => from,
            Found::Signature(to) | Found::Mark(to) | Found::Thanks(to) => to,
        };
        if let Some(range) = parts.get_mut(from..to) {
            range.fill(Part::Signature);
        }
        at = to;
    }
    // An address above a closing is something the writer speaks of.
    if !closed {
        mark_address(lines, parts);
    }
    written
}

/// What begins at a line.
enum Found {
    Nothing,
    /// What a program put there; it ends before this line.
    Mark(usize),
    /// A signature that ends before this line.
    Signature(usize),
    /// Thanks, and under them a signature that ends before this line.
    Thanks(usize),
}

fn found(lines: &[&str], at: usize, written: bool) -> Found {
    let raw = lines.get(at).copied().unwrap_or_default();
    let line = plain(raw);
    if let Some(to) = disclaimer(lines, at, &line) {
        return Found::Mark(to);
    }
    if raw.len() > LOOK_MAX {
        return Found::Nothing;
    }
    if line == "--" && is_delimiter(lines, at, written) {
        return Found::Signature(lines.len());
    }
    if is_device_mark(lines, at, &line) {
        return Found::Mark(at + 1);
    }
    if is_divider(raw) {
        if lines.get(at + 1).is_some_and(|below| is_divider(below)) {
            return Found::Nothing;
        }
        let to = block_end(lines, at + 1);
        let ends = next(lines, to).is_none() && next(lines, at + 1).is_some();
        return if ends && written {
            Found::Signature(lines.len())
        } else {
            Found::Nothing
        };
    }
    if is_signed_name(lines, at, raw) && written {
        let to = block_end(lines, at + 1);
        return if next(lines, to).is_none_or(|n| lines.get(n).is_some_and(|l| is_divider(l))) {
            Found::Signature(to.max(at + 1))
        } else {
            Found::Nothing
        };
    }
    if is_thanks(&line, raw) {
        let to = block_end(lines, at + 1);
        let block = next(lines, at + 1).is_some_and(|n| n < to);
        let ends = next(lines, to)
            .is_none_or(|n| is_postscript(lines.get(n).copied().unwrap_or_default()));
        return if block && ends {
            Found::Thanks(to)
        } else {
            Found::Nothing
        };
    }
    if is_closing(&line, raw) {
        let to = block_end(lines, at + 1).max(at + 1);
        let below = next(lines, to).and_then(|n| lines.get(n));
        // A closing that no name follows and text does is spoken of in the text.
        let signed = to > at + 1 || !is_bare_closing(&line);
        if below.is_none_or(|line| written && (signed || is_postscript(line))) {
            return Found::Signature(to);
        }
    }
    Found::Nothing
}

/// Whether all under the two hyphens is a signature (RFC 3676 §4.3). Many programs lose the space
/// behind them, so what follows must be short and, when nothing stands above, ask nothing.
fn is_delimiter(lines: &[&str], at: usize, written: bool) -> bool {
    let below = || lines.iter().skip(at + 1).take(SIGNATURE_LINES_MAX * 2);
    let count = below().filter(|line| !is_blank(line)).count();
    count <= SIGNATURE_LINES_MAX && (written || !below().any(|line| is_question(line)))
}

/// Where the paragraph ends, if it is a disclaimer.
fn disclaimer(lines: &[&str], at: usize, line: &str) -> Option<usize> {
    let begins = at
        .checked_sub(1)
        .and_then(|n| lines.get(n))
        .is_none_or(|above| is_blank(above) || is_divider(above));
    let line = line.trim_start_matches(['*', '_', '"', '(', ' ']);
    let certain = DISCLAIMER.lead(line).is_some();
    let likely = begins && DISCLAIMER_START.lead(line).is_some();
    if !certain && !likely {
        return None;
    }
    let paragraph = lines.iter().skip(at).take(DISCLAIMER_LINES_MAX);
    let length = paragraph.take_while(|line| !is_blank(line)).count();
    let head: String = lines
        .iter()
        .skip(at)
        .take(length.min(4))
        .map(|line| plain(line) + " ")
        .collect();
    let speaks = words::CONFIDENTIAL
        .split('|')
        .map(str::trim)
        .any(|word| !word.is_empty() && head.contains(word));
    if certain {
        // A banner above the text may have the text right under it.
        let all = length <= 4
            && !lines
                .iter()
                .skip(at + 1)
                .take(length)
                .any(|l| is_question(l));
        return Some(at + if all || speaks { length } else { 1 });
    }
    speaks.then_some(at + length)
}

/// Whether a program put the line there: "Sent from my iPhone".
fn is_device_mark(lines: &[&str], at: usize, line: &str) -> bool {
    const WORDS_MAX: usize = 7;
    let Some(rest) = DEVICE.lead(line.trim_start_matches(['-', '_', '<', '[', ' '])) else {
        return false;
    };
    let rest = rest.split(['<', '[', '(']).next().unwrap_or_default();
    let rest = rest.trim_end_matches(['*', '_', ' ', '>', ']']);
    let count = rest.split_whitespace().count();
    let sentence = rest.contains([',', '?', '!', ':', ';']) || (rest.ends_with('.') && count > 4);
    let alone = lines.get(at + 1).is_none_or(|below| {
        is_blank(below) || is_divider(below) || DEVICE.lead(&plain(below)).is_some()
    });
    count <= WORDS_MAX && !sentence && alone
}

/// Marks an address block at the end that no closing announced: name, perhaps title, telephone.
fn mark_address(lines: &[&str], parts: &mut [Part]) {
    let is_text =
        |n: usize| parts.get(n) == Some(&Part::New) && lines.get(n).is_some_and(|l| !is_blank(l));
    let mut end = lines.len();
    let mut start = None;
    let mut reached = false;
    let mut count = 0;
    for _ in 0..ADDRESS_GROUPS_MAX {
        // Over blank lines and what was found before, to the last group of text.
        while end > 0 && !is_text(end - 1) && count < SIGNATURE_LINES_MAX * 4 {
            end -= 1;
            count += 1;
        }
        let mut first = end;
        while first > 0 && is_text(first - 1) && end - first < SIGNATURE_LINES_MAX {
            first -= 1;
        }
        let group = lines.get(first..end).unwrap_or_default();
        if group.is_empty() || !belongs(group) {
            break;
        }
        reached |= group.iter().any(|line| is_address(line));
        let head = group.iter().find(|line| !is_mark(line));
        if reached && head.is_some_and(|line| is_person(line)) {
            start = Some(first);
        }
        end = first;
    }
    let Some(start) = start else { return };
    let announced = before(lines, start).is_none_or(|above| trimmed(above).ends_with(':'));
    if announced {
        return;
    }
    for (line, part) in lines.iter().zip(parts.iter_mut()).skip(start) {
        if !is_blank(line) {
            *part = Part::Signature;
        }
    }
}
