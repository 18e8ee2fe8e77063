//! Finds what was quoted or forwarded.
//!
//! Two ways to quote are told apart. Lines marked with `>` may alternate with answers, so each is
//! judged alone. Below a header block, a separator, or an attribution that no `>` follows,
//! everything up to the end is history.

use std::sync::LazyLock;

use super::line::{LINES_MAX, Part, before, is_blank, is_divider, next, plain, start, trimmed};
use super::phrases::Phrases;
use super::words;

/// Lines over which an attribution may be wrapped.
const ATTRIBUTION_LINES_MAX: usize = 4;
/// Bytes an attribution may have.
const ATTRIBUTION_MAX: usize = 400;
/// Lines over which a header block is looked for.
const HEADER_LINES_MAX: usize = 14;
/// Bytes of the longest label of a header field.
const LABEL_MAX: usize = 40;
/// Blank lines and dividers above a header block that belong to it.
const LEAD_IN_MAX: usize = 4;
/// From this length on a quoted line may have been wrapped by the way, its end left unmarked.
const WRAPPED_FROM: usize = 60;
/// Longest end of such a line.
const WRAPPED_END_MAX: usize = 40;

static FROM: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::FROM));
static SENT: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::SENT));
static TO: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::TO));
static SUBJECT: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::SUBJECT));
static OTHER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::OTHER));
static WROTE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::WROTE));
static MYSELF: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::MYSELF));
static AS_FOLLOWS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::AS_FOLLOWS));
static START: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::ATTRIBUTION_START));
static QUOTING: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::QUOTING));
static CALENDAR: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::CALENDAR));
static SEPARATOR: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::SEPARATOR));
static FORWARD: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::FORWARD_BEGINS));
static ABOVE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::ABOVE_THIS_LINE));

/// Marks every line of history.
pub fn mark(lines: &[&str], parts: &mut [Part]) {
    let mut at = 0;
    while at < lines.len() {
        if is_quote(lines, at) || is_wrapped_end(lines, at) || is_rest_of_quote(parts, at) {
            set(parts, at, at + 1);
            at += 1;
            continue;
        }
        let Some(introduced) = introduction(lines, at) else {
            at += 1;
            continue;
        };
        let from = lead_in(lines, at);
        if next(lines, introduced).is_some_and(|n| is_quote(lines, n)) {
            set(parts, from, introduced);
            at = introduced;
        } else {
            set(parts, from, lines.len());
            return;
        }
    }
}

/// Whether the lines end here for their number and the last one was quoted.
fn is_rest_of_quote(parts: &[Part], at: usize) -> bool {
    at == LINES_MAX && parts.get(at - 1) == Some(&Part::Quoted)
}

fn set(parts: &mut [Part], from: usize, to: usize) {
    if let Some(range) = parts.get_mut(from..to) {
        range.fill(Part::Quoted);
    }
}

/// Where what introduces history at `at` ends, if something does.
fn introduction(lines: &[&str], at: usize) -> Option<usize> {
    if is_separator(lines, at) || is_header_block(lines, at) {
        Some(at + 1)
    } else {
        attribution(lines, at)
    }
}

/// Where the blank lines and dividers above `at` begin.
fn lead_in(lines: &[&str], at: usize) -> usize {
    let head = lines.get(..at).unwrap_or_default();
    let above = head
        .iter()
        .rev()
        .take(LEAD_IN_MAX)
        .take_while(|line| is_blank(line) || is_divider(line))
        .count();
    at - above
}

/// Whether the line is quoted with `>`.
fn is_quote(lines: &[&str], at: usize) -> bool {
    let marked = |n: usize| {
        lines
            .get(n)
            .is_some_and(|line| trimmed(line).starts_with('>'))
    };
    // Mailbox files put a `>` before a line of text that begins with "From ".
    let escaped = || {
        lines.get(at).is_some_and(|line| line.starts_with(">From "))
            && !at.checked_sub(1).is_some_and(marked)
            && !marked(at + 1)
    };
    marked(at) && !escaped()
}

/// Whether the line is the torn-off end of the quoted line above it.
fn is_wrapped_end(lines: &[&str], at: usize) -> bool {
    let Some(above) = at.checked_sub(1) else {
        return false;
    };
    let long = lines
        .get(above)
        .is_some_and(|line| line.len() >= WRAPPED_FROM);
    let line = lines.get(at).map_or("", |line| trimmed(line));
    long && line.len() <= WRAPPED_END_MAX
        && line.starts_with(char::is_lowercase)
        && is_quote(lines, above)
        && is_quote(lines, at + 1)
}

