//! What is wrong, since when, and what a person was told of it: pure, so that its bounds can be
//! tried without a clock.
//!
//! A matter is told once it has lasted, again at long intervals while it lasts, and once when it is
//! over. One that comes and goes stays the same matter: it is over only after a quiet while. The
//! book is kept beside the ledger, so that a daemon that is started again and again tells of it no
//! more often.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::alarm::Alarm;
use crate::domain::ids::MailboxName;

/// Most mails in 24 hours, to each recipient.
const MAILS_MAX: usize = 24;

/// The span that [`MAILS_MAX`] is counted over.
const DAY: Duration = Duration::from_hours(24);

/// How long something must last that does not pass by itself.
const SOON: Duration = Duration::from_secs(20);

/// How long nothing may be wrong before a matter is over, at most.
const QUIET: Duration = Duration::from_mins(2);

/// What may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// A mailbox is not worked on.
    Mailbox(MailboxName),
    /// Sending pauses.
    WayOut,
    /// The ledger cannot write.
    Ledger,
    /// There is little room left.
    Room,
    /// A loop hangs, by its name.
    Loop(String),
    /// A fault ended the daemon.
    Ended,
}

/// How long something must last before it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It is the last that can be said.
    Now,
    /// It does not pass by itself.
    Soon,
    /// It may pass.
    Waits,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What.
    pub matter: Matter,
    /// Why, as far as it is known.
    pub why: String,
    /// How soon a person should know.
    pub urgency: Urgency,
}

/// A matter in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What.
    pub matter: Matter,
    /// Why, as it was seen last.
    pub why: String,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen: Timestamp,
    /// When a person was last told that it lasts.
    told: Option<Timestamp>,
}

/// What a person is to be told now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// What is wrong since a while and was not told yet.
    pub new: Vec<Note>,
    /// What was told, and lasts.
    pub lasting: Vec<Note>,
    /// What was told, and is over.
    pub over: Vec<Note>,
}

impl Telling {
    fn is_empty(&self) -> bool {
        self.new.is_empty() && self.lasting.is_empty() && self.over.is_empty()
    }
}

/// The book.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Book {
    notes: Vec<Note>,
    /// When mails were sent, those of the last day.
    mails: Vec<Timestamp>,
}

impl Book {
    /// Takes in what is wrong now, and says what a person is to be told.
    pub fn look(&mut self, wrong: &[Wrong], pace: &Alarm, now: Timestamp) -> Option<Telling> {
        let quiet = QUIET.min(pace.after);
        for one in wrong {
            let note = self.notes.iter_mut().find(|note| note.matter == one.matter);
            if let Some(note) = note {
                note.seen = now;
                note.why.clone_from(&one.why);
            } else {
                self.notes.push(Note {
                    matter: one.matter.clone(),
                    why: one.why.clone(),
                    since: now,
                    seen: now,
                    told: None,
                });
            }
        }
        self.notes
            .retain(|note| note.told.is_some() || between(note.seen, now) < quiet);
        self.mails.retain(|sent| between(*sent, now) < DAY);
        let mut telling = Telling::default();
        for note in &self.notes {
            let present = wrong.iter().find(|one| one.matter == note.matter);
            match (present, note.told) {
                (Some(one), None) => {
                    let least = match one.urgency {
                        Urgency::Now => Duration::ZERO,
                        Urgency::Soon => SOON.min(pace.after),
                        Urgency::Waits => pace.after,
                    };
                    if between(note.since, now) >= least {
                        telling.new.push(note.clone());
                    }
                }
                (Some(_), Some(told)) if between(told, now) >= pace.every => {
                    telling.lasting.push(note.clone());
                }
                (None, Some(_)) if between(note.seen, now) >= quiet => {
                    telling.over.push(note.clone());
                }
                (_, _) => {}
            }
        }
        (!telling.is_empty() && self.mails.len() < MAILS_MAX).then_some(telling)
    }

    /// A person was told.
    pub fn told(&mut self, telling: &Telling, now: Timestamp) {
        self.mails.push(now);
        self.notes
            .retain(|note| !telling.over.iter().any(|over| over.matter == note.matter));
        for said in telling.new.iter().chain(&telling.lasting) {
            let mut notes = self.notes.iter_mut();
            if let Some(note) = notes.find(|note| note.matter == said.matter) {
                note.told = Some(now);
            }
        }
    }
}

