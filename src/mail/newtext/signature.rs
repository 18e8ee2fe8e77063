//! Finds signatures, closings, the marks of mail programs and disclaimers in what is not quoted.
//!
//! Between two quotes each stretch of new text is looked at alone. A closing takes along the names,
//! titles and addresses under it, and stops at the first line that reads like a sentence: a
//! postscript or a question under a signature is text. Thanks stay in the text, for they may be
//! all a mail says.

use std::sync::LazyLock;

use super::line::{LOOK_MAX, Part, before, is_blank, is_divider, next, plain, start, trimmed};
use super::phrases::Phrases;
use super::words;

/// Lines with text that one signature has, at most.
const SIGNATURE_LINES_MAX: usize = 24;
/// Blank lines in a row within one signature.
const GAP_MAX: usize = 6;
/// Lines of one paragraph of a disclaimer.
const DISCLAIMER_LINES_MAX: usize = 40;
/// Bytes of a line of a signature.
const LINE_LENGTH_MAX: usize = 120;
/// Groups of lines under the text in which an address is looked for without any closing.
const ADDRESS_GROUPS_MAX: usize = 3;

static DEVICE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::DEVICE));
static CLOSING: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::CLOSING));
static THANKS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::THANKS));
static DISCLAIMER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::DISCLAIMER));
static DISCLAIMER_START: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(words::DISCLAIMER_START));
static CONTACT: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::CONTACT));
static POSTSCRIPT: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::POSTSCRIPT));
static SENTENCE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::SENTENCE_START));

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

/// Whether the line asks something.
pub fn is_question(line: &str) -> bool {
    start(line)
        .split_whitespace()
        .any(|word| word.ends_with('?'))
}

/// Marks one stretch; `written` says that text stands above it. Tells whether it holds text.
fn mark_stretch(lines: &[&str], parts: &mut [Part], mut written: bool) -> bool {
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if is_blank(line) {
            at += 1;
            continue;
        }
        let found = found(lines, at, written);
        let (from, to) = match found {
            Found::Nothing => {
                written = true;
                at += 1;
                continue;
            }
            Found::Signature(to) => (at, to),
            Found::Thanks(to) => {
                written = true;
                (at + 1, to)
            }
        };
        if let Some(range) = parts.get_mut(from..to) {
            range.fill(Part::Signature);
        }
        at = to;
    }
    mark_address(lines, parts);
    written
}

/// What begins at a line.
enum Found {
    Nothing,
    /// A signature that ends before this line.
    Signature(usize),
    /// Thanks, and under them a signature that ends before this line.
    Thanks(usize),
}

fn found(lines: &[&str], at: usize, written: bool) -> Found {
    let raw = lines.get(at).copied().unwrap_or_default();
    let line = plain(raw);
    if let Some(to) = disclaimer(lines, at, &line) {
        return Found::Signature(to);
    }
    if raw.len() > LOOK_MAX {
        return Found::Nothing;
    }
    if matches!(line.as_str(), "--" | "—" | "––") {
        // RFC 3676 §4.3 has a space behind the hyphens; without it a rule may be meant.
        let exact = raw.starts_with("-- ") || raw == "--";
        let lines_below = lines.iter().skip(at + 1).take(SIGNATURE_LINES_MAX * 2);
        let short = lines_below.filter(|line| !is_blank(line)).count() <= SIGNATURE_LINES_MAX;
        let asks = lines
            .iter()
            .skip(at + 1)
            .take(SIGNATURE_LINES_MAX * 2)
            .any(|l| is_question(l));
        if exact && short && (written || !asks) {
            return Found::Signature(lines.len());
        }
    }
    if is_device_mark(lines, at, &line) {
        return Found::Signature(at + 1);
    }
    if is_divider(raw) {
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
        return if written || next(lines, to).is_none() {
            Found::Signature(to)
        } else {
            Found::Nothing
        };
    }
    Found::Nothing
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

/// Whether the writer put a name under the text after a slash or a dash: "/Anna".
fn is_signed_name(lines: &[&str], at: usize, raw: &str) -> bool {
    let line = trimmed(raw);
    let name = line.trim_start_matches(['/', '-', '–', '—', '~']);
    if name.len() == line.len() || name.len() > 40 {
        return false;
    }
    // A hyphen with a space behind it, or with others above, begins an item of a list.
    let listed = line.starts_with('-')
        && (name.starts_with(' ') && !line.starts_with("--")
            || before(lines, at).is_some_and(|above| trimmed(above).starts_with('-')));
    !listed && is_name(name, 3)
}

/// Whether the text is one to `words_max` capitalised words.
fn is_name(text: &str, words_max: usize) -> bool {
    let mut count = 0;
    text.split_whitespace().all(|word| {
        count += 1;
        word.starts_with(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || "-.'’,&".contains(c))
    }) && (1..=words_max).contains(&count)
}

fn tidy(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric() && c != '?')
}

