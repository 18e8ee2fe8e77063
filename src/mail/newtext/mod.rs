//! What a writer wrote now, apart from history and signature.
//!
//! The newest writer's words decide what a mail is about; quoted threads, footers and disclaimers
//! speak of other things and must not outvote them. [`cut`] takes the readable text of a mail and
//! puts every line of it into one of three parts. It knows the habits of mail programs in a dozen
//! languages ([`words`]); it knows nothing of categories, and turning HTML into text is left to
//! others (a `<blockquote>` is best given here as lines that begin with `>`).
//!
//! Invariants: every character that is no white space ends in exactly one part, in its order;
//! whatever the input, nothing panics and the time is linear in its length: how many lines are told
//! apart, and what is looked at around one, is bounded by constants. When in doubt a line counts as
//! new text.
//!
//! In the order in which they work: [`history`] finds quotes and forwards; [`signature`], with
//! [`closing`] and [`block`], the closings and disclaimers in what is left; [`addition`] whether the
//! rest says anything.

mod addition;
mod block;
mod closing;
mod history;
mod line;
mod phrases;
mod signature;
mod words;

use line::{Part, lines};

/// A mail's text in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// What the writer wrote now; lines ended by `\n`, none at the end.
    pub body: String,
    /// Quoted and forwarded text, with the lines that introduce it.
    pub quoted: String,
    /// Signatures, closings, disclaimers, the marks of mail programs.
    pub signature: String,
    /// Whether the writer added nothing of weight ("see below", a greeting) to a quoted text, so
    /// that the quoted text says what is wanted.
    pub whole_quoted: bool,
}

/// Cuts the readable text of a mail into its parts.
pub fn cut(plain: &str) -> Text {
    let lines = lines(plain);
    let mut parts = vec![Part::New; lines.len()];
    history::mark(&lines, &mut parts);
    let before = parts.clone();
    signature::mark(&lines, &mut parts);
    if cut_too_much(&lines, &parts) {
        parts = before;
    }
    let mut text = Text::default();
    for (line, part) in lines.iter().zip(&parts) {
        let to = match part {
            Part::New => &mut text.body,
            Part::Quoted => &mut text.quoted,
            Part::Signature => &mut text.signature,
        };
        to.push_str(line);
        to.push('\n');
    }
    for part in [&mut text.body, &mut text.quoted, &mut text.signature] {
        trim(part);
    }
    text.whole_quoted = !text.quoted.is_empty() && addition::says_nothing(&text.body, &text.quoted);
    text
}

/// Whether the cut left no body although nothing else tells what the mail is about, or although
/// the writer's own sentences went with it.
fn cut_too_much(lines: &[&str], parts: &[Part]) -> bool {
    let mut quoted = false;
    let mut sentence = false;
    for (line, part) in lines.iter().zip(parts) {
        let blank = line::is_blank(line);
        match part {
            Part::New if !blank => return false,
            Part::Quoted => quoted |= !blank,
            Part::Signature => sentence |= closing::is_question(line),
            Part::New => {}
        }
    }
    !quoted || sentence
}

/// Removes blank lines and spaces at both ends without a second copy.
fn trim(text: &mut String) {
    text.truncate(text.trim_end().len());
    let blank = text.len() - text.trim_start().len();
    if blank > 0 {
        text.drain(..blank);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// The parts as the expected files show them.
    fn shown(text: &Text) -> String {
        format!(
            "=== body\n{}\n=== signature\n{}\n=== quoted\n{}\n=== whole quoted: {}\n",
            text.body, text.signature, text.quoted, text.whole_quoted
        )
    }

    /// Every `tests/cases/newtext/NAME.txt` is cut as its `NAME.expected` says.
    #[test]
    fn mails_are_cut_as_expected() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/newtext");
        let mut failed = Vec::new();
        let mut count = 0;
        for entry in fs::read_dir(folder).expect("the cases") {
            let path = entry.expect("a case").path();
            if path.extension().is_none_or(|kind| kind != "txt") {
                continue;
            }
            count += 1;
            let input = fs::read_to_string(&path).expect("a mail");
            let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
            for text in [
                input.clone(),
                input.replace('\n', "\r\n"),
                input.replace(' ', "\u{a0}"),
            ] {
                let found = shown(&cut(&text)).replace('\u{a0}', " ");
                if found != expected {
                    failed.push(format!("{}:\n{found}", path.display()));
                }
            }
        }
        assert!(count >= 40, "only {count} cases found");
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }

    /// The characters that can be seen, sorted.
    fn seen(texts: &[&str]) -> Vec<char> {
        let all = texts.iter().flat_map(|text| text.chars());
        let mut seen: Vec<_> = all.filter(|c| !c.is_whitespace()).collect();
        seen.sort_unstable();
        seen
    }

    fn check_nothing_is_lost(input: &str) -> Text {
        let text = cut(input);
        let parts = [text.body.as_str(), &text.quoted, &text.signature];
        assert_eq!(seen(&parts), seen(&[input]), "{input:?}");
        for part in parts {
            let mut rest = input.chars().filter(|c| !c.is_whitespace());
            let kept = part.chars().filter(|c| !c.is_whitespace());
            assert!(
                kept.into_iter().all(|c| rest.any(|r| r == c)),
                "order: {input:?}"
            );
        }
        assert!(!text.whole_quoted || !text.quoted.is_empty());
        text
    }

    #[test]
    fn a_text_of_more_lines_than_are_told_apart_is_whole() {
        let count = line::LINES_MAX + 10;
        let text = check_nothing_is_lost(&format!("Hej\n{}", "> a\n".repeat(count)));
        assert_eq!(text.body, "Hej");
        let text = check_nothing_is_lost(&"a\r".repeat(count));
        assert_eq!(text.quoted, "");
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            Just("Hej Anna,"),
            Just("Appen kraschar när vi skriver ut."),
            Just("Kan ni hjälpa oss?"),
            Just("Se nedan"),
            Just("Tack!"),
            Just("Mvh"),
            Just("Best regards, Sam Sample"),
            Just("Anna Exempel"),
            Just("Tel: 070-123 45 67"),
            Just("/Anna"),
            Just("PS. En sak till"),
            Just("-- "),
            Just("_____________"),
            Just("Sent from my iPhone"),
            Just("This e-mail is confidential."),
            Just("On Tue, 3 Mar 2026 at 09:12, Sam <sam@customer.example>"),
            Just("wrote:"),
            Just("Den 3 mars 2026 kl. 09:12 skrev Sam:"),
            Just("From: Sam <sam@customer.example>"),
            Just("Skickat: den 3 mars 2026 09:12"),
            Just("Till: support@partner.example"),
            Just("Subject: Re: x"),
            Just("-----Original Message-----"),
            Just("> quoted"),
            Just(">From the start"),
            Just(""),
            Just("\u{feff}"),
            Just("\u{a0}"),
        ];
        let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n")];
        prop::collection::vec((line, end), 0..24)
            .prop_map(|lines| lines.iter().flat_map(|(line, end)| [*line, *end]).collect())
    }

    proptest! {
        #[test]
        fn no_mail_loses_a_character(input in text()) {
            check_nothing_is_lost(&input);
        }

        #[test]
        fn no_text_at_all_does(input: String, wild in "(\\PC|[\r\n>:@ -])*") {
            check_nothing_is_lost(&input);
            check_nothing_is_lost(&wild);
        }
    }
}
