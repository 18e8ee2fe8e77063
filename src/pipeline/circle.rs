//! Loops that only a history tells: whoever causes more forwards than a person does is answered
//! by a machine somewhere, whatever its headers say.
//!
//! What is above a cap is filed under `Loops` and not sent; people are told. Only mail of the last
//! day counts, so that a mailbox with a year of mail can be taken over in one go.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use super::intake::Opened;
use super::read::{Decided, Read, ReadEnd};
use super::session::Session;
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Happening};
use crate::domain::locator::Item;
use crate::domain::reason::{LoopSign, Reason};
use crate::ledger::{Change, MadeFor};
use crate::mail::subject;

/// The time over which forwards are counted.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What one sender caused: contents, and how many of them under each subject.
#[derive(Default)]
struct Caused {
    contents: HashSet<Digest>,
    matters: HashMap<String, usize>,
}

impl Caused {
    fn note(&mut self, subject: &str, digest: Digest) {
        // A content that came again, because a folder was rebuilt, is still one.
        if self.contents.insert(digest) {
            *self.matters.entry(matter(subject)).or_default() += 1;
        }
    }

    fn of(made: &[MadeFor]) -> Self {
        let mut caused = Self::default();
        for one in made {
            caused.note(&one.subject, one.digest);
        }
        caused
    }
}

/// What a subject is about, whatever prefixes, numbers and references of ours systems put to it.
fn matter(text: &str) -> String {
    let base = subject::base(text).text;
    let words = base.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-');
    let ours = |word: &&str| {
        let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        word.len() == 10 && word.starts_with("T-")
    };
    words
        .filter(|word| !ours(word))
        .flat_map(str::chars)
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect()
}

impl Session<'_> {
    /// Takes back what would be sent for a sender that has caused too much already.
    pub(super) async fn mark_circles(&self, reads: &mut [Read]) -> Result<(), Fault> {
        let now = Timestamp::now();
        let mut forwards: Vec<&mut Decided> = reads
            .iter_mut()
            .filter_map(|read| match &mut read.end {
                ReadEnd::Decided(decided) if decided.forward.is_some() => Some(&mut **decided),
                _ => None,
            })
            .filter(|decided| {
                decided
                    .came
                    .is_none_or(|at| now.duration_since(at) < WINDOW)
            })
            .collect();
        if forwards.is_empty() {
            return Ok(());
        }
        let senders: HashSet<&str> = forwards.iter().map(|f| f.summary.from.as_str()).collect();
        let senders: Vec<&str> = senders.into_iter().collect();
        let since = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
        let made = self.works.ledger.forwards_of(&senders, since).await?;
        let mut caused: HashMap<String, Caused> = made
            .iter()
            .map(|(sender, made)| (sender.clone(), Caused::of(made)))
            .collect();
        let limits = &self.works.limits;
        for decided in &mut forwards {
            let Some(digest) = decided.digest else {
                continue;
            };
            let known = caused.entry(decided.summary.from.clone()).or_default();
            if known.contents.contains(&digest) {
                continue;
            }
            let all = known.contents.len();
            let matter = matter(&decided.summary.subject);
            let matters = known.matters.get(&matter).copied().unwrap_or(0);
            let sign = if !matter.is_empty() && matters >= limits.matter_per_day {
                LoopSign::Matter { forwards: matters }
            } else if all >= limits.sender_per_day {
                LoopSign::Sender { forwards: all }
            } else {
                known.note(&decided.summary.subject, digest);
                continue;
            };
            decided.forward = None;
            let loops = self.reader.policy.routing.loops.clone();
            let decision = decided.decision.clone();
            decided.decision = decision.for_review(Reason::Loop { sign }, loops);
        }
        Ok(())
    }

    /// What is noted of messages that go in a circle, for people to be told.
    pub(super) fn looped(&self, item: &Item, opened: &Opened, read: &Decided) -> Option<Change> {
        let Reason::Loop { sign } = &read.decision.reason else {
            return None;
        };
        tracing::error!(
            ticket = %opened.standing.id.reference(),
            mailbox = %self.config.name,
            %item,
            %sign,
            "goes in a circle: it is filed and not sent"
        );
        let happening = Happening::Looped { sign: sign.clone() };
        Some(Change::Note(
            opened.standing.entry(Actor::Triaged, happening),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matter_is_the_same_under_every_number_and_prefix() {
        for subject in [
            "Lumen CRM kraschar",
            "Fwd: Lumen  CRM kraschar!",
            "SV: Lumen CRM kraschar 4711",
            "Re: AW: Lumen CRM kraschar (17)",
            "Re: [T-4F7K25QM] Lumen CRM kraschar [#48]",
        ] {
            assert_eq!(matter(subject), "lumencrmkraschar", "{subject}");
        }
    }

    #[test]
    fn a_content_counts_once() {
        let mut caused = Caused::default();
        for content in [b"a", b"b", b"a"] {
            caused.note("Re: x", Digest::of(content));
        }
        assert_eq!((caused.contents.len(), caused.matters["x"]), (2, 2));
    }
}
