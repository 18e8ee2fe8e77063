//! The case sheet: the first page of a forward, written so that a publisher's support desk can
//! answer it as it stands.
//!
//! Pure text for people, in English, lines ended by `\n`. A customer's words stand in it indented
//! and escaped, so that they can neither pass for our own nor steer a terminal. What is sent
//! beside the sheet is [`super::compose`]'s charge.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::domain::address::Address;
use crate::domain::decision::Priority;
use crate::domain::language::Language;
use crate::domain::outcome::is_bidi;

/// Characters of the customer's text shown, at most.
pub const ASKED_CHARS_MAX: usize = 1200;
/// Lines of the customer's text shown, at most.
pub const ASKED_LINES_MAX: usize = 20;
/// Pieces of evidence shown, at most.
pub const EVIDENCE_LINES_MAX: usize = 8;
/// Characters of any other value shown, at most.
pub const VALUE_CHARS_MAX: usize = 200;
/// Columns after which the customer's text is wrapped.
const COLUMNS: usize = 76;

/// What the sheet tells.
#[derive(Debug, Clone, Copy)]
pub struct SheetFacts<'a> {
    /// Our reference, such as `T-4F7K25QM`.
    pub reference: &'a str,
    /// The product by the name its publisher knows.
    pub product: &'a str,
    /// The customer's display name; may be empty.
    pub customer_name: &'a str,
    /// The customer's address as it stood in the message.
    pub customer_address: &'a str,
    /// Who forwards: the partner's name or mailbox.
    pub partner: &'a str,
    /// How soon somebody must look.
    pub priority: Priority,
    /// What the customer writes in, where it can be told.
    pub language: Option<Language>,
    /// When the message came.
    pub received: Timestamp,
    /// The decoded subject.
    pub subject: &'a str,
    /// What the customer wrote now.
    pub asked: &'a str,
    /// Why it came to this desk, a line each, the heaviest first.
    pub evidence: &'a [String],
    /// Whether it follows an earlier message of the same case.
    pub follows: bool,
    /// Whether the enclosed message is as it came, its header with it.
    pub enclosed_whole: bool,
    /// Why not the customer's whole message is enclosed, when it is not: what was left out.
    pub left_out: Option<&'a str>,
    /// The case token ([`super::origin::case_token`]).
    pub token: &'a str,
    /// Where answers go.
    pub reply_to: &'a Address,
}

/// Writes the sheet.
pub fn sheet(facts: &SheetFacts<'_>) -> String {
    let mut out = String::new();
    // Writing to a string never fails.
    let _ = writeln!(out, "Support case {} [{}]\n", facts.reference, facts.token);
    if facts.follows {
        out.push_str("The customer writes again in this case.\n\n");
    }
    for (label, value) in [
        ("Product", shown(facts.product)),
        ("Customer", customer(facts)),
        ("Came to", shown(facts.partner)),
        ("Received", received(facts.received)),
        ("Priority", priority(facts.priority).to_owned()),
        (
            "Language",
            facts.language.map_or("unknown", Language::name).to_owned(),
        ),
        ("Subject", shown(facts.subject)),
    ] {
        let value = if value.is_empty() { "(none)" } else { &value };
        let _ = writeln!(out, "  {label:<10}{value}");
    }
    out.push_str("\nWhat is asked\n\n");
    asked(&mut out, facts.asked);
    if !facts.evidence.is_empty() {
        out.push_str("\nWhy it comes to you\n\n");
        for line in facts.evidence.iter().take(EVIDENCE_LINES_MAX) {
            let _ = writeln!(out, "  {}", shown(line));
        }
    }
    let _ = write!(
        out,
        "\nHow to answer\n\n  Reply to this message, or write to\n  {}\n  \
         That address carries our reference: your answer then finds this case.\n\n",
        facts.reply_to
    );
    match facts.left_out {
        None if !facts.enclosed_whole => {
            out.push_str("The customer's message is enclosed without its header.\n");
        }
        None => out.push_str("The customer's message is enclosed whole and unchanged.\n"),
        Some(what) => {
            out.push_str("A copy of the customer's text is enclosed, not the message itself.\n");
            let _ = writeln!(out, "Left out: {}.", shown(what));
        }
    }
    out
}

fn customer(facts: &SheetFacts<'_>) -> String {
    let name = shown(facts.customer_name);
    let address = shown(facts.customer_address);
    match (name.is_empty(), address.is_empty()) {
        (false, false) => format!("{name} <{address}>"),
        (true, _) => address,
        (false, true) => name,
    }
}

fn received(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

const fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "HIGH",
    }
}

