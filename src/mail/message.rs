//! A message as the rest of the program knows it.
//!
//! Charge: everything that can be said of a message from its bytes alone. Leaves to `kind` what
//! sort of mail it is, to the cutter what of its text is new. Invariants: pure; bounded in time,
//! depth, parts, fields and memory by the constants of the modules it is made of; no input makes it
//! panic, since the libraries beneath run under a guard.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use mail_parser::parsers::MessageStream;

use super::attachments::{self, Attachment};
use super::authors::{self, Author};
use super::encoded;
pub use super::envelope::{Envelope, ReturnPath};
use super::headers::{Block, Headers};
use super::message_ids;
pub use super::note::Note;
use super::readable;
use super::report::Report;
use super::structure::Tree;
use super::stub;
use super::subject;

/// Most bytes of a subject kept.
pub const SUBJECT_MAX: usize = 2 << 10;

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// All header fields, readable, in their order.
    pub headers: Headers,
    /// `From`: who wrote it (RFC 5322 §3.6.2). Of several fields the topmost counts.
    pub from: Vec<Author>,
    /// `Sender`: who sent it for the author.
    pub sender: Option<Author>,
    /// `Reply-To`.
    pub reply_to: Vec<Author>,
    /// `To`.
    pub to: Vec<Author>,
    /// `Cc`.
    pub cc: Vec<Author>,
    /// What delivery wrote into the header.
    pub envelope: Envelope,
    /// Decoded, one line, no control characters, at most [`SUBJECT_MAX`] bytes.
    pub subject: String,
    /// The subject without reply and forward prefixes and gateway tags.
    pub subject_base: String,
    /// `Date`, when it can be read.
    pub date: Option<Timestamp>,
    /// When it came: the date of the topmost `Received`, which our own server wrote (RFC 5321
    /// §4.4), or else [`Self::date`].
    pub received: Option<Timestamp>,
    /// Without brackets.
    pub message_id: Option<String>,
    /// Without brackets.
    pub in_reply_to: Vec<String>,
    /// Without brackets, the nearest ancestor last.
    pub references: Vec<String>,
    /// All that can be read, lines ended by `\n`: the own text, then enclosed messages, each
    /// below a line `-----Original Message-----`.
    pub plain: String,
    /// Where in `plain` the enclosed messages start.
    pub enclosed_at: Option<usize>,
    /// What hangs on it.
    pub attachments: Vec<Attachment>,
    /// How it is built.
    pub shape: Shape,
    /// What it reports of another mail, when it is a delivery report.
    pub report: Option<Report>,
    /// What a reader must know of how it was read.
    pub notes: Vec<Note>,
}

/// How a message is built, as far as its kind depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// `report-type` of the outermost multipart/report, in lower case; empty when it tells none.
    pub report: Option<String>,
    /// Whether that report is the whole message.
    pub report_is_root: bool,
    /// Types of the parts that do not lie in an enclosed message, in lower case.
    pub parts: Vec<String>,
}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unparsable {
    /// There are none.
    #[error("the message is empty; fetch it again")]
    Empty,
    /// Nothing in them is a header field.
    #[error("the message has no header field; look at the original")]
    NoHeader,
    /// A library gave up.
    #[error("reading the message stopped with `{what}`; look at the original and report it")]
    Panicked {
        /// The panic's words, at most 200 characters.
        what: String,
    },
}

impl Message {
    /// Reads a whole message.
    pub fn parse(raw: &[u8]) -> Result<Self, Unparsable> {
        guarded(raw, || {
            let tree = Tree::read(raw);
            let root = tree.root().ok_or(Unparsable::Empty)?;
            let mut message = Self::from_block(&root.block)?;
            let read = readable::read(&tree);
            message.plain = read.text;
            message.enclosed_at = read.enclosed_at;
            message.attachments = attachments::list(&tree);
            message.shape = Shape::of(&tree);
            message.report = Report::read(&tree);
            if read.cut {
                message.note(Note::Cut);
            }
            if read.html_only {
                message.note(Note::HtmlOnly);
            }
            message.note_unreadable(&tree);
            Ok(message)
        })
    }

    /// Reads what can be told from the header of a message too large to be fetched.
    pub fn from_head(raw_head: &[u8]) -> Result<Self, Unparsable> {
        guarded(raw_head, || {
            let block = Block::read(raw_head, 0, true);
            let mut message = Self::from_block(&block)?;
            // The type of the message tells a report; its parts are not at hand.
            let head = raw_head.get(..block.body).unwrap_or_default();
            message.shape = Shape::of(&Tree::read(head));
            message.note(Note::HeadOnly);
            Ok(message)
        })
    }

    /// The first author.
    pub fn author(&self) -> Option<&Author> {
        self.from.first()
    }

    /// The own text, without enclosed messages.
    pub fn own_text(&self) -> &str {
        self.enclosed_at
            .and_then(|at| self.plain.get(..at))
            .unwrap_or(&self.plain)
    }