/// The time from one to the other; none when the clock was set back.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;

    fn pace() -> Alarm {
        Alarm {
            to: vec!["operations@partner.example".parse().unwrap()],
            after: Duration::from_mins(15),
            every: Duration::from_hours(24),
            server: None,
        }
    }

    fn wrong(matter: &Matter, urgency: Urgency) -> Wrong {
        Wrong {
            matter: matter.clone(),
            why: "it is broken".to_owned(),
            urgency,
        }
    }

    /// Looks at a second; a telling is taken to have arrived.
    fn at(book: &mut Book, second: i64, wrong: &[Wrong]) -> Option<Telling> {
        let now = Timestamp::from_second(second).unwrap();
        let telling = book.look(wrong, &pace(), now)?;
        book.told(&telling, now);
        Some(telling)
    }

    /// How many matters were new, lasting and over in what was told.
    fn counts(telling: Option<Telling>) -> [usize; 3] {
        let told = telling.unwrap_or_default();
        [told.new.len(), told.lasting.len(), told.over.len()]
    }

    #[test]
    fn a_matter_is_told_once_it_lasts_then_daily_then_when_it_is_over() {
        let mut book = Book::default();
        let mailbox = [wrong(&Matter::Mailbox("support".into()), Urgency::Waits)];
        let mut told = Vec::new();
        for minute in 0..(50 * 60) {
            let counts = counts(at(&mut book, minute * MINUTE, &mailbox));
            if counts != [0, 0, 0] {
                told.push((minute, counts));
            }
        }
        let day = 24 * 60;
        assert_eq!(
            told,
            [
                (15, [1, 0, 0]),
                (15 + day, [0, 1, 0]),
                (15 + 2 * day, [0, 1, 0])
            ]
        );
        let end = 50 * HOUR;
        assert_eq!(counts(at(&mut book, end, &[])), [0, 0, 0]);
        assert_eq!(counts(at(&mut book, end + 2 * MINUTE, &[])), [0, 0, 1]);
        assert_eq!(counts(at(&mut book, end + 3 * MINUTE, &[])), [0, 0, 0]);
    }

    #[test]
    fn what_passes_is_not_told_and_what_does_not_is_told_soon() {
        let mut book = Book::default();
        let short = [wrong(&Matter::WayOut, Urgency::Waits)];
        assert_eq!(counts(at(&mut book, 0, &short)), [0, 0, 0]);
        assert_eq!(counts(at(&mut book, 5 * MINUTE, &[])), [0, 0, 0]);
        // Another one, not the rest of the first.
        assert_eq!(counts(at(&mut book, 20 * MINUTE, &short)), [0, 0, 0]);
        let lasting = [wrong(&Matter::Ledger, Urgency::Soon)];
        assert_eq!(counts(at(&mut book, HOUR, &lasting)), [0, 0, 0]);
        assert_eq!(counts(at(&mut book, HOUR + 20, &lasting)), [1, 0, 0]);
        let last = [wrong(&Matter::Ended, Urgency::Now)];
        assert_eq!(counts(at(&mut book, 2 * HOUR, &last)), [1, 0, 1]);
    }

    #[test]
    fn who_is_started_again_and_again_tells_once() {
        let mut book = Book::default();
        let ended = [wrong(&Matter::Ended, Urgency::Now)];
        assert_eq!(counts(at(&mut book, 0, &ended)), [1, 0, 0]);
        for start in 1..20 {
            let kept = serde_json::to_string(&book).unwrap();
            book = serde_json::from_str(&kept).unwrap();
            let second = start * MINUTE;
            assert_eq!(counts(at(&mut book, second, &[])), [0, 0, 0]);
            assert_eq!(counts(at(&mut book, second + 5, &ended)), [0, 0, 0]);
        }
    }

    #[test]
    fn a_day_has_so_many_mails_whatever_happens() {
        let mut book = Book::default();
        let mut mails = 0;
        for turn in 0..200 {
            let matter = Matter::Loop(turn.to_string());
            let one = [wrong(&matter, Urgency::Now)];
            mails += usize::from(at(&mut book, turn * MINUTE, &one).is_some());
        }
        assert_eq!(mails, MAILS_MAX);
    }

    #[test]
    fn what_did_not_arrive_is_told_at_the_next_look() {
        let mut book = Book::default();
        let one = [wrong(&Matter::Ended, Urgency::Now)];
        let now = Timestamp::from_second(0).unwrap();
        assert!(book.look(&one, &pace(), now).is_some());
        assert_eq!(counts(at(&mut book, 1, &one)), [1, 0, 0]);
    }
}
