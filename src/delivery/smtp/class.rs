//! What a refusal says about: one table, read from above, the first row that fits decides.
//!
//! A server's 5 does not always mean "never", and its 4 does not always mean "wait": sending
//! limits and log-in trouble come as either. What is taken for the wrong class is either given
//! up for good or blamed on every ticket in turn, so the rows are ordered from what concerns
//! everybody to what concerns one message. Rows name their origin where it is not the RFC.

use super::reply::{Reply, Status};
use crate::domain::outcome::Cause::{self, Identity, Message, Quota, Recipient, Server};

/// The step of a session a reply belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The greeting, EHLO and STARTTLS.
    Hello,
    /// AUTH and its challenges.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, before the message.
    Data,
    /// After the final dot.
    End,
}

impl Step {
    /// The word used in an outcome's reply.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "greeting",
            Self::Auth => "log-in",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::End => "end of message",
        }
    }
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again later.
    Defer(Cause),
    /// Never again without a person.
    Refuse(Cause),
}
use Verdict::{Defer, Refuse};

/// Part of an enhanced status code.
#[derive(Debug, Clone, Copy)]
enum Codes {
    /// Any, or none.
    Any,
    /// The subject, such as 1 of `x.1.z`.
    Subject(u16),
    /// Subject and detail.
    Is(u16, u16),
    /// Subject and a range of details, ends included.
    Within(u16, u16, u16),
}

impl Codes {
    fn fits(self, status: Option<Status>) -> bool {
        match (self, status) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Subject(subject), Some((_, s, _))) => s == subject,
            (Self::Is(subject, detail), Some((_, s, d))) => (s, d) == (subject, detail),
            (Self::Within(subject, low, high), Some((_, s, d))) => {
                s == subject && (low..=high).contains(&d)
            }
        }
    }
}

/// One row. An empty list fits everything.
struct Row {
    steps: &'static [Step],
    /// Reply codes; a single digit stands for all codes that begin with it.
    replies: &'static [u16],
    codes: Codes,
    /// Any of these, in lower case, somewhere in the words.
    words: &'static [&'static str],
    verdict: Verdict,
}

const fn row(
    steps: &'static [Step],
    replies: &'static [u16],
    codes: Codes,
    words: &'static [&'static str],
    verdict: Verdict,
) -> Row {
    Row {
        steps,
        replies,
        codes,
        words,
        verdict,
    }
}

const BEFORE: &[Step] = &[Step::Hello, Step::Auth];
const ENVELOPE: &[Step] = &[Step::Mail, Step::Rcpt, Step::Data];
const ANY: Codes = Codes::Any;

/// Words of a greylisting server that gives no enhanced code.
pub(super) const GREYLIST: &[&str] = &["greylist", "graylist", "grey-list", "gray-list"];

