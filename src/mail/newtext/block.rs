//! The block of names, titles and addresses under a closing: where it ends, line by line.
//!
//! Right under a closing a line may be any short one that is no sentence. Behind a gap it must
//! look like a signature's: capitals, a telephone number, a link. Whatever asks ends the block.

use std::sync::LazyLock;

use super::closing::{is_closing, is_postscript, is_question, is_thanks};
use super::line::{LOOK_MAX, is_blank, is_divider, plain, trimmed};
use super::phrases::Phrases;
use super::words;

/// Lines with text that one signature has, at most.
pub const SIGNATURE_LINES_MAX: usize = 24;
/// Blank lines in a row within one signature.
const GAP_MAX: usize = 6;
/// Bytes of a line of a signature.
const LINE_LENGTH_MAX: usize = 120;

static DEVICE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::DEVICE));
static CONTACT: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::CONTACT));
static SENTENCE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(words::SENTENCE_START));

/// Where the block of names, titles and addresses that begins at `from` ends.
pub fn block_end(lines: &[&str], from: usize) -> usize {
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
        let mut fitting = match groups {
            0 => group.iter().take_while(|line| fits_first(line)).count(),
            _ if belongs(group) => length,
            _ => 0,
        };
        let (signed, rest) = group.split_at_checked(fitting).unwrap_or((group, &[]));
        address |= signed.iter().any(|line| is_address(line));
        if address && is_slogan(rest) {
            fitting = length;
        }
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

/// Whether a group of lines behind a gap still belongs to the signature: all lines look so, or most
/// of them beside an address.
pub fn belongs(group: &[&str]) -> bool {
    let fitting = group.iter().filter(|line| fits_later(line)).count();
    fitting == group.len()
        || (fitting * 3 >= group.len() * 2
            && group.iter().any(|line| is_address(line))
            && !group
                .iter()
                .any(|line| is_question(line) || is_postscript(line)))
}

/// Whether a line right under a closing belongs to it.
fn fits_first(line: &str) -> bool {
    !is_thanks(&plain(line), line) && (is_address(line) || is_mark(line) || is_title(line, 6, 3))
}

/// Whether a line further down belongs to it still.
fn fits_later(line: &str) -> bool {
    is_address(line) || is_mark(line) || is_title(line, 6, 1)
}

/// What stands in signatures beside words: rules, pictures, links, marks of programs.
pub fn is_mark(line: &str) -> bool {
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
    if words.is_empty() || words.len() > words_max || sentence || is_postscript(line) {
        return false;
    }
    let capitals = words
        .iter()
        .filter(|w| w.starts_with(|c: char| !c.is_lowercase()))
        .count();
    // "The export stops" begins as a sentence does; "Kunde GmbH" is a name all the same.
    if capitals < words.len() && first.is_some_and(|word| SENTENCE.has(word)) {
        return false;
    }
    capitals * 2 >= words.len() || words.len() <= small_max
}

/// Whether the line tells how somebody is reached.
pub fn is_address(line: &str) -> bool {
    const PIECES_MIN: usize = 3;
    let text = trimmed(line);
    // "Anna Example | Customer Ltd | +44 …": a whole signature on one line.
    let pieces = || text.split(['|', '•', '·']);
    if text.len() <= LOOK_MAX && pieces().count() >= PIECES_MIN {
        let short = pieces().all(|piece| piece.split_whitespace().count() <= 6);
        return short && pieces().any(tells_address);
    }
    tells_address(text)
}

fn tells_address(text: &str) -> bool {
    const WORDS_MAX: usize = 14;
    let text = trimmed(text);
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
        "I", "I'm", "jag", "Jag", "jeg", "Jeg", "ich", "Ich", "je", "Je", "minä", "mig", "me",
        "my", "My", "min", "Min", "mitt", "mein", "meine",
    ];
    let speaks = |word: &str| myself.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    group.len() <= LINES_MAX
        && !is_postscript(group.first().copied().unwrap_or_default())
        && group.iter().all(|line| {
            line.len() <= LINE_LENGTH_MAX
                && !is_question(line)
                && !line.split_whitespace().any(speaks)
        })
}
