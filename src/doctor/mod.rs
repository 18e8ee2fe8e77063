//! Layer 5: tries, step by step, what the daemon will need, and says of each failure what to do.
//!
//! Nothing is sent to anybody, and nothing that was there before is changed: what is tried with
//! messages is tried with one of our own, in folders made for it, which are removed again. A step
//! that needs one that failed is left out, and said to be.

mod account;
mod files;
mod host;
mod remedy;
mod scratch;
mod server;
mod way_out;

use crate::config::Config;
use crate::config::mailbox::Source;
use crate::oauth::Tokens;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it must be.
    Good,
    /// It works, but look at it.
    Odd,
    /// It does not work.
    Failed,
    /// It was not tried, because what it needs does not work or is not there.
    LeftOut,
}

impl Verdict {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Odd => "odd",
            Self::Failed => "failed",
            Self::LeftOut => "left-out",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it belongs to: `host`, `mailbox NAME` or `delivery`.
    pub part: String,
    /// What was tried.
    pub name: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// The steps of one part as they end.
struct Sheet<'a> {
    part: String,
    tell: &'a mut dyn FnMut(&Step),
    failed: bool,
}

impl Sheet<'_> {
    fn note(
        &mut self,
        name: &'static str,
        verdict: Verdict,
        found: String,
        remedy: Option<String>,
    ) {
        self.failed |= verdict == Verdict::Failed;
        (self.tell)(&Step {
            part: self.part.clone(),
            name,
            verdict,
            found,
            remedy,
        });
    }

    fn good(&mut self, name: &'static str, found: impl Into<String>) {
        self.note(name, Verdict::Good, found.into(), None);
    }

    fn odd(&mut self, name: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.note(name, Verdict::Odd, found.into(), Some(remedy.into()));
    }

    fn failed(&mut self, name: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.note(name, Verdict::Failed, found.into(), Some(remedy.into()));
    }

    fn left_out(&mut self, names: &[&'static str], why: &str) {
        for name in names {
            self.note(name, Verdict::LeftOut, why.to_owned(), None);
        }
    }
}

/// Why a step is left out most often.
const NEEDS_ABOVE: &str = "left out: it needs what failed above";

/// Examines everything `config` names and tells each step as it ends; the answer is whether none
/// failed.
pub async fn examine(config: &Config, tell: &mut dyn FnMut(&Step)) -> bool {
    let tokens = Tokens::default();
    let mut failed = false;
    let mut sheet = Sheet {
        part: "host".to_owned(),
        tell,
        failed: false,
    };
    host::examine(config, &mut sheet).await;
    failed |= sheet.failed;
    for mailbox in &config.mailboxes {
        let mut sheet = Sheet {
            part: format!("mailbox {}", mailbox.name),
            tell: &mut *sheet.tell,
            failed: false,
        };
        let folders = crate::pipeline::crew::folders(&config.policy.routing);
        match &mailbox.source {
            Source::Imap(imap) => {
                account::examine(mailbox, imap, &folders, &tokens, &mut sheet).await;
            }
            Source::Maildir { path } => {
                files::examine(mailbox, path, &folders, &tokens, &mut sheet).await;
            }
        }
        failed |= sheet.failed;
    }
    let mut sheet = Sheet {
        part: "delivery".to_owned(),
        tell: &mut *sheet.tell,
        failed: false,
    };
    way_out::examine(config, &tokens, &mut sheet).await;
    failed |= sheet.failed;
    !failed
}
