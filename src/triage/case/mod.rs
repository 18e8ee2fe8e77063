//! Cases: messages with what must become of them, kept beside the rules.
//!
//! Pure: [`Case::mail`] goes through [`super::decide()`] like any other message, and [`judge`]
//! compares. Reading cases from files is the configuration's, showing what came of them the
//! command line's.
//!
//! Invariants: a forward is only right when the case names its product, so that a case which says
//! too little can never call a leak right; being a known miss never excuses a dangerous error.

mod judge;
mod tally;

use std::fmt::{self, Write as _};

use crate::domain::decision::{Action, Decision, Owner, Priority};
use crate::domain::ids::{CategoryId, ProductId, RuleId};
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::rules::Origin;

pub use judge::{Danger, Judgement, Mark, Miss, Standing, judge};
pub use tally::{Languages, Report, Tally};

/// One message and what must become of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What people call it.
    pub name: String,
    /// Where it is written.
    pub origin: Origin,
    /// What it is written in, where the case or its file says so.
    pub language: Option<Written>,
    /// The message as it would arrive.
    pub mail: Vec<u8>,
    /// What must become of it.
    pub expected: Expected,
    /// A miss that is known: it does not fail.
    pub known: bool,
    /// From a file that only measures: its misses are counted and do not fail.
    pub sample: bool,
}

/// What a case expects; what is absent is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// What must come of it.
    pub outcome: Option<Outcome>,
    /// What a fair person would let pass too.
    pub also: Vec<Outcome>,
    /// The product it must be forwarded for.
    pub product: Option<ProductId>,
    /// Who must answer.
    pub owner: Option<Owner>,
    /// How soon.
    pub priority: Option<Priority>,
    /// Rules that must fire.
    pub fires: Vec<RuleId>,
    /// Rules that must not fire.
    pub silent: Vec<RuleId>,
}

impl Expected {
    /// Whether `outcome` is what is wanted, or let pass.
    pub fn lets_pass(&self, outcome: &Outcome) -> bool {
        self.outcome.as_ref() == Some(outcome) || self.also.contains(outcome)
    }
}

/// What a decision comes to, in the words of the cases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A ticket of this category; `review` is one.
    Category(CategoryId),
    /// No ticket, but this kind.
    Kind(Kind),
    /// A ticket for which no rule speaks at all, so that it is reviewed.
    Nothing,
}

impl Outcome {
    /// What `decision` comes to. Whatever a person must decide is `review`.
    pub fn of(decision: &Decision) -> Self {
        match (decision.action, &decision.category) {
            (Action::Ignore, _) => Self::Kind(decision.kind),
            (Action::Forward | Action::Keep, Some(category)) => Self::Category(category.clone()),
            _ => Self::Category(CategoryId::review()),
        }
    }

    /// Whether it leaves the message to a person.
    pub fn is_review(&self) -> bool {
        match self {
            Self::Category(category) => category.is_review(),
            Self::Nothing => true,
            Self::Kind(_) => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Category(category) => category.fmt(f),
            Self::Kind(kind) => kind.fmt(f),
            Self::Nothing => f.write_str("none"),
        }
    }
}

/// What a case is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// This language.
    In(Language),
    /// Too short, mixed, or something else: nobody need tell.
    Unknown,
}

impl Written {
    /// The word used in files of cases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In(language) => language.as_str(),
            Self::Unknown => "unknown",
        }
    }
}

/// A message put together from the parts that a case states. None of the values in the header may
/// hold a line end.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// `From`, as in RFC 5322 §3.4.
    pub from: &'a str,
    /// `To`.
    pub to: &'a str,
    /// `Subject`.
    pub subject: &'a str,
    /// Further fields.
    pub headers: &'a [(String, String)],
    /// What it says.
    pub body: Body<'a>,
}

/// The one form that the text of a letter has.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// Plain text.
    Plain(&'a str),
    /// A page, without a plain form beside it.
    Html(&'a str),
}

impl Letter<'_> {
    /// Its bytes: UTF-8 in header (RFC 6532) and body, lines ended by CR LF.
    pub fn bytes(&self) -> Vec<u8> {
        let (media, text) = match self.body {
            Body::Plain(text) => ("plain", text),
            Body::Html(text) => ("html", text),
        };
        let mut mail = String::with_capacity(400 + text.len());
        // Writing to a string cannot fail.
        let _ = write!(
            mail,
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: Mon, 2 Mar 2026 09:00:00 +0100\r\n\
             Message-ID: <case@kund.example>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/{media}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
            self.from, self.to, self.subject
        );
        for (name, value) in self.headers {
            let _ = write!(mail, "{name}: {value}\r\n");
        }
        mail.push_str("\r\n");
        for line in text.lines() {
            mail.push_str(line);
            mail.push_str("\r\n");
        }
        mail.into_bytes()
    }
}
