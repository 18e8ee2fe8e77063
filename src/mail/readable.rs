//! The text of a message as its reader would see it.
//!
//! Charge: choose among the parts, decode them, put them into one plain text. Leaves to the cutter
//! of new text what in it is new. Invariants: at most [`TEXT_MAX`] bytes of text, at most
//! [`SOURCE_MAX`] bytes decoded of one part; no control character but line end and tab.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::attachments::{is_body, is_text};
use super::structure::{DEPTH_MAX, Part, Tree};
use super::transfer::Encoding;
use super::{authors, charset, encoded, flowed, html};

/// Most bytes of readable text kept.
pub const TEXT_MAX: usize = 256 << 10;

/// Encoded bytes of one part that are read for text.
pub const SOURCE_MAX: usize = 4 << 20;

/// Most enclosed messages whose text is read.
pub const ENCLOSED_MAX: usize = 8;

/// Encoded messages inside encoded messages that are opened.
const WRAPPED_MAX: usize = 2;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Readable {
    pub text: String,
    /// Where in `text` the enclosed messages start.
    pub enclosed_at: Option<usize>,
    /// A page was read because there was no plain text.
    pub html_only: bool,
    /// Something was left out at a bound.
    pub cut: bool,
}

/// Reads the whole tree.
pub(super) fn read(tree: &Tree<'_>) -> Readable {
    let mut reader = Reader {
        out: Readable {
            cut: tree.cut,
            ..Readable::default()
        },
        plain: false,
        page: false,
        enclosed: 0,
    };
    reader.message(tree, 0, 0);
    let mut out = reader.out;
    out.html_only = reader.page && !reader.plain;
    out
}

struct Reader {
    out: Readable,
    plain: bool,
    page: bool,
    enclosed: usize,
}

impl Reader {
    /// Reads a whole message: its own text, then the messages enclosed in it.
    fn message(&mut self, tree: &Tree<'_>, root: usize, wrapped: usize) {
        let before = self.out.text.len();
        let mut enclosed = Vec::new();
        self.part(tree, root, 0, &mut enclosed);
        if is_blank(self.out.text.get(before..).unwrap_or_default()) {
            self.last_resort(tree, root);
        }
        for at in enclosed {
            if self.enclosed == ENCLOSED_MAX {
                self.out.cut = true;
                return;
            }
            self.enclosed += 1;
            self.enclose(tree, at, wrapped);
        }
    }

    fn part(&mut self, tree: &Tree<'_>, at: usize, depth: usize, enclosed: &mut Vec<usize>) {
        let Some(part) = tree.parts.get(at) else {
            return;
        };
        if depth > DEPTH_MAX {
            return;
        }
        if part.media.is_message() {
            enclosed.push(at);
        } else if part.children.is_empty() {
            if is_body(part) || (depth == 0 && is_text(&part.media.name)) {
                let text = self.leaf(part);
                self.put(&text);
            }
        } else if part.media.name == "multipart/alternative" {
            self.alternative(tree, part, depth, enclosed);
        } else if matches!(
            part.media.name.as_str(),
            "multipart/related" | "multipart/signed"
        ) {
            // The first part is the text, the others belong to it (RFC 2387, RFC 1847).
            for (n, child) in part.children.iter().enumerate() {
                let message = tree.parts.get(*child).is_some_and(|c| c.media.is_message());
                if n == 0 || message {
                    self.part(tree, *child, depth + 1, enclosed);
                }
            }
        } else {
            for child in &part.children {
                self.part(tree, *child, depth + 1, enclosed);
            }
        }
    }