    /// Why the text must not be judged by, when it must not.
    pub fn unreadable(&self) -> Option<&Note> {
        self.notes.iter().find(|note| note.is_unreadable())
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn from_block(block: &Block<'_>) -> Result<Self, Unparsable> {
        if block.fields.is_empty() {
            return Err(Unparsable::NoHeader);
        }
        let (headers, cut) = Headers::read(&block.fields);
        let list = |name| block.first(name).map(authors::read).unwrap_or_default();
        let ids = |name| {
            headers
                .first(name)
                .map(message_ids::read)
                .unwrap_or_default()
        };
        let subject = clipped(headers.first("Subject").unwrap_or_default(), SUBJECT_MAX);
        let mut message = Self {
            from: list("From"),
            sender: list("Sender").into_iter().next(),
            reply_to: list("Reply-To"),
            to: list("To"),
            cc: list("Cc"),
            envelope: Envelope::read(block, &headers),
            subject_base: subject::base(subject).text.to_owned(),
            subject: subject.to_owned(),
            date: block.first("Date").and_then(date),
            received: block
                .first("Received")
                .and_then(stamp)
                .or_else(|| block.first("Date").and_then(date)),
            message_id: ids("Message-ID").into_iter().next(),
            in_reply_to: ids("In-Reply-To"),
            references: ids("References"),
            ..Self::default()
        };
        for name in [
            "From",
            "Sender",
            "Reply-To",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Content-Type",
        ] {
            if block.all(name).nth(1).is_some() {
                message.note(Note::Ambiguous(name));
            }
        }
        if cut || block.cut {
            message.note(Note::Cut);
        }
        message.headers = headers;
        Ok(message)
    }

    fn note_unreadable(&mut self, tree: &Tree<'_>) {
        let own = self.own_text().trim();
        let has = |wanted: &str| self.shape.parts.iter().any(|part| part == wanted);
        let smime = ["application/pkcs7-mime", "application/x-pkcs7-mime"];
        let note = if stub::is_stub(&self.subject, own) {
            Some(Note::Stub)
        } else if has("multipart/encrypted") || own.starts_with("-----BEGIN PGP MESSAGE-----") {
            Some(Note::Encrypted("PGP"))
        } else if own.is_empty() && smime.iter().any(|name| has(name)) {
            // A signature around the text hides it from us as well (RFC 8551 §3.5.2).
            let signed = tree.root().and_then(|root| root.media.smime.as_deref());
            Some(Note::Encrypted(match signed {
                Some("signed-data") => "S/MIME (an opaque signature)",
                _ => "S/MIME",
            }))
        } else if own.is_empty()
            && self.attachments.iter().any(|attachment| {
                matches!(
                    attachment.media.as_str(),
                    "application/ms-tnef" | "application/vnd.ms-tnef"
                ) || attachment.name.eq_ignore_ascii_case("winmail.dat")
            })
        {
            Some(Note::TnefOnly)
        } else {
            None
        };
        if let Some(note) = note {
            self.note(note);
        }
    }
}

/// Runs `read`, turning a library's panic into an error.
fn guarded(
    raw: &[u8],
    read: impl FnOnce() -> Result<Message, Unparsable>,
) -> Result<Message, Unparsable> {
    if raw.is_empty() {
        return Err(Unparsable::Empty);
    }
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|what| (*what).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(Unparsable::Panicked {
            what: crate::domain::outcome::spoken(&what),
        })
    })
}