/// Whether the line closes the letter, perhaps with the name behind.
fn is_closing(line: &str, raw: &str) -> bool {
    closes(
        &CLOSING,
        line.trim_start_matches(|c: char| !c.is_alphanumeric()),
        raw,
    )
}

/// Whether the line thanks and does nothing else.
fn is_thanks(line: &str, raw: &str) -> bool {
    closes(&THANKS, line, raw)
}

fn closes(phrases: &Phrases, line: &str, raw: &str) -> bool {
    const NAME_WORDS_MAX: usize = 4;
    let Some(rest) = phrases.lead(line).map(tidy) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    if CLOSING.lead(rest).is_some_and(|rest| tidy(rest).is_empty()) {
        return true;
    }
    // The name is looked at as it was written: sentences go on in small letters.
    let count = rest.split_whitespace().count();
    if count > NAME_WORDS_MAX || rest.contains('?') {
        return false;
    }
    let particles = [
        "från", "from", "fra", "von", "de", "på", "och", "and", "&", "/", "|", "genom",
    ];
    raw.split_whitespace().rev().take(count).all(|word| {
        word.starts_with(char::is_uppercase) || particles.contains(&word) || tidy(word).is_empty()
    })
}

/// Whether the line begins a postscript.
fn is_postscript(line: &str) -> bool {
    let line = plain(line);
    POSTSCRIPT
        .lead(&line)
        .is_some_and(|rest| rest.starts_with([':', '.', '!', ' ', ',', '-']) || rest.is_empty())
}

/// Where the block of names, titles and addresses that begins at `from` ends.
fn block_end(lines: &[&str], from: usize) -> usize {
    let mut end = from;
    let mut at = from;
    let mut count = 0;
    let mut groups = 0;
    let mut address = false;
    while count < SIGNATURE_LINES_MAX {
        let gap = lines
            .iter()
            .skip(at)
            .take_while(|line| is_blank(line))
            .take(GAP_MAX + 1)
            .count();
        at += gap;
        if gap > GAP_MAX || at >= lines.len() {
            break;
        }
        let length = lines
            .iter()
            .skip(at)
            .take(SIGNATURE_LINES_MAX)
            .take_while(|line| !is_blank(line))
            .count();
        let group = lines.get(at..at + length).unwrap_or_default();
        let fitting = if groups == 0 {
            group.iter().take_while(|line| fits_first(line)).count()
        } else if group.iter().all(|line| fits_later(line)) || (address && is_slogan(group)) {
            length
        } else {
            0
        };
        address |= group.iter().take(fitting).any(|line| is_address(line));
        if fitting > 0 {
            end = at + fitting;
        }
        if fitting < length {
            break;
        }
        at += length;
        count += length;
        groups += 1;
    }
    end
}

/// Whether a line right under a closing belongs to it.
fn fits_first(line: &str) -> bool {
    is_address(line) || is_mark(line) || is_title(line, 6, 3)
}

/// Whether a line further down belongs to it still.
fn fits_later(line: &str) -> bool {
    is_address(line) || is_mark(line) || is_title(line, 6, 1)
}

/// What stands in signatures beside words: rules, pictures, links, marks of programs.
fn is_mark(line: &str) -> bool {
    let text = trimmed(line);
    let wrapped = |open, close| text.starts_with(open) && text.ends_with(close);
    let plain = plain(text);
    is_divider(text)
        || (text.len() <= LOOK_MAX && (wrapped('[', ']') || wrapped('<', '>')))
        || text.chars().all(|c| !c.is_alphanumeric() && c != '?')
        || (text.len() <= LINE_LENGTH_MAX
            && !is_question(text)
            && (DEVICE.lead(&plain).is_some() || is_closing(&plain, text)))
}

