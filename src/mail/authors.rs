//! Address lists (RFC 5322 §3.4), read the way mail is really written.
//!
//! Charge: who stands in `From`, `Sender`, `Reply-To`, `To` and `Cc`. Leaves to
//! `domain::address` what a usable address is. Invariants: the address is taken from the raw
//! bytes and never from inside an encoded word, so no decoding can turn one address into another;
//! comments are skipped without recursion; at most [`AUTHORS_MAX`] are read.

use crate::domain::address::Address;

use super::charset;
use super::encoded;

/// Most addresses read of one message's field.
pub const AUTHORS_MAX: usize = 100;

/// Bytes of one address field that are looked at.
pub const LIST_MAX: usize = 32 << 10;

/// Longest name or text kept, in characters.
const TEXT_MAX: usize = 254;

/// One entry of an address list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// The display name or comment, decoded; empty when there is none. Never to be trusted.
    pub name: String,
    /// The address, when it is one that can be used.
    pub address: Option<Address>,
    /// What stood there: the address as written or, without any, the whole entry. One line.
    pub text: String,
}

impl Author {
    /// Whether the address lies within `domain`.
    pub fn is_within(&self, domain: &str) -> bool {
        self.address
            .as_ref()
            .is_some_and(|address| address.is_within(domain))
    }
}

/// Reads one field's list.
pub(super) fn read(raw: &[u8]) -> Vec<Author> {
    let raw = raw.get(..raw.len().min(LIST_MAX)).unwrap_or_default();
    let text = charset::decode(&encoded::unfold(raw), None);
    let mut list = List::default();
    let mut chars = text.chars();
    while list.authors.len() < AUTHORS_MAX
        && let Some(c) = chars.next()
    {
        match c {
            '"' => {
                list.entry.literal.push(c);
                quoted(&mut chars, &mut list.entry);
            }
            '(' => comment(&mut chars, &mut list.entry),
            '<' => angle(&mut chars, &mut list.entry),
            // Left over from `<<a@example.com>>`.
            '>' => {}
            ',' => list.close(true),
            ';' => list.close(false),
            // The name of a group (RFC 5322 §3.4) names nobody.
            ':' if list.entry.opens_group() => list.entry = Entry::default(),
            c => {
                list.entry.phrase.push(c);
                list.entry.literal.push(c);
            }
        }
    }
    list.close(false);
    list.authors.truncate(AUTHORS_MAX);
    list.authors
}

#[derive(Default)]
struct Entry {
    /// Words outside brackets and comments, quotes undone.
    phrase: String,
    /// The same, quotes kept.
    literal: String,
    comment: String,
    angle: Option<String>,
}

impl Entry {
    fn opens_group(&self) -> bool {
        self.angle.is_none() && !self.phrase.contains('@') && !self.phrase.trim().is_empty()
    }
}

#[derive(Default)]
struct List {
    entry: Entry,
    /// A name cut by a comma nobody quoted: `Berg, Anna <anna@example.com>`.
    surname: String,
    authors: Vec<Author>,
}

impl List {
    fn close(&mut self, more: bool) {
        let entry = std::mem::take(&mut self.entry);
        let phrase = entry.phrase.trim();
        if entry.angle.is_none() && !phrase.contains('@') {
            if more && !phrase.is_empty() && self.surname.len() < TEXT_MAX {
                self.surname.push_str(phrase);
                self.surname.push_str(", ");
                return;
            }
            if phrase.is_empty() && entry.comment.is_empty() && self.surname.is_empty() {
                return;
            }
        }
        let surname = std::mem::take(&mut self.surname);
        let (name, spec) = match entry.angle {
            Some(spec) => (format!("{surname}{phrase}"), spec),
            None => bare(&entry.literal, &surname),
        };
        let spec = encoded::one_line(&spec);
        let name = decoded(&name);
        let name = if name.is_empty() {
            decoded(&entry.comment)
        } else {
            name
        };
        // RFC 2047 §5 forbids encoded words in addresses: such a thing is nobody's address.
        let address = (!spec.contains("=?")).then(|| spec.parse().ok()).flatten();
        self.authors.push(Author {
            text: clipped(if spec.is_empty() { &name } else { &spec }),
            name: clipped(&name),
            address,
        });
    }
}

/// An entry without brackets: the word with the `@` is the address, the others are its name.
fn bare(literal: &str, surname: &str) -> (String, String) {
    let literal = literal.trim();
    if !literal.contains('@') {
        let name = format!("{surname}{}", literal.replace('"', ""));
        return (name, String::new());
    }
    if literal.starts_with('"') {
        return (surname.to_owned(), literal.to_owned());
    }
    let at = literal
        .split_whitespace()
        .position(|word| word.contains('@'))
        .unwrap_or_default();
    let mut name = surname.to_owned();
    let mut spec = String::new();
    for (n, word) in literal.split_whitespace().enumerate() {
        if n == at {
            word.clone_into(&mut spec);
        } else {
            name.push_str(word);
            name.push(' ');
        }
    }
    (name, spec)
}

fn decoded(name: &str) -> String {
    let line = encoded::one_line(&encoded::words(name.as_bytes()));
    let line = line.trim_matches(['"', ' ']);
    line.strip_prefix('\'')
        .and_then(|inner| inner.strip_suffix('\''))
        .unwrap_or(line)
        .to_owned()
}

