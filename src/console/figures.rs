//! The figures under the names that Prometheus gets, in the text form of `OpenMetrics`.
//!
//! Names, units and meanings stand here and nowhere else; `config/prometheus/alerts.yml` and
//! `config/grafana/triaged.json` ask for them, which a test holds together.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::domain::ids::MailboxName;
use crate::ledger::{Counts, Head, StageName};
use crate::pipeline::meters::{Label, OfMailbox};
use crate::pipeline::works::Works;

/// What the text form is called in `Content-Type`.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Rules whose hits are told: those that fired most often.
const RULES_MAX: usize = 100;

/// Everything that is told.
#[derive(Debug)]
pub struct Figures(Registry);

impl Figures {
    /// The figures of this work.
    pub fn new(works: &Arc<Works>, standings: &Standings) -> Self {
        let mut registry = Registry::with_prefix("triaged");
        counted(&mut registry, works);
        stands(&mut registry, standings);
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        let started = Gauge::<i64>::default();
        started.set(Timestamp::now().as_second());
        let help = "When it began to work, in seconds since 1970";
        registry.register_with_unit("start_timestamp", help, Unit::Seconds, started);
        registry.register_collector(Box::new(Hits(Arc::clone(works))));
        Self(registry)
    }

    /// The text.
    ///
    /// # Errors
    /// Never in practice: a text can always grow.
    pub(super) fn text(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.0)?;
        Ok(out)
    }
}

/// What the meters count.
fn counted(registry: &mut Registry, works: &Works) {
    let meters = &works.meters;
    registry.register(
        "events",
        "Audit events written since the start; `seen` are messages received, `delivered` forwards \
         accepted, `settled` tickets filed",
        meters.events.clone(),
    );
    registry.register(
        "decisions",
        "Decisions since the start, by category (of what is no ticket, by kind) and by what is done",
        meters.decisions.clone(),
    );
    registry.register_with_unit(
        "wait",
        "From the moment a message is found until it is decided, its forward is accepted, it is \
         filed",
        Unit::Seconds,
        meters.waits.clone(),
    );
    registry.register_with_unit(
        "reconciled_timestamp",
        "When the whole source folder was last looked over, in seconds since 1970",
        Unit::Seconds,
        meters.reconciled.clone(),
    );
    registry.register(
        "session_open",
        "1 while a session with the mailbox is open",
        meters.sessions.clone(),
    );
    registry.register(
        "delivery_open",
        "1 while forwards may leave, 0 while sending pauses after failures",
        meters.way_out.clone(),
    );
    registry.register(
        "edit_taken",
        "1 when the newest edit of rules and products was taken, 0 when it was refused",
        meters.edit_taken.clone(),
    );
    registry.register_with_unit(
        "edit_examined_timestamp",
        "When the newest edit was examined, in seconds since 1970",
        Unit::Seconds,
        meters.edit_examined.clone(),
    );
}

/// What the last survey found.
fn stands(registry: &mut Registry, standings: &Standings) {
    registry.register(
        "tickets",
        "Tickets by the stage they stand at",
        standings.tickets.clone(),
    );
    registry.register_with_unit(
        "oldest_unfinished_timestamp",
        "When the oldest ticket with something left to do was found, in seconds since 1970; absent \
         when there is none",
        Unit::Seconds,
        standings.oldest.clone(),
    );
    registry.register(
        "audit_head",
        "Number of the newest audit event",
        standings.head.clone(),
    );
    registry.register_with_unit(
        "state_free",
        "Room left where the ledger lies",
        Unit::Bytes,
        standings.free.clone(),
    );
    registry.register(
        "well",
        "1 when all loops turn, the ledger writes and there is room left: what `/healthz` says",
        standings.well.clone(),
    );
}

/// Tickets of a mailbox at one stage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStage {
    mailbox: Label<MailboxName>,
    stage: &'static str,
}

/// How things stood at the last survey; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Standings {
    tickets: Family<OfStage, Gauge>,
    oldest: Family<OfMailbox, Gauge>,
    head: Gauge,
    free: Gauge,
    well: Gauge,
}

impl Standings {
    pub(super) fn set(&self, counts: &Counts, head: Head, free: Option<u64>) {
        for count in &counts.mailboxes {
            let mailbox = Label(count.name.clone());
            for stage in StageName::ALL {
                let tickets = count.stages.iter().find(|(name, _)| *name == stage);
                let of = OfStage {
                    mailbox: mailbox.clone(),
                    stage: stage.as_str(),
                };
                let gauge = self.tickets.get_or_create(&of);
                gauge.set(whole(tickets.map_or(0, |(_, tickets)| *tickets)));
            }
            let of = OfMailbox { mailbox };
            match count.oldest_unfinished {
                Some(at) => {
                    self.oldest.get_or_create(&of).set(at.as_second());
                }
                None => {
                    self.oldest.remove(&of);
                }
            }
        }
        self.head.set(whole(head.seq));
        if let Some(free) = free {
            self.free.set(whole(free));
        }
    }

    pub(super) fn set_well(&self, well: bool) {
        self.well.set(well.into());
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The hits of rules, ranked when they are asked for.
#[derive(Debug)]
struct Hits(Arc<Works>);

impl Collector for Hits {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let policy = self.0.policy.load();
        let hits = self.0.meters.rule_hits(&policy.rules, RULES_MAX);
        if hits.is_empty() {
            return Ok(());
        }
        let help =
            format!("Messages a rule fired on since the start; the {RULES_MAX} most active rules");
        let mut family =
            encoder.encode_descriptor("rule_hits", &help, None, MetricType::Counter)?;
        for (rule, count) in hits {
            let of = [("rule", rule.as_str())];
            ConstCounter::new(count).encode(family.encode_family(&of)?)?;
        }
        Ok(())
    }
}