/// Whether a separator stands on the line: "-----Original Message-----" and its like.
fn is_separator(lines: &[&str], at: usize) -> bool {
    let Some(line) = lines.get(at).map(|line| trimmed(line)) else {
        return false;
    };
    if line.len() > 160 {
        return false;
    }
    let is_drawn = |c: char| "-–—_=*~#.: \u{a0}".contains(c);
    let core = line.trim_matches(is_drawn);
    if core.is_empty() {
        return false;
    }
    let drawn = line.chars().filter(|&c| "-–—_=*~#".contains(c)).count() >= 2;
    let core = plain(core);
    if ABOVE.lead(&core).is_some_and(|rest| rest.len() <= 40) {
        return true;
    }
    let tidy = |rest: &str| rest.chars().all(is_drawn);
    let labelled = || {
        let below = next(lines, at + 1).and_then(|n| lines.get(n));
        line.ends_with(':') || below.is_some_and(|line| field(line).is_some())
    };
    if FORWARD.lead(&core).is_some_and(tidy) {
        return drawn || labelled();
    }
    match SEPARATOR.lead(&core) {
        Some(rest) if tidy(rest) => drawn || labelled(),
        // "---- Forwarded by Anna Example on 3 March ----"
        Some(_) => drawn && line.starts_with(['-', '_', '*']),
        None => false,
    }
}

/// A field of the header block above a quoted mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    Sent,
    To,
    Subject,
    Other,
}

/// The field a line begins with, and its value.
fn field(line: &str) -> Option<(Field, &str)> {
    let line = trimmed(line).trim_start_matches(['*', '_', '|', ' ']);
    let head = line
        .get(..line.floor_char_boundary(LABEL_MAX))
        .unwrap_or(line);
    let colon = head.find([':', '\u{ff1a}'])?;
    let (label, value) = line.split_at_checked(colon)?;
    let label = plain(label.trim_end_matches(['*', '_']));
    let value = value.trim_start_matches([':', '\u{ff1a}', '*', '_', '|', ' ', '\u{a0}', '\t']);
    let field = if FROM.has(&label) {
        Field::From
    } else if SENT.has(&label) {
        Field::Sent
    } else if TO.has(&label) {
        Field::To
    } else if SUBJECT.has(&label) {
        Field::Subject
    } else if OTHER.has(&label) {
        Field::Other
    } else {
        return None;
    };
    Some((field, value))
}

/// Whether a header block begins here: three different fields with an author among them, or an
/// author and a date. "From" and "To" alone may be a period or a journey, and so may a "From" with
/// a number behind it.
fn is_header_block(lines: &[&str], at: usize) -> bool {
    let Some((first, value)) = lines.get(at).and_then(|line| field(line)) else {
        return false;
    };
    if first == Field::Other {
        return false;
    }
    if first == Field::From && is_squashed(value) {
        return true;
    }
    let mut seen = Vec::with_capacity(4);
    let mut open = false;
    let mut blank = 0;
    for line in lines.iter().skip(at).take(HEADER_LINES_MAX) {
        if is_blank(line) {
            blank += 1;
            if blank > 1 {
                break;
            }
            continue;
        }
        match field(line) {
            Some((found, value)) => {
                if found == Field::From && value.starts_with(|c: char| c.is_ascii_digit()) {
                    return false;
                }
                if found != Field::Other && !seen.contains(&found) {
                    seen.push(found);
                }
                open = value.is_empty() || value.ends_with([';', ',']) || found == Field::To;
            }
            // A list of recipients runs over lines; in a table the value stands below its label.
            None if open => open = line.ends_with([';', ',']) || start(line).contains('@'),
            None => break,
        }
        blank = 0;
    }
    let dated = |line: &str| line.contains(|c: char| c.is_ascii_digit());
    let has = |field| seen.contains(&field);
    has(Field::From)
        && (seen.len() >= 3
            || (first == Field::From
                && has(Field::Sent)
                && lines.iter().skip(at).take(4).any(|l| dated(start(l)))))
}

/// Whether the other fields follow on the same line, as when line breaks were lost.
fn is_squashed(value: &str) -> bool {
    let value = plain(value);
    let mut sent = false;
    let mut subject = false;
    for (at, _) in value.match_indices(':') {
        let label = value.get(..at).unwrap_or_default();
        let label = label
            .trim_end_matches('*')
            .rsplit([' ', '*'])
            .next()
            .unwrap_or_default();
        sent |= SENT.has(label);
        subject |= SUBJECT.has(label);
    }
    sent && subject
}

