//! What a writer wrote now, apart from history and signature.
//!
//! The newest writer's words decide what a mail is about; quoted threads, footers and disclaimers
//! speak of other things and must not outvote them. [`cut`] takes the readable text of a mail and
//! puts every line of it into one of three parts. It knows the habits of mail programs in a dozen
//! languages ([`words`]); it knows nothing of categories, and turning HTML into text is left to
//! others (a `<blockquote>` is best given here as lines that begin with `>`).
//!
//! Invariants: every character that is no white space ends in exactly one part, in its order;
//! whatever the input, nothing panics and the time is linear in its length: what is looked at
//! around one line is bounded by constants. When in doubt a line counts as new text.
//!
//! In the order in which they work: [`history`] finds quotes and forwards, [`signature`] the
//! closings and disclaimers in what is left, [`addition`] whether the rest says anything.

mod addition;
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
    text.whole_quoted = !text.quoted.is_empty() && addition::says_nothing(&text.body);
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
            Part::Signature => sentence |= signature::is_question(line),
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