/// Whether the line is a name or a title: few words, no sentence. At most `small_max` words that
/// all begin with small letters, else half of them with capitals.
fn is_title(line: &str, words_max: usize, small_max: usize) -> bool {
    let text = trimmed(line);
    if text.len() > LINE_LENGTH_MAX || text.contains(['?', '!', '@']) || text.contains(": ") {
        return false;
    }
    if text.starts_with(['-', '*', '•', '>', '#'])
        && !text.starts_with("--")
        && !text.starts_with('*')
    {
        return false;
    }
    let plain = plain(text);
    let words: Vec<_> = text
        .split(|c: char| c.is_whitespace() || "|/,•·".contains(c))
        .filter(|w| !w.is_empty())
        .collect();
    let first = plain
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .find(|word| !word.is_empty());
    let sentence = text.ends_with('.') && words.len() > 3 || text.ends_with(':');
    if words.is_empty()
        || words.len() > words_max
        || sentence
        || is_postscript(line)
        || (words.len() > 1 && first.is_some_and(|word| SENTENCE.has(word)))
    {
        return false;
    }
    let capitals = words
        .iter()
        .filter(|w| w.starts_with(|c: char| !c.is_lowercase()))
        .count();
    capitals * 2 >= words.len() || words.len() <= small_max
}

/// Whether the line tells how somebody is reached.
fn is_address(line: &str) -> bool {
    const WORDS_MAX: usize = 14;
    let text = trimmed(line);
    if text.len() > LINE_LENGTH_MAX * 2
        || is_question(text)
        || text.split_whitespace().count() > WORDS_MAX
    {
        return false;
    }
    let plain = plain(text);
    let labelled = CONTACT.lead(&plain).is_some_and(|rest| {
        rest.trim_start().starts_with([':', '.', '+', '|', '/'])
            || rest.trim_start().starts_with(|c: char| c.is_ascii_digit())
    });
    let linked = ["www.", "http://", "https://"]
        .iter()
        .any(|mark| plain.contains(mark));
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let mailed = text.contains('@');
    let few = text.split_whitespace().count() <= 6;
    labelled
        || ((linked || mailed) && few)
        || (has_phone(text) && letters <= 40)
        || (is_postal(text) && few)
}

/// Whether a telephone number stands in the text: eight digits or more, begun by `+` or `0`.
fn has_phone(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || " +-–()/.\u{a0}".contains(c);
    text.split(|c| !is_part(c)).any(|run| {
        let run = run.trim_start_matches([' ', '(', '-', '/', '.']);
        run.starts_with(['+', '0']) && run.chars().filter(char::is_ascii_digit).count() >= 7
    })
}

/// Whether a postal code with a town stands in the text, or a street with its number.
fn is_postal(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let words = text.split_whitespace().count();
    (1..=9).contains(&digits)
        && words >= 2
        && !text.ends_with(['.', '!', ':'])
        && text
            .split_whitespace()
            .all(|w| w.starts_with(|c: char| !c.is_lowercase()))
}

/// Whether a group of lines far down in a signature is an advertising line rather than text: one
/// or two short lines in which nobody speaks of himself or asks.
fn is_slogan(group: &[&str]) -> bool {
    const LINES_MAX: usize = 2;
    let myself = [
        "i", "i'm", "jag", "jeg", "ich", "je", "minä", "mig", "me", "my", "min", "mitt",
    ];
    group.len() <= LINES_MAX
        && !is_postscript(group.first().copied().unwrap_or_default())
        && group.iter().all(|line| {
            line.len() <= LINE_LENGTH_MAX
                && !is_question(line)
                && !plain(line)
                    .split(|c: char| !c.is_alphanumeric() && c != '\'')
                    .any(|w| myself.contains(&w))
        })
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
        if group.is_empty() || !group.iter().all(|line| fits_later(line)) {
            break;
        }
        reached |= group.iter().any(|line| is_address(line));
        if reached && group.first().is_some_and(|line| is_person(line)) {
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

/// Whether the line is a person's name: two to four capitalised words.
fn is_person(line: &str) -> bool {
    let text = trimmed(line).trim_matches('*');
    text.contains(' ') && is_name(text, 4)
}