/// Where the attribution that begins at `at` ends: "On … Anna wrote:", over one to four lines.
fn attribution(lines: &[&str], at: usize) -> Option<usize> {
    let first = plain(lines.get(at)?);
    let first = first.trim_start_matches(['-', '–', '—', ' ', '"', '\\']);
    let opens = QUOTING.lead(first).is_some() || starts_with_date(first);
    let ends = first.ends_with(':');
    if !opens && !ends {
        return None;
    }
    let mut joined = String::new();
    for (n, line) in lines
        .iter()
        .skip(at)
        .take(ATTRIBUTION_LINES_MAX)
        .enumerate()
    {
        let line = plain(line);
        if line.is_empty() || line.starts_with('>') || joined.len() + line.len() > ATTRIBUTION_MAX {
            break;
        }
        joined.push(' ');
        joined.push_str(&line);
        if !line.trim_end_matches('*').ends_with(':') {
            if opens {
                continue;
            }
            break;
        }
        let end = at + n + 1;
        let quote_follows = next(lines, end).is_some_and(|n| is_quote(lines, n));
        if opens && is_attribution(&joined, quote_follows) {
            return Some(end);
        }
        let named = n == 0 && is_named_attribution(&joined, quote_follows);
        return (named && !goes_on(lines, at)).then_some(end);
    }
    None
}

/// Whether the line above is the start of the same attribution, which was then not taken.
fn goes_on(lines: &[&str], at: usize) -> bool {
    before(lines, at).is_some_and(|line| trimmed(line).ends_with(','))
}

/// Whether the text begins with a date, or with a word and then a date.
fn starts_with_date(text: &str) -> bool {
    let is_dated = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.contains(|c: char| c.is_ascii_digit()) || CALENDAR.has(word)
    };
    match START.lead(text) {
        Some(rest) => rest.split_whitespace().take(4).any(|word| is_dated(&word)),
        None => text.split_whitespace().take(1).any(|word| is_dated(&word)),
    }
}

/// A dated attribution: it says that somebody wrote, and shows a time or an address or what he
/// wrote.
fn is_attribution(text: &str, quote_follows: bool) -> bool {
    let address = text.contains('@') || text.contains('<');
    if QUOTING.lead(text.trim_start()).is_some() {
        return address;
    }
    let timed = text.split_whitespace().any(is_time);
    match tells_who_wrote(text) {
        Some(true) => address || timed || quote_follows,
        Some(false) => false,
        // "2026-03-03 9:12 GMT+01:00 Anna Example <anna@customer.example>:"
        None => {
            timed
                && text.contains('@')
                && text.trim_end_matches(':').trim_end().ends_with(['>', ')'])
        }
    }
}

/// An attribution that begins with a name: "Anna Example skrev:".
fn is_named_attribution(text: &str, quote_follows: bool) -> bool {
    const WORDS_MAX: usize = 16;
    text.split_whitespace().count() <= WORDS_MAX
        && tells_who_wrote(text) == Some(true)
        && (text.contains('@') || quote_follows || text.split_whitespace().any(is_time))
}

/// Whether somebody else than the writer wrote; `None` when nobody is said to have.
fn tells_who_wrote(text: &str) -> Option<bool> {
    let words: Vec<_> = text
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .collect();
    let at = words.iter().position(|word| WROTE.has(word))?;
    let near = |n: Option<usize>| n.and_then(|n| words.get(n)).copied().unwrap_or_default();
    let next_to = [near(at.checked_sub(1)), near(at.checked_add(1))];
    let myself = next_to.iter().any(|word| MYSELF.has(word));
    let announces = words.iter().skip(at + 1).any(|word| AS_FOLLOWS.has(word));
    Some(!myself && !announces)
}

/// Whether the word is a time of day: `09:12`, `9.12`, `09:12:11`, `9h12`.
fn is_time(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let Some(at) = word.find([':', '.', 'h']) else {
        return false;
    };
    let (hour, rest) = word.split_at_checked(at).unwrap_or_default();
    let minute: String = rest
        .chars()
        .skip(1)
        .take_while(char::is_ascii_digit)
        .collect();
    let behind = rest.chars().nth(3);
    (1..=2).contains(&hour.len())
        && hour.bytes().all(|b| b.is_ascii_digit())
        && minute.len() == 2
        && behind.is_none_or(|c| c == ':' || c.is_alphabetic())
}
