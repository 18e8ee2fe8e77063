//! What is counted while work goes on, for whoever watches the daemon.
//!
//! Counted is what is on the disk: [`Works::record`](super::works::Works::record) is the one place
//! that all changes pass, and it counts those that were written. What a figure is called outside,
//! and who may ask for it, is left to the console. A count costs a look into a map; nothing is
//! computed here that nobody asked for.
//!
//! The labels are mailboxes, categories, kinds and rules of the configuration and words of the
//! program: their number is bounded by what the operator wrote, never by what comes in by mail.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::domain::decision::Evidence;
use crate::domain::event::{Entry, Happening};
use crate::domain::ids::{MailboxName, RuleId};
use crate::ledger::{Change, Verdict};
use crate::rules::RuleSet;

/// Upper ends of the spans that waits are counted in, in seconds: from a quick local server to a
/// forward that expires.
const SPANS: [f64; 14] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 28_800.0, 172_800.0,
];

/// Of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfMailbox {
    /// Which.
    pub mailbox: Label<MailboxName>,
}

/// Audit events of one kind about one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfEvent {
    /// Which mailbox; absent for what concerns the daemon as a whole.
    pub mailbox: Option<Label<MailboxName>>,
    /// Its word in the audit log, [`Happening::as_str`].
    pub event: &'static str,
}

/// Decisions of one sort.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfDecision {
    /// The mailbox it came to.
    pub mailbox: Label<MailboxName>,
    /// The category; of what is no ticket, the kind.
    pub category: String,
    /// What is done.
    pub action: String,
}

/// Waits that ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfWait {
    /// What was waited for.
    pub until: Until,
}

/// What a ticket waits for, from the moment it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Until {
    /// That it is decided.
    Decided,
    /// That the next host takes its forward.
    Delivered,
    /// That it lies in its folder.
    Settled,
}

impl Until {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Decided, Self::Delivered, Self::Settled];
}

impl EncodeLabelValue for Until {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(match self {
            Self::Decided => "decided",
            Self::Delivered => "delivered",
            Self::Settled => "settled",
        })
    }
}

/// A name of the configuration as the value of a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label<N>(pub N);

impl<N: AsRef<str>> EncodeLabelValue for Label<N> {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(self.0.as_ref())
    }
}

/// The meters.
#[derive(Debug)]
pub struct Meters {
    /// Audit events that this process wrote.
    pub events: Family<OfEvent, Counter>,
    /// Decisions that were recorded.
    pub decisions: Family<OfDecision, Counter>,
    /// How long tickets waited, in seconds.
    pub waits: Family<OfWait, Histogram, fn() -> Histogram>,
    /// When the whole source folder was last looked over, in seconds since 1970.
    pub reconciled: Family<OfMailbox, Gauge>,
    /// 1 while a session with the mailbox is open, else 0.
    pub sessions: Family<OfMailbox, Gauge>,
    /// 1 while forwards may leave, 0 while sending pauses after failures.
    pub way_out: Gauge,
    /// 1 when the newest edit was taken, 0 when it was refused.
    pub edit_taken: Gauge,
    /// When the newest edit was examined, in seconds since 1970.
    pub edit_examined: Gauge,
    hits: RuleHits,
}

impl Default for Meters {
    fn default() -> Self {
        let waits: Family<OfWait, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SPANS));
        for until in Until::ALL {
            drop(waits.get_or_create(&OfWait { until }));
        }
        let way_out = Gauge::default();
        way_out.set(1);
        Self {
            events: Family::default(),
            decisions: Family::default(),
            waits,
            reconciled: Family::default(),
            sessions: Family::default(),
            way_out,
            edit_taken: Gauge::default(),
            edit_examined: Gauge::default(),
            hits: RuleHits::default(),
        }
    }
}

impl Meters {
    /// Lets the figures of a mailbox begin at nothing: what is absent cannot be watched.
    pub fn begin(&self, mailbox: &MailboxName) {
        let of = of(mailbox);
        self.sessions.get_or_create(&of).set(0);
        for event in COMMON {
            let mailbox = Some(of.mailbox.clone());
            drop(self.events.get_or_create(&OfEvent { mailbox, event }));
        }
    }

    /// What the daemon decides by since its start, and whether that is what lies on the disk.
    pub fn started(&self, as_on_disk: bool) {
        self.edit(as_on_disk);
        for event in [RELOADED, REFUSED] {
            let mailbox = None;
            drop(self.events.get_or_create(&OfEvent { mailbox, event }));
        }
    }

    fn edit(&self, taken: bool) {
        self.edit_taken.set(taken.into());
        self.edit_examined.set(now());
    }

    /// The whole source folder was looked over.
    pub fn reconciled(&self, mailbox: &MailboxName) {
        self.reconciled.get_or_create(&of(mailbox)).set(now());
    }