const TABLE: &[Row] = &[
    // Sending limits, whatever their first digit.
    row(&[], &[432], ANY, &[], Defer(Quota)), // Exchange: too many connections
    row(&[], &[], Codes::Is(5, 3), &[], Defer(Quota)), // too many in one session or a day
    row(&[], &[], Codes::Is(4, 5), &[], Defer(Quota)), // Gmail: daily limit, as 550
    row(&[], &[4], Codes::Is(7, 28), &[], Defer(Quota)), // Gmail: rate
    row(&[], &[4], Codes::Within(7, 500, 699), &[], Defer(Quota)), // Exchange Online: server busy
    row(&[], &[5], Codes::Is(1, 90), &[], Defer(Quota)), // Exchange Online: recipients a day
    row(&[], &[5], Codes::Within(7, 232, 233), &[], Defer(Quota)), // Exchange Online: tenant limit
    row(&[], &[5], Codes::Is(7, 705), &[], Defer(Quota)), // Exchange Online: tenant limit
    row(&[], &[5], Codes::Is(7, 708), &[], Defer(Quota)), // Exchange Online: low-reputation addresses
    // Who we are. The server's time-outs of a log-in are its own.
    row(&[], &[421, 454], ANY, &[], Defer(Server)),
    row(&[], &[530, 534, 535, 538], ANY, &[], Defer(Identity)),
    row(&[], &[5], Codes::Within(7, 8, 9), &[], Defer(Identity)),
    row(&[], &[5], Codes::Is(7, 3), &[], Defer(Identity)), // Exchange: not authenticated
    row(&[], &[5], Codes::Is(7, 57), &[], Defer(Identity)), // Exchange: anonymous
    row(&[], &[5], Codes::Is(7, 60), &[], Defer(Identity)), // Exchange: send-as denied
    row(&[], &[5], Codes::Is(7, 64), &[], Defer(Identity)), // Exchange: tenant attribution
    row(&[], &[5], Codes::Is(7, 139), &[], Defer(Identity)), // Exchange: basic log-in disabled
    row(&[], &[5], Codes::Is(7, 520), &[], Defer(Identity)), // Exchange: external forwarding off
    row(&[], &[5], Codes::Within(7, 501, 503), &[], Defer(Identity)), // Exchange: sender banned
    row(&[], &[5], Codes::Is(2, 252), &[], Defer(Identity)), // Exchange: send-as denied
    row(
        &[],
        &[5],
        ANY,
        &["sendasdenied", "send as denied"],
        Defer(Identity),
    ),
    row(&[], &[5], Codes::Within(1, 7, 8), &[], Defer(Identity)), // bad sender address
    row(
        &[],
        &[5],
        Codes::Subject(7),
        &[
            "sender address rejected", // Postfix, also in answer to RCPT
            "not owned by user",
            "relay access denied",
            "relaying denied",
            "unable to relay",
            "relay not permitted",
            "client host rejected",
            "authentication required",
        ],
        Defer(Identity),
    ),
    row(&[Step::Auth], &[5], ANY, &[], Defer(Identity)),
    row(
        &[Step::Hello],
        &[5],
        Codes::Subject(7),
        &[],
        Defer(Identity),
    ),
    // More limits: these codes mean something else when the words above stand beside them.
    row(&[], &[5], Codes::Within(2, 251, 255), &[], Defer(Quota)), // Exchange throttling
    row(
        &[Step::Mail, Step::End],
        &[5],
        Codes::Is(2, 0),
        &[],
        Defer(Quota),
    ), // Exchange submission
    row(
        &[],
        &[5],
        ANY,
        &[
            "try again later",
            "sending limit",
            "rate limit",
            "too many messages",
            "quota exceeded for sending",
        ],
        Defer(Quota),
    ),
    // Not now.
    row(
        &[Step::Rcpt],
        &[450, 451],
        Codes::Is(7, 1),
        &[],
        Defer(Recipient),
    ), // greylisting
    row(&[Step::Rcpt], &[4], ANY, GREYLIST, Defer(Recipient)),
    row(
        &[Step::Rcpt],
        &[4],
        Codes::Within(1, 0, 6),
        &[],
        Defer(Recipient),
    ),
    row(
        &[Step::Rcpt],
        &[4],
        Codes::Subject(2),
        &[],
        Defer(Recipient),
    ),
    row(&[Step::End], &[4], Codes::Subject(6), &[], Defer(Message)),
    row(&[], &[4], ANY, &[], Defer(Server)),
    row(&[], &[5], Codes::Is(3, 2), &[], Defer(Server)), // not accepting messages
    row(BEFORE, &[5], ANY, &[], Defer(Server)),
    // Never: the message, wherever it is said.
    row(&[], &[5], Codes::Is(3, 4), &[], Refuse(Message)), // too big for the system
    row(&[], &[5], Codes::Is(2, 3), &[], Refuse(Message)), // too big for the mailbox
    row(&[], &[5], Codes::Subject(6), &[], Refuse(Message)),
    // A command the server does not know or expect: we do not understand each other.
    row(ENVELOPE, &[500, 502, 503, 504], ANY, &[], Defer(Server)),
    row(&[Step::Mail, Step::Data], &[552], ANY, &[], Refuse(Message)),
    // MAIL depends on nothing but our own address.
    row(&[Step::Mail], &[5], ANY, &[], Defer(Identity)),
    row(&[Step::Rcpt], &[5], ANY, &[], Refuse(Recipient)),
    row(
        &[Step::Data, Step::End],
        &[5],
        Codes::Subject(1),
        &[],
        Refuse(Recipient),
    ),
    row(
        &[Step::Data, Step::End],
        &[5],
        Codes::Within(2, 1, 2),
        &[],
        Refuse(Recipient),
    ),
    row(
        &[Step::Data, Step::End],
        &[5],
        Codes::Subject(4),
        &[],
        Refuse(Recipient),
    ),
    row(
        &[Step::Data, Step::End],
        &[551, 553],
        ANY,
        &[],
        Refuse(Recipient),
    ),
    row(&[Step::Data, Step::End], &[5], ANY, &[], Refuse(Message)),
];