/// RFC 5322 §4.4 lets comments and white space stand around the dots and the `@`.
fn compact(spec: &str) -> String {
    if spec.contains('"') || !spec.contains(['(', ' ', '\t']) {
        return spec.to_owned();
    }
    let mut out = String::with_capacity(spec.len());
    let mut depth = 0_usize;
    for c in spec.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    let mut joined = String::with_capacity(out.len());
    for word in out.split_whitespace() {
        if !joined.is_empty() && !joined.ends_with(['.', '@']) && !word.starts_with(['.', '@']) {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

fn clipped(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

fn quoted(chars: &mut std::str::Chars<'_>, entry: &mut Entry) {
    while let Some(c) = chars.next() {
        entry.literal.push(c);
        match c {
            '"' => return,
            '\\' => {
                if let Some(escaped) = chars.next() {
                    entry.literal.push(escaped);
                    entry.phrase.push(escaped);
                }
            }
            c => entry.phrase.push(c),
        }
    }
}

fn comment(chars: &mut std::str::Chars<'_>, entry: &mut Entry) {
    let mut depth = 1_usize;
    entry.comment.clear();
    while let Some(c) = chars.next() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\\' => {
                entry.comment.extend(chars.next());
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
        entry.comment.push(c);
    }
}

fn angle(chars: &mut std::str::Chars<'_>, entry: &mut Entry) {
    let mut spec = String::new();
    let mut in_quotes = false;
    for c in chars {
        match c {
            '"' => in_quotes = !in_quotes,
            '>' if !in_quotes => break,
            // `<<a@example.com>>` occurs.
            '<' if !in_quotes => continue,
            _ => {}
        }
        spec.push(c);
    }
    // RFC 5322 §4.4: a source route before the address is obsolete and means nothing.
    let spec = match spec.split_once(':') {
        Some((route, spec)) if route.starts_with('@') => spec,
        _ => spec.as_str(),
    };
    let spec = spec.trim().trim_start_matches("mailto:");
    entry.angle = Some(compact(spec));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        for (raw, wanted) in [
            ("anna@example.com", "|anna@example.com"),
            ("<anna@Example.COM>", "|anna@example.com"),
            ("Anna Berg <anna@example.com>", "Anna Berg|anna@example.com"),
            (
                "\"Berg, Anna\" <anna@example.com>",
                "Berg, Anna|anna@example.com",
            ),
            (
                "Berg, Anna <anna@example.com>",
                "Berg, Anna|anna@example.com",
            ),
            (
                "anna@example.com (Anna (at) Berg)",
                "Anna (at) Berg|anna@example.com",
            ),
            (
                "=?iso-8859-1?q?=C5sa?= <asa@example.com>",
                "Åsa|asa@example.com",
            ),
            (
                "\"=?utf-8?q?=C3=85sa?=\" <asa@example.com>",
                "Åsa|asa@example.com",
            ),
            ("Åsa <asa@example.com>", "Åsa|asa@example.com"),
            ("'Anna' <anna@example.com>", "Anna|anna@example.com"),
            (
                "anna@example.com <anna@example.com>",
                "anna@example.com|anna@example.com",
            ),
            (
                "<@relay.example,@b.example:anna@example.com>",
                "|anna@example.com",
            ),
            (
                "Team: a@example.com, B <b@example.com>;, c@example.com",
                "|a@example.com B|b@example.com |c@example.com",
            ),
            (
                "a@example.com,, ,b@example.com",
                "|a@example.com |b@example.com",
            ),
            ("undisclosed-recipients:;", ""),
            ("Anna\r\n\t<anna@example.com>", "Anna|anna@example.com"),
            ("anna@example.com Anna", "Anna|anna@example.com"),
            ("<<anna@example.com>>", "|anna@example.com"),
            (
                "Anna <anna(home) . berg@example (host) .com>",
                "Anna|anna.berg@example.com",
            ),
            ("Anna' <anna@example.com>", "Anna'|anna@example.com"),
            ("Anna <anna@example.com", "Anna|anna@example.com"),
        ] {
            let read: Vec<_> = read(raw.as_bytes())
                .iter()
                .map(|a| {
                    format!(
                        "{}|{}",
                        a.name,
                        a.address.as_ref().map_or("", Address::as_str)
                    )
                })
                .collect();
            assert_eq!(read.join(" "), wanted, "{raw:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_kept_as_text_only() {
        for (raw, text) in [
            ("Microsoft Exchange Server", "Microsoft Exchange Server"),
            ("\"Mail System\" <>", "Mail System"),
            ("<\"a b\"@example.com>", "\"a b\"@example.com"),
            ("=?utf-8?q?anna=40example.com?= <x>", "x"),
            (
                "<=?utf-8?q?anna?=@example.com>",
                "=?utf-8?q?anna?=@example.com",
            ),
            (
                "=?utf-8?q?A_=3Canna=40example.com=3E?=",
                "A <anna@example.com>",
            ),
            ("a\u{1}b@example.com\u{7}x y", "ab@example.comx"),
        ] {
            let read = read(raw.as_bytes());
            let [author] = read.as_slice() else {
                panic!("{raw:?}: {read:?}")
            };
            assert_eq!(
                (author.address.is_none(), author.text.as_str()),
                (raw.as_bytes()[1] != 1, text)
            );
        }
    }

    #[test]
    fn hostile_lists_are_bounded() {
        assert_eq!(read(&b"a@example.com,".repeat(200_000)).len(), AUTHORS_MAX);
        assert_eq!(read(&b"(".repeat(1_000_000)).len(), 1);
        assert!(read(&b"\"".repeat(1_000_000)).len() <= 1);
    }
}
