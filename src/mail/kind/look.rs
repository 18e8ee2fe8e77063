//! One look at a message: what the tests of kind ask for, made ready once.
//!
//! Charge: folded subject and opening words, the sender's look, the signs of a person. Invariant:
//! at most [`OPENING_MAX`] bytes of text are looked at, however long the message.

use std::sync::LazyLock;

use crate::mail::message::{Message, ReturnPath};
use crate::mail::subject::{self, Base};

use super::marks::keyword;
use super::phrases::{self, Heard};
use super::sender::{self, Sender};
use super::words;

/// Programs that people write mail with.
static MAILERS: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/mailers.txt")).collect());

/// What lines that open older text begin with.
static SEPARATORS: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/quote-start.txt")).collect());

/// Bytes of the own text that are looked at.
pub(super) const OPENING_MAX: usize = 4 << 10;

/// What was seen.
pub(super) struct Look<'a> {
    pub message: &'a Message,
    /// The subject's prefixes.
    pub base: Base<'a>,
    /// The subject proper, folded.
    pub subject: String,
    /// The opening of the own text, folded, its line ends made spaces.
    pub text: String,
    /// The phrases in the text.
    pub heard: Heard,
    pub sender: Sender,
    /// How the sender calls itself, for the reason.
    pub sender_text: String,
}

impl<'a> Look<'a> {
    pub(super) fn at(message: &'a Message) -> Self {
        let base = subject::base(&message.subject);
        let opening = Opening::of(message.own_text());
        let sender_text = message
            .author()
            .map(|author| author.text.clone())
            .unwrap_or_default();
        let heard = phrases::hear(&opening.folded, opening.fresh, &opening.sentences);
        Self {
            message,
            base,
            subject: fold(base.text),
            sender: sender::of(message),
            sender_text,
            heard,
            text: opening.folded,
        }
    }

    /// A null envelope sender, or one that is a mail system.
    pub(super) fn null_path(&self) -> bool {
        match &self.message.envelope.return_path {
            Some(ReturnPath::Null) => true,
            Some(ReturnPath::Address(address)) => {
                sender::is_daemon(&sender::squeezed(address.local()))
            }
            Some(ReturnPath::Other(text)) => sender::is_daemon(&sender::squeezed(text)),
            None => false,
        }
    }

    /// A mailing list that people write to (RFC 2369 §3.4), a group inbox among them.
    pub(super) fn discussion_list(&self) -> bool {
        let headers = &self.message.headers;
        let post = headers.first("List-Post").is_some_and(|value| {
            let value = value.trim_start_matches(['<', ' ']);
            !value.is_empty() && !value.to_lowercase().starts_with("no")
        });
        post || [
            "X-Google-Group-Id",
            "X-BeenThere",
            "X-Mailing-List",
            "Mailing-List",
        ]
        .into_iter()
        .any(|name| headers.has(name))
            || headers
                .all("Precedence")
                .any(|value| keyword(value) == "list")
            || self.sent_to_list()
    }

    /// Whether a receiver is the list itself: `team@lists.example.com` of the list
    /// `<team.lists.example.com>` (RFC 2919 §2). A newsletter is sent to its reader.
    fn sent_to_list(&self) -> bool {
        let Some(id) = self.message.headers.first("List-Id") else {
            return false;
        };
        let id = id.rsplit_once('<').map_or(id, |(_, tail)| tail);
        let id = id.trim_end_matches(['>', ' ']).to_lowercase();
        let receivers = self.message.to.iter().chain(&self.message.cc);
        receivers
            .filter_map(|receiver| receiver.address.as_ref())
            .any(|address| {
                id.strip_suffix(address.domain())
                    .and_then(|head| head.strip_suffix('.'))
                    .is_some_and(|head| head == address.user().to_lowercase())
            })
    }

    /// A program that people write mail with.
    pub(super) fn persons_mailer(&self) -> bool {
        ["X-Mailer", "User-Agent"].into_iter().any(|name| {
            self.message.headers.all(name).any(|value| {
                let value = value.to_lowercase();
                MAILERS.iter().any(|mailer| value.contains(mailer))
            })
        })
    }
}

/// Lower case, white space collapsed, typographic quotes and dashes made plain.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out.trim_end().to_owned()
}

fn fold_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            'a'..='z' => out.push(c),
            '\u{2018}' | '\u{2019}' | '\u{00b4}' | '`' => out.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' => out.push('"'),
            '\u{2010}'..='\u{2015}' => out.push('-'),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' => {}
            c if c.is_whitespace() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if c.is_ascii() => out.push(c),
            // The letters of Western Europe, without a look into the Unicode tables.
            'ß'..='ÿ' => out.push(c),
            c => out.extend(c.to_lowercase()),
        }
    }
}

/// The opening of a text.
struct Opening {
    folded: String,
    /// Where the first quoted line starts in `folded`.
    fresh: usize,
    /// Where lines start in `folded`.
    sentences: Vec<usize>,
}

impl Opening {
    fn of(text: &str) -> Self {
        let mut opening = Self {
            folded: String::with_capacity(text.len().min(OPENING_MAX) + 64),
            fresh: usize::MAX,
            sentences: Vec::new(),
        };
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let start = opening.folded.len();
            let room = OPENING_MAX.saturating_sub(start);
            if room == 0 {
                break;
            }
            let mut end = line.len().min(room);
            while !line.is_char_boundary(end) {
                end -= 1;
            }
            fold_into(&mut opening.folded, line.get(..end).unwrap_or_default());
            if opening.fresh == usize::MAX && starts_quote(&opening.folded, start) {
                opening.fresh = start;
            }
            opening.sentences.push(start);
            if !opening.folded.ends_with(' ') {
                opening.folded.push(' ');
            }
        }
        opening.fresh = opening.fresh.min(opening.folded.len());
        opening
    }
}

/// Whether the folded line at `start` opens older text.
fn starts_quote(folded: &str, start: usize) -> bool {
    let line = folded.get(start..).unwrap_or_default().trim_start();
    SEPARATORS.iter().any(|mark| line.starts_with(mark))
        || (line.ends_with(':')
            && line.len() < 300
            && [
                " wrote:",
                " skrev",
                " schrieb",
                " kirjoitti",
                " a écrit",
                " escribió",
                " ha scritto",
            ]
            .iter()
            .any(|mark| line.contains(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opening_ends_where_older_text_starts() {
        let opening =
            Opening::of("Hej  DÄR\n\nny rad\nDen 3 maj skrev Anna <a@example.com>:\n> gammalt");
        assert_eq!(&opening.folded[..opening.fresh], "hej där ny rad ");
        assert_eq!(opening.sentences.len(), 4);
        assert_eq!(
            Opening::of(&"å".repeat(50_000)).folded.len(),
            OPENING_MAX + 1
        );
    }
}