/// The verdict on `reply`, which is not the answer hoped for.
pub(super) fn verdict(step: Step, reply: &Reply) -> Verdict {
    let status = reply.status();
    let words = reply.text().to_lowercase();
    let fits = |row: &&Row| {
        let code = reply.code;
        (row.steps.is_empty() || row.steps.contains(&step))
            && (row.replies.is_empty()
                || row.replies.iter().any(|r| *r == code || *r == code / 100))
            && row.codes.fits(status)
            && (row.words.is_empty() || row.words.iter().any(|w| words.contains(w)))
    };
    // A success where none was expected is a server we do not understand.
    TABLE
        .iter()
        .find(fits)
        .map_or(Defer(Server), |row| row.verdict)
}

/// Whether `reply` ends the session rather than refuse what was asked: on a connection used
/// before, the same may be asked at once on a fresh one.
pub(super) fn ends_session(reply: &Reply) -> bool {
    reply.code == 421 || (reply.code == 452 && Codes::Is(5, 3).fits(reply.status()))
}

/// Whether the server asks an unknown sender to come back later.
pub(super) fn is_greylisting(reply: &Reply) -> bool {
    let words = reply.text().to_lowercase();
    reply.class() == 4
        && (GREYLIST.iter().any(|word| words.contains(word))
            || (matches!(reply.code, 450 | 451) && Codes::Is(7, 1).fits(reply.status())))
}

#[cfg(test)]
mod tests {
    use super::super::reply::Partial;
    use super::*;

    const ROWS: &str = include_str!("../../../tests/cases/smtp/replies.txt");

    fn step(word: &str) -> Step {
        match word {
            "HELLO" => Step::Hello,
            "AUTH" => Step::Auth,
            "MAIL" => Step::Mail,
            "RCPT" => Step::Rcpt,
            "DATA" => Step::Data,
            "END" => Step::End,
            _ => panic!("`{word}` is no step"),
        }
    }

    #[test]
    fn every_row_of_the_reply_table_is_classed_as_it_says() {
        let mut seen = 0;
        for (number, row) in (1..).zip(ROWS.lines()) {
            if row.is_empty() || row.starts_with('#') {
                continue;
            }
            let columns: Vec<_> = row.splitn(3, '|').map(str::trim).collect();
            let [at, wanted, line] = columns[..] else {
                panic!("line {number}: three columns wanted");
            };
            let reply = Partial::default().line(line.as_bytes()).unwrap().unwrap();
            let got = match verdict(step(at), &reply) {
                Defer(cause) => format!("deferred {cause}"),
                Refuse(cause) => format!("refused {cause}"),
            };
            assert_eq!(got, wanted, "line {number}: {row}");
            seen += 1;
        }
        assert!(seen > 60, "the table lost its rows");
    }
}