    /// A session with the mailbox was opened, or ended.
    pub fn session(&self, mailbox: &MailboxName, open: bool) {
        self.sessions.get_or_create(&of(mailbox)).set(open.into());
    }

    /// What a ticket that was found at `since` waited for has come.
    pub fn waited(&self, until: Until, since: Timestamp) {
        // A clock that was set back counts as no wait.
        let waited = Duration::try_from(Timestamp::now().duration_since(since)).unwrap_or_default();
        let histogram = self.waits.get_or_create(&OfWait { until });
        histogram.observe(waited.as_secs_f64());
    }

    /// What of `changes` is counted once they are written.
    pub(super) fn note(changes: &[Change]) -> Vec<Noted> {
        changes.iter().map(Noted::of).collect()
    }

    /// Counts what was noted and was written.
    pub(super) fn count(&self, noted: Vec<Noted>, verdicts: &[Verdict]) {
        for (noted, verdict) in noted.into_iter().zip(verdicts) {
            if *verdict == Verdict::Written {
                self.count_one(noted);
            }
        }
    }

    fn count_one(&self, noted: Noted) {
        if let Some(event) = noted.event {
            match event.event {
                RELOADED => self.edit(true),
                REFUSED => self.edit(false),
                _ => {}
            }
            self.events.get_or_create(&event).inc();
        }
        if let Some((decision, rules)) = noted.decision {
            self.decisions.get_or_create(&decision).inc();
            self.hits.count(rules);
        }
    }

    /// The `most` rules that fired most often of those in force, with how often.
    pub fn rule_hits(&self, in_force: &RuleSet, most: usize) -> Vec<(RuleId, u64)> {
        self.hits.ranked(in_force, most)
    }
}

/// Words of the audit log that are looked for in what is counted.
const RELOADED: &str = "reloaded";
const REFUSED: &str = "reload-refused";

/// Events that alarms and pages ask for.
const COMMON: [&str; 9] = [
    "seen",
    "decided",
    "delivered",
    "deferred",
    "uncertain",
    "held",
    "settled",
    "quarantined",
    "shadow-differed",
];

/// What is counted of one change.
#[derive(Debug)]
pub(super) struct Noted {
    event: Option<OfEvent>,
    decision: Option<(OfDecision, Vec<RuleId>)>,
}

impl Noted {
    fn of(change: &Change) -> Self {
        let entry = match change {
            Change::Open { entry, .. }
            | Change::Step { entry, .. }
            | Change::Letter { entry, .. }
            | Change::LetterStep { entry, .. }
            | Change::Redact { entry, .. }
            | Change::Note(entry) => entry,
            Change::Mailbox { entry, .. } | Change::Thread { entry, .. } => match entry {
                Some(entry) => entry,
                None => {
                    return Self {
                        event: None,
                        decision: None,
                    };
                }
            },
        };
        let event = OfEvent {
            mailbox: entry.mailbox.clone().map(Label),
            event: entry.happening.as_str(),
        };
        Self {
            event: Some(event),
            decision: decision(entry),
        }
    }
}

fn decision(entry: &Entry) -> Option<(OfDecision, Vec<RuleId>)> {
    let Happening::Decided {
        category,
        kind,
        action,
        evidence,
        ..
    } = &entry.happening
    else {
        return None;
    };
    let category = category
        .as_ref()
        .map_or_else(|| kind.to_string(), ToString::to_string);
    let decision = OfDecision {
        mailbox: Label(entry.mailbox.clone()?),
        category,
        action: action.to_string(),
    };
    Some((decision, rules(evidence)))
}

/// The rules of the evidence, each once.
fn rules(evidence: &[Evidence]) -> Vec<RuleId> {
    let mut rules: Vec<_> = evidence.iter().map(|hit| hit.rule.clone()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// How many messages each rule fired on.
#[derive(Debug, Default)]
struct RuleHits(Mutex<HashMap<RuleId, u64>>);

impl RuleHits {
    fn count(&self, rules: Vec<RuleId>) {
        let mut hits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules {
            *hits.entry(rule).or_default() += 1;
        }
    }

    /// Forgets rules that an edit took away: what grows with edits must end somewhere.
    fn ranked(&self, in_force: &RuleSet, most: usize) -> Vec<(RuleId, u64)> {
        let mut hits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hits.retain(|rule, _| in_force.rule(rule).is_some());
        let mut ranked: Vec<_> = hits
            .iter()
            .map(|(rule, count)| (rule.clone(), *count))
            .collect();
        drop(hits);
        ranked.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ranked.truncate(most);
        ranked
    }
}

fn of(mailbox: &MailboxName) -> OfMailbox {
    OfMailbox {
        mailbox: Label(mailbox.clone()),
    }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}
