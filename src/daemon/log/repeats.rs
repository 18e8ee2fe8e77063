//! The same trouble again: said once, then counted, then said how often.
//!
//! A server that is down for an hour is one matter, not sixty lines. Equal are warnings and errors
//! from the same place in the program with the same words, numbers left out: the pause until the
//! next try differs each time. What the daemon itself says, of an edit for instance, always counts
//! as new: somebody waits for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How long the same is only counted.
pub const SPAN: Duration = Duration::from_mins(10);

/// Matters remembered at once; beyond, everything is said.
const MATTERS_MAX: usize = 256;

/// Longest text of a matter, in characters.
const WORDS_MAX: usize = 300;

/// What speaks for itself every time.
const ALWAYS: [&str; 2] = ["triaged::daemon", "triaged::cli"];

/// What was said lately.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<HashMap<u64, Matter>>);

/// One matter.
#[derive(Debug)]
struct Matter {
    /// When it was said.
    said: Instant,
    /// How often it came up since.
    again: u64,
    words: String,
}

/// What came up again in a span that is over.
#[derive(Debug, PartialEq, Eq)]
pub struct Again {
    /// How often.
    pub times: u64,
    /// What was said the first time.
    pub words: String,
}

impl Repeats {
    /// What came up again in spans that are over; it is new if it comes up from now on.
    pub fn over(&self) -> Vec<Again> {
        self.over_at(Instant::now())
    }

    fn over_at(&self, now: Instant) -> Vec<Again> {
        let mut matters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over =
            matters.extract_if(|_, matter| now.saturating_duration_since(matter.said) >= SPAN);
        let again = over.map(|(_, matter)| Again {
            times: matter.again,
            words: matter.words,
        });
        again.filter(|again| again.times > 0).collect()
    }

    /// Whether it is said now.
    fn is_new(&self, key: u64, words: impl FnOnce() -> String, now: Instant) -> bool {
        let mut matters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = matters.len() >= MATTERS_MAX;
        match matters.entry(key) {
            Entry::Occupied(mut known) => {
                known.get_mut().again += 1;
                false
            }
            Entry::Vacant(_) if full => true,
            Entry::Vacant(place) => {
                place.insert(Matter {
                    said: now,
                    again: 0,
                    words: words(),
                });
                true
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for &'static Repeats {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN
            || ALWAYS.iter().any(|own| metadata.target().starts_with(own))
        {
            return true;
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        let mut hasher = DefaultHasher::new();
        metadata.callsite().hash(&mut hasher);
        words.0.hash(&mut hasher);
        let shown = || words.0.chars().take(WORDS_MAX).collect();
        self.is_new(hasher.finish(), shown, Instant::now())
    }
}

/// The words of an event, numbers left out.
struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }

    fn record_i64(&mut self, _: &Field, _: i64) {}

    fn record_u64(&mut self, _: &Field, _: u64) {}

    fn record_f64(&mut self, _: &Field, _: f64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_a_span_and_counted() {
        let repeats = Repeats::default();
        let start = Instant::now();
        let at = |key, seconds| {
            let now = start + Duration::from_secs(seconds);
            repeats.is_new(key, || format!("matter {key}"), now)
        };
        assert!(at(1, 0));
        for seconds in 1..38 {
            assert!(!at(1, seconds));
        }
        assert!(at(2, 40), "another matter");
        assert_eq!(repeats.over_at(start + SPAN / 2), []);
        let again = Again {
            times: 37,
            words: "matter 1".to_owned(),
        };
        assert_eq!(repeats.over_at(start + SPAN), [again]);
        assert!(at(1, 601), "said again in the next span");
        // What never came up again is forgotten without a word.
        assert_eq!(repeats.over_at(start + 3 * SPAN), []);
        assert!(at(2, 1801));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let repeats = Repeats::default();
        let now = Instant::now();
        for key in 0..1000 {
            assert!(repeats.is_new(key, String::new, now));
        }
        assert_eq!(repeats.0.lock().unwrap().len(), MATTERS_MAX);
        assert!(repeats.is_new(999, String::new, now), "said, not lost");
    }
}