/// A value on one line: white space joined, what cannot be seen escaped, cut at the bound.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for (n, c) in text.trim().chars().enumerate() {
        if n == VALUE_CHARS_MAX {
            out.push('…');
            break;
        }
        if c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            push_escaped(&mut out, c);
        }
    }
    out
}

fn push_escaped(out: &mut String, c: char) {
    if c.is_control() || is_bidi(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// The customer's text: indented, wrapped, empty lines joined, cut with a note that says so.
fn asked(out: &mut String, text: &str) {
    let mut chars = 0;
    let mut lines = 0;
    let mut blank = false;
    for line in text.trim().lines() {
        let line = line.trim_end();
        if line.trim().is_empty() {
            blank = lines > 0;
            continue;
        }
        if lines == ASKED_LINES_MAX || chars >= ASKED_CHARS_MAX {
            out.push_str("\n  (cut here; the rest is in the enclosed message)\n");
            return;
        }
        if std::mem::take(&mut blank) {
            out.push('\n');
        }
        let room = ASKED_CHARS_MAX - chars;
        let cut: String = line.chars().take(room).collect();
        chars += cut.chars().count();
        lines += 1;
        wrapped(out, &cut);
        if cut.len() < line.len() {
            out.push_str("\n  (cut here; the rest is in the enclosed message)\n");
            return;
        }
    }
    if lines == 0 {
        out.push_str("  (no text of its own: see the enclosed message)\n");
    }
}

/// One line of a stranger's text, broken between words.
fn wrapped(out: &mut String, line: &str) {
    let mut column = 0;
    for word in line.split_whitespace() {
        let mut safe = String::new();
        word.chars().for_each(|c| push_escaped(&mut safe, c));
        let width = safe.chars().count();
        if column == 0 {
            out.push_str("  ");
        } else if column + 1 + width > COLUMNS {
            out.push_str("\n  ");
            column = 0;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(&safe);
        column += width;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(reply_to: &'a Address, evidence: &'a [String]) -> SheetFacts<'a> {
        SheetFacts {
            reference: "T-4F7K25QM",
            product: "Example Ledger",
            customer_name: "Anna Öberg",
            customer_address: "anna@customer.example",
            partner: "Example Partner AB, support@partner.example",
            priority: Priority::High,
            language: Some(Language::Swedish),
            received: "2026-03-03T08:12:45Z".parse().expect("a time"),
            subject: "Kan inte logga in i Example Ledger",
            asked: "Hej!\n\n\n\nVi kan inte logga in sedan i morse. Alla våra användare får felet \
                    \"500\" när de öppnar sidan, och vi måste vara klara före kvällen.\n  Skärmbild \
                    bifogas.\n",
            evidence,
            follows: false,
            enclosed_whole: true,
            left_out: None,
            token: "t4f7k25qm-abcdefghijklmnop",
            reply_to,
        }
    }

    fn reply_to() -> Address {
        "support+t4f7k25qm-abcdefghijklmnop@partner.example"
            .parse()
            .expect("an address")
    }

    #[test]
    fn a_sheet_as_a_desk_receives_it() {
        let evidence = [
            "category technical: `logga in` in the text".to_owned(),
            "product Example Ledger: named in the subject".to_owned(),
        ];
        insta::assert_snapshot!(sheet(&facts(&reply_to(), &evidence)));
    }

    #[test]
    fn a_strangers_words_cannot_pass_for_ours() {
        let (address, none) = (reply_to(), []);
        let facts = SheetFacts {
            subject: "a\r\n  Priority  low\u{202e}\u{1b}]0;x\u{7}",
            customer_name: "",
            asked: "\u{1b}[2J\u{202e}abc\r\nHow to answer\r\n",
            ..facts(&address, &none)
        };
        let text = sheet(&facts);
        assert!(
            !text
                .chars()
                .any(|c| (c.is_control() && c != '\n') || is_bidi(c))
        );
        assert_eq!(
            text.lines().filter(|line| *line == "How to answer").count(),
            1
        );
        assert_eq!(text.matches("\n  Priority  ").count(), 1);
        assert!(text.contains("  Customer  anna@customer.example\n"));
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let (address, none) = (reply_to(), []);
        let many = "line\n".repeat(ASKED_LINES_MAX + 1);
        let wide = "ord ".repeat(ASKED_CHARS_MAX);
        for (asked, cut) in [
            (many.as_str(), true),
            (&wide, true),
            ("short", false),
            ("", false),
        ] {
            let text = sheet(&SheetFacts {
                asked,
                ..facts(&address, &none)
            });
            assert_eq!(text.contains("(cut here;"), cut);
            assert!(text.lines().all(|line| line.chars().count() <= COLUMNS + 2));
        }
    }
}