    /// RFC 2046 §5.1.4 puts the best form last; for reading, the plain one is the surest, unless
    /// it says nothing.
    fn alternative(
        &mut self,
        tree: &Tree<'_>,
        part: &Part<'_>,
        depth: usize,
        enclosed: &mut Vec<usize>,
    ) {
        let before = self.out.text.len();
        let plain = part.children.iter().copied().find(|child| {
            !holds(tree, *child, "text/html", depth) && holds(tree, *child, "text/plain", depth)
        });
        if let Some(plain) = plain {
            self.part(tree, plain, depth + 1, enclosed);
            if !says_nothing(self.out.text.get(before..).unwrap_or_default()) {
                return;
            }
        }
        let page = part
            .children
            .iter()
            .rev()
            .copied()
            .find(|child| Some(*child) != plain && holds(tree, *child, "text/html", depth));
        let other = part
            .children
            .last()
            .copied()
            .filter(|last| Some(*last) != plain);
        if let Some(chosen) = page.or(other) {
            let stub = self.out.text.split_off(before);
            self.part(tree, chosen, depth + 1, enclosed);
            if is_blank(self.out.text.get(before..).unwrap_or_default()) {
                self.out.text.truncate(before);
                self.out.text.push_str(&stub);
            }
        }
    }

    /// Nothing was there to be read: the first text of any sort that is no attachment, or that is
    /// all there is.
    fn last_resort(&mut self, tree: &Tree<'_>, root: usize) {
        let mut next = vec![root];
        let mut named = None;
        while let Some(at) = next.pop() {
            let Some(part) = tree.parts.get(at) else {
                continue;
            };
            if part.media.is_message() {
                continue;
            }
            next.extend(part.children.iter().rev());
            let text = part.children.is_empty() && part.media.name.starts_with("text/");
            if text && !part.media.attached {
                if is_text(&part.media.name) {
                    let text = self.leaf(part);
                    self.put(&text);
                    return;
                }
                if part.media.name != "text/calendar" && part.media.name != "text/rfc822-headers" {
                    named = named.or(Some(part));
                }
            }
        }
        if let Some(part) = named {
            let text = self.leaf(part);
            self.put(&text);
        }
    }

    /// The text of a leaf.
    fn leaf(&mut self, part: &Part<'_>) -> String {
        let media = &part.media;
        let body = part
            .body
            .get(..part.body.len().min(SOURCE_MAX))
            .unwrap_or_default();
        self.out.cut |= body.len() < part.body.len();
        let bytes = part.encoding.decode(body);
        let is_page = matches!(
            media.name.as_str(),
            "text/html" | "text/enriched" | "text/richtext"
        ) || (media.is_multipart() && looks_like_html(&bytes));
        let label = match &media.charset {
            None if is_page => charset::of_html(&bytes).map(Cow::Owned),
            label => label.as_deref().map(Cow::Borrowed),
        };
        let text = charset::decode(&bytes, label.as_deref());
        if is_page {
            let (text, cut) = html::to_text(&text, TEXT_MAX);
            self.out.cut |= cut;
            self.page |= !is_blank(&text);
            return tidy(&text);
        }
        let text = tidy(&text);
        self.plain |= !is_blank(&text);
        if media.flowed {
            return flowed::unflow(&text, media.del_sp);
        }
        text
    }

    /// Appends the text of the message enclosed in a part, below a separator and the fields a
    /// person would see.
    fn enclose(&mut self, tree: &Tree<'_>, at: usize, wrapped: usize) {
        let Some(part) = tree.parts.get(at) else {
            return;
        };
        if part.encoding == Encoding::Identity {
            if let Some(inner) = part.children.first() {
                self.separator(tree, *inner);
                self.message(tree, *inner, wrapped);
            }
            return;
        }
        // RFC 2046 §5.2.1 forbids it, and it is done.
        if wrapped == WRAPPED_MAX {
            self.out.cut = true;
            return;
        }
        let body = part
            .body
            .get(..part.body.len().min(SOURCE_MAX))
            .unwrap_or_default();
        self.out.cut |= body.len() < part.body.len();
        let bytes = part.encoding.decode(body);
        let inner = Tree::read(&bytes);
        self.out.cut |= inner.cut;
        self.separator(&inner, 0);
        self.message(&inner, 0, wrapped + 1);
    }