fn clipped(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A date (RFC 5322 §3.3) as leniently as the library reads it.
fn date(raw: &[u8]) -> Option<Timestamp> {
    let mut line = encoded::unfold(raw.get(..raw.len().min(256))?).into_owned();
    line.push(b'\n');
    let parsed = MessageStream::new(&line).parse_date();
    let date = parsed.as_datetime().filter(|date| date.is_valid())?;
    Timestamp::from_second(date.to_timestamp()).ok()
}

/// The date of a trace field: what follows its last semicolon.
fn stamp(raw: &[u8]) -> Option<Timestamp> {
    let at = raw.iter().rposition(|&byte| byte == b';')?;
    date(raw.get(at + 1..)?)
}

impl Shape {
    fn of(tree: &Tree<'_>) -> Self {
        let mut shape = Self::default();
        let mut next = vec![0];
        while let Some(at) = next.pop() {
            let Some(part) = tree.parts.get(at) else {
                continue;
            };
            let media = &part.media;
            shape.parts.push(media.name.clone());
            let is_report = media.name == "multipart/report"
                || (media.is_multipart() && media.report.is_some());
            if is_report && shape.report.is_none() {
                shape.report = Some(media.report.clone().unwrap_or_default());
                shape.report_is_root = at == 0;
            }
            if at == 0 || !media.is_message() {
                next.extend(part.children.iter().rev());
            }
        }
        shape
    }

    /// Whether a part of this type lies in the message itself.
    pub fn has(&self, media: &str) -> bool {
        self.parts.iter().any(|part| part == media)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;
    use crate::domain::address::Address;

    /// What must be read of the `.eml` beside it; what is left out is not looked at.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Expected {
        subject: Option<String>,
        base: Option<String>,
        /// `name|address` of the first author.
        from: Option<String>,
        plain: Option<String>,
        own: Option<String>,
        #[serde(default)]
        notes: Option<Vec<String>>,
        /// `name type` of each.
        #[serde(default)]
        attachments: Vec<String>,
    }

    fn check(file: &Path) {
        let shown = file.display();
        let expected: Expected =
            toml::from_str(&std::fs::read_to_string(file.with_extension("toml")).unwrap()).unwrap();
        let message = Message::parse(&std::fs::read(file).unwrap()).unwrap();
        let author = message.author().map(|author| {
            let address = author.address.as_ref().map_or("", Address::as_str);
            format!("{}|{address}", author.name)
        });
        let same = |wanted: Option<&String>, got: &str, what: &str| {
            if let Some(wanted) = wanted {
                assert_eq!(
                    got.trim_end(),
                    wanted.trim_start_matches('\n'),
                    "{shown}: {what}"
                );
            }
        };
        same(expected.subject.as_ref(), &message.subject, "subject");
        same(expected.base.as_ref(), &message.subject_base, "base");
        same(expected.from.as_ref(), &author.unwrap_or_default(), "from");
        same(expected.plain.as_ref(), &message.plain, "plain");
        same(expected.own.as_ref(), message.own_text(), "own text");
        let attachments: Vec<_> = message
            .attachments
            .iter()
            .map(|attachment| format!("{} {}", attachment.name, attachment.media))
            .collect();
        assert_eq!(attachments, expected.attachments, "{shown}");
        if let Some(notes) = expected.notes {
            let told: Vec<_> = message.notes.iter().map(ToString::to_string).collect();
            assert_eq!(told, notes, "{shown}");
        }
    }

    #[test]
    fn every_case_reads_as_expected() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/mail");
        let mut checked = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "eml") {
                check(&file);
                checked += 1;
            }
        }
        assert!(checked >= 19, "only {checked} cases were found");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        assert_eq!(Message::parse(b""), Err(Unparsable::Empty));
        assert_eq!(Message::parse(b"hello\n"), Err(Unparsable::NoHeader));
        assert_eq!(Message::from_head(b"\r\n\r\n"), Err(Unparsable::NoHeader));
    }

    #[test]
    fn a_head_alone_tells_who_what_and_which_kind() {
        let head = b"From: a@example.com\r\nSubject: x\r\nContent-Type: multipart/report;\r\n\
            \treport-type=delivery-status; boundary=b\r\n\r\n";
        let message = Message::from_head(head).unwrap();
        assert_eq!(message.subject, "x");
        assert!(message.shape.report_is_root && message.plain.is_empty());
        assert_eq!(message.unreadable(), Some(&Note::HeadOnly));
    }

    #[test]
    fn ids_and_date_are_read() {
        let raw = b"From: a@example.com\nDate: Mon, 2 Nov 2026 10:00:00 +0100 (CET)\n\
            Message-ID: <m@x.example>\nIn-Reply-To: <a@x.example>\nReferences: <r@x.example>\n <a@x.example>\n\n";
        let message = Message::parse(raw).unwrap();
        assert_eq!(message.date.unwrap().to_string(), "2026-11-02T09:00:00Z");
        assert_eq!(message.message_id.as_deref(), Some("m@x.example"));
        assert_eq!(message.in_reply_to, ["a@x.example"]);
        assert_eq!(message.references, ["r@x.example", "a@x.example"]);
        for date in ["", "yesterday", "Mon, 99 Foo 99999 99:99:99 +9999"] {
            let raw = format!("From: a@example.com\nDate: {date}\n\n");
            assert_eq!(Message::parse(raw.as_bytes()).unwrap().date, None, "{date}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_stop_the_reader(
            head in proptest::collection::vec(
                proptest::sample::select(&[
                    "Content-Type: multipart/mixed; boundary=b\n", "Content-Type: message/rfc822\n",
                    "Content-Type: text/html; charset=utf-16\n", "Content-Transfer-Encoding: base64\n",
                    "Content-Type: text/plain; name*0*=x''%; name*1=\n", "Subject: =?utf-8?b?=\n",
                    "From: (((\"<@:;\n", "\n", "--b\n", "--b--\n", "<div style='", "\r", "\u{0}", "å",
                ][..]),
                0..40,
            ),
            tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        ) {
            let raw = [b"From: x\n", head.concat().as_bytes(), &tail].concat();
            let message = Message::parse(&raw).unwrap();
            proptest::prop_assert!(!message.plain.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
            proptest::prop_assert!(!message.subject.contains(char::is_control));
        }
    }

    #[test]
    fn a_library_that_panics_makes_an_error() {
        let read = || panic!("odd bytes\n");
        assert_eq!(
            guarded(b"x", read),
            Err(Unparsable::Panicked {
                what: "odd bytes".to_owned()
            })
        );
    }
}
