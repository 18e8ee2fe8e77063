//! A server's verdict on a command, its words made safe to show, and what they mean for patience.

use std::time::Duration;

use crate::mailbox::exchange::Trouble;

use super::line::Code;

/// Most characters of a server's words that are kept.
pub(super) const WORDS_MAX: usize = 200;
/// Longest wait a server can talk us into.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// OK, NO or BAD (RFC 3501 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    No,
    Bad,
}

/// The tagged response that ends a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub verdict: Verdict,
    pub code: Code,
    /// The words, with the response code where it says something, safe to show.
    pub words: String,
}

impl Reply {
    /// Whether it is OK.
    pub(super) fn ok(&self) -> bool {
        self.verdict == Verdict::Ok
    }

    /// Verdict and words, for an error text.
    pub(super) fn text(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "OK",
            Verdict::No => "NO",
            Verdict::Bad => "BAD",
        };
        format!("{verdict} {}", self.words)
    }

    /// `Ok` for OK; otherwise the server asks for patience or refuses `command`, and either way
    /// the session cannot go on as it should.
    pub(super) fn demand(&self, command: &str) -> Result<(), Trouble> {
        if self.ok() {
            return Ok(());
        }
        self.patience()?;
        Err(Trouble::Lost(format!(
            "the server refused {command}: {}",
            self.text()
        )))
    }

    /// What a refusal says of the whole session: [`Trouble::Throttled`] when it asks for patience,
    /// [`Trouble::Expired`] and [`Trouble::NotConnected`] when the log-in does not hold.
    pub(super) fn patience(&self) -> Result<(), Trouble> {
        if self.ok() {
            return Ok(());
        }
        let reply = || self.text();
        let words = self.words.to_ascii_lowercase();
        if expired(&words) || words.starts_with("authenticate") {
            return Err(Trouble::Expired { reply: reply() });
        }
        // Exchange Online; also when it has too much to do.
        if words.contains("authenticated but not connected") {
            return Err(Trouble::NotConnected { reply: reply() });
        }
        self.throttle()
    }

    /// [`Trouble::Throttled`] when a refusal asks for patience: all that one of a log-in can say
    /// besides that it is refused.
    pub(super) fn throttle(&self) -> Result<(), Trouble> {
        if !self.ok() && throttled(&self.words) {
            return Err(Trouble::Throttled {
                wait: backoff(&self.words),
                reply: self.text(),
            });
        }
        Ok(())
    }
}

/// The error for a connection that the server ended with these words.
pub(super) fn goodbye(words: &str) -> Trouble {
    if throttled(words) {
        return Trouble::Throttled {
            wait: backoff(words),
            reply: format!("BYE {words}"),
        };
    }
    if expired(&words.to_ascii_lowercase()) {
        let reply = format!("BYE {words}");
        return Trouble::Expired { reply };
    }
    Trouble::Lost(format!("the server said goodbye: {words}"))
}

/// A server's words in one line of at most [`WORDS_MAX`] characters, nothing in it that a
/// terminal would obey.
pub(super) fn clean(words: &str) -> String {
    let mut shown = String::with_capacity(words.len().min(WORDS_MAX));
    for c in words.trim().chars().take(WORDS_MAX) {
        let steers = c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if steers {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether words in lower case say that the log-in held until now.
fn expired(words: &str) -> bool {
    [
        "accesstokenexpired", // Exchange Online
        "session invalidated",
        "token expired",
        "token has expired",
        "session expired",
    ]
    .iter()
    .any(|sign| words.contains(sign))
}

fn throttled(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    [
        "suggested backoff time",
        "throttled",
        "[unavailable]",
        "[inuse]",
        "[limit]",
        "too many simultaneous connections",
        "bandwidth limits",
    ]
    .iter()
    .any(|sign| words.contains(sign))
}

/// The milliseconds of Exchange's `Suggested Backoff Time: 299961`.
fn backoff(words: &str) -> Option<Duration> {
    let lower = words.to_ascii_lowercase();
    let (_, after) = lower.split_once("suggested backoff time:")?;
    let digits: String = after
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let wait = Duration::from_millis(digits.parse().ok()?);
    Some(wait.min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttling_reply_is_known_by_its_words() {
        for (words, wait) in [
            (
                "Request is throttled. Suggested Backoff Time: 299961 milliseconds",
                Some(299_961),
            ),
            ("Suggested Backoff Time: 99999999999", Some(86_400_000)),
            ("[UNAVAILABLE] backend is down", None),
            ("[INUSE] mailbox is locked", None),
            ("[LIMIT] slow down", None),
            ("[ALERT] Too many simultaneous connections. (Failure)", None),
        ] {
            let reply = Reply {
                verdict: Verdict::No,
                code: Code::Other,
                words: words.into(),
            };
            let expected = Trouble::Throttled {
                wait: wait.map(Duration::from_millis),
                reply: format!("NO {words}"),
            };
            assert_eq!(reply.patience(), Err(expected));
        }
    }

    #[test]
    fn a_log_in_that_has_ended_is_told_from_one_that_is_refused() {
        let reply = |words: &str| Reply {
            verdict: Verdict::No,
            code: Code::Other,
            words: words.into(),
        };
        for words in [
            "AUTHENTICATE failed.",
            "Session invalidated - AccessTokenExpired",
            "The access token has expired",
        ] {
            let told = reply(words).patience();
            assert!(matches!(told, Err(Trouble::Expired { .. })), "{told:?}");
            assert_eq!(reply(words).throttle(), Ok(()));
        }
        let told = reply("User is authenticated but not connected.").patience();
        assert!(
            matches!(told, Err(Trouble::NotConnected { .. })),
            "{told:?}"
        );
        assert!(matches!(
            goodbye("Session invalidated - AccessTokenExpired"),
            Trouble::Expired { .. }
        ));
    }

    #[test]
    fn an_ok_never_throttles_and_a_plain_refusal_is_no_patience() {
        for (verdict, words) in [
            (Verdict::Ok, "throttled"),
            (Verdict::Bad, "no such command"),
        ] {
            let code = Code::Other;
            let words = words.into();
            let reply = Reply {
                verdict,
                code,
                words,
            };
            assert_eq!(reply.patience(), Ok(()));
        }
    }

    #[test]
    fn words_are_cut_and_cannot_steer_a_terminal() {
        let shown = clean(&format!("\u{1b}]0;x\u{7} \u{202e}{}", "å".repeat(500)));
        assert!(shown.starts_with("\\u{1b}]0;x\\u{7} \\u{202e}å"));
        assert!(!shown.chars().any(char::is_control));
        assert!(shown.chars().count() < WORDS_MAX + 30);
    }
}