    fn separator(&mut self, tree: &Tree<'_>, at: usize) {
        let Some(part) = tree.parts.get(at) else {
            return;
        };
        let mut head = String::from("-----Original Message-----\n");
        let from = part.block.first("From").map(authors::read);
        if let Some(from) = from.as_deref().and_then(<[_]>::first) {
            let _ = if from.name.is_empty() {
                writeln!(head, "From: {}", from.text)
            } else {
                writeln!(head, "From: {} <{}>", from.name, from.text)
            };
        }
        for (field, shown) in [("Date", "Sent"), ("To", "To"), ("Subject", "Subject")] {
            if let Some(value) = part.block.first(field) {
                let value: String = encoded::text(value).chars().take(400).collect();
                let _ = writeln!(head, "{shown}: {value}");
            }
        }
        if self.out.enclosed_at.is_none() {
            let text = self.out.text.trim_end();
            self.out.text.truncate(text.len());
            if !self.out.text.is_empty() {
                self.out.text.push_str("\n\n");
            }
            self.out.enclosed_at = Some(self.out.text.len());
        }
        self.put(&head);
    }

    /// Appends text as a paragraph of its own, as far as there is room.
    fn put(&mut self, text: &str) {
        if is_blank(text) {
            return;
        }
        let out = &mut self.out;
        if !out.text.is_empty() && !out.text.ends_with("\n\n") {
            out.text.push_str(if out.text.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            });
        }
        let mut room = TEXT_MAX.saturating_sub(out.text.len()).min(text.len());
        out.cut |= room < text.len();
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        out.text.push_str(text.get(..room).unwrap_or_default());
    }
}

/// Whether a part of type `wanted` that can be read lies in the part at `at`.
fn holds(tree: &Tree<'_>, at: usize, wanted: &str, depth: usize) -> bool {
    tree.parts.get(at).is_some_and(|part| {
        (part.media.name == wanted && !part.media.attached)
            || (depth < DEPTH_MAX
                && !part.media.is_message()
                && part
                    .children
                    .iter()
                    .any(|child| holds(tree, *child, wanted, depth + 1)))
    })
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    let head = head.to_ascii_lowercase();
    [
        b"<html".as_slice(),
        b"<body",
        b"<!doctype html",
        b"<div",
        b"<p>",
    ]
    .iter()
    .any(|mark| head.windows(mark.len()).any(|window| window == *mark))
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

/// Whether a plain form is only there to send the reader to the page.
fn says_nothing(text: &str) -> bool {
    if !text.chars().any(char::is_alphanumeric) {
        return true;
    }
    if text.len() > 400 {
        return false;
    }
    let text = text.to_lowercase();
    text.contains("html")
        && [
            "view", "display", "support", "client", "reader", "läsare", "visa", "klient", "stöd",
            "vise", "anzeig", "darstell", "näyt",
        ]
        .iter()
        .any(|word| text.contains(word))
}

/// Line ends become `\n`, other control characters but tabs go, and so does a byte order mark.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(may_be_odd) {
        let (good, tail) = rest.split_at(at);
        out.push_str(good);
        let mut chars = tail.chars();
        match chars.next() {
            Some('\r') if chars.as_str().starts_with('\n') => {}
            Some('\r') => out.push('\n'),
            Some('\u{c}' | '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}') => out.push('\n'),
            Some('\u{a0}') => out.push(' '),
            Some('\u{feff}') => {}
            Some(c) if c.is_control() => {}
            Some(c) => out.push(c),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Whether a byte is, or opens, a character that [`tidy`] may change.
const fn may_be_odd(byte: u8) -> bool {
    (byte < b' ' && byte != b'\n' && byte != b'\t') || matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef)
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn controls_go_and_letters_stay() {
        for (text, wanted) in [
            ("åäö\r\n€ © \t\n", "åäö\n€ © \t\n"),
            ("a\rb\u{c}c\u{2028}d\u{85}e", "a\nb\nc\nd\ne"),
            ("\u{feff}a\0\u{1b}[2J\u{9b}b\u{7f}\u{a0}c", "a[2Jb c"),
            ("a\u{200b}b\u{ad}c\r", "a\u{200b}b\u{ad}c\n"),
        ] {
            assert_eq!(tidy(text), wanted, "{text:?}");
        }
    }
}
