//! `triaged audit stats`: what went where; of what was only observed, what would have gone where,
//! and whether people filed it there.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use super::events::each;
use super::failure::Failure;
use super::print::{one_line, rows as as_rows, say, table};
use crate::domain::event::{Entry, Happening};
use crate::domain::ids::{Folder, TicketId};
use crate::ledger::Ledger;

/// What is counted.
#[derive(Debug, Default)]
struct Stats {
    /// By category or kind, product, and way.
    ways: BTreeMap<(String, String, String), u64>,
    events: BTreeMap<&'static str, u64>,
    /// Where what is observed would lie.
    observed: HashMap<TicketId, Folder>,
    /// Where people put it, by where it would lie.
    filed: BTreeMap<(Folder, Folder), u64>,
}

impl Stats {
    fn count(&mut self, entry: Entry) {
        *self.events.entry(entry.happening.as_str()).or_default() += 1;
        match (entry.happening, entry.ticket) {
            (
                Happening::Decided {
                    category,
                    kind,
                    product,
                    action,
                    recipient,
                    folder,
                    observed,
                    ..
                },
                ticket,
            ) => {
                let what = category.map_or_else(|| kind.to_string(), |c| c.to_string());
                let product = product.map_or_else(String::new, |hit| hit.product.to_string());
                let to = recipient.map_or_else(|| folder.to_string(), |a| a.to_string());
                let would = if observed { "would " } else { "" };
                let way = format!("{would}{action} → {to}");
                *self.ways.entry((what, product, way)).or_default() += 1;
                if let (Some(ticket), true) = (ticket, observed) {
                    self.observed.insert(ticket, folder);
                }
            }
            (Happening::Withdrawn { found, .. }, Some(ticket)) => {
                if let (Some(would), Some(found)) = (self.observed.remove(&ticket), found) {
                    *self.filed.entry((would, found)).or_default() += 1;
                }
            }
            (
                Happening::Reconsidered | Happening::Released | Happening::Rerouted { .. },
                Some(ticket),
            ) => {
                self.observed.remove(&ticket);
            }
            _ => {}
        }
    }

    /// How many people filed, and how many of them where they would have gone.
    fn agreement(&self) -> (u64, u64) {
        let all = self.filed.values().sum();
        let same = self
            .filed
            .iter()
            .filter(|((would, found), _)| would == found);
        (all, same.map(|(_, n)| n).sum())
    }

    fn as_json(&self) -> serde_json::Value {
        let ways = self.ways.iter().map(|((what, product, way), n)| {
            json!({ "category": what, "product": product, "way": way, "count": n })
        });
        let filed = self.filed.iter().map(
            |((would, found), n)| json!({ "would_lie_in": would, "people_filed_in": found, "count": n }),
        );
        json!({
            "decisions": ways.collect::<Vec<_>>(),
            "events": self.events,
            "observed": { "still_there": self.observed.len(), "filed": filed.collect::<Vec<_>>() },
        })
    }
}

/// Counts and shows.
pub async fn stats(ledger: &Ledger, as_json: bool, since: Option<&str>) -> Result<(), Failure> {
    let since = since.map(day).transpose()?;
    let mut stats = Stats::default();
    each(ledger, since, |event| {
        stats.count(event.entry()?);
        Ok(())
    })
    .await?;
    if as_json {
        say!("{}", stats.as_json());
        return Ok(());
    }
    if stats.events.is_empty() {
        say!("no events");
        return Ok(());
    }
    let mut rows = table(&["category", "product", "way", "count"]);
    for ((what, product, way), n) in &stats.ways {
        rows.add_row([what, product, way, &n.to_string()]);
    }
    say!("{}", as_rows(&rows));
    if !stats.filed.is_empty() {
        let (all, same) = stats.agreement();
        say!("of what was observed, people filed {all}: {same} where it would have gone");
        let mut rows = table(&["would lie in", "people filed in", "count"]);
        for ((would, found), n) in &stats.filed {
            let name = |folder: &Folder| one_line(folder.as_str(), 60);
            rows.add_row([name(would), name(found), n.to_string()]);
        }
        say!("{}", as_rows(&rows));
    }
    let mut rows = table(&["event", "count"]);
    for (name, n) in &stats.events {
        rows.add_row([(*name).to_owned(), n.to_string()]);
    }
    say!("{}", as_rows(&rows));
    Ok(())
}

fn day(text: &str) -> Result<Timestamp, Failure> {
    text.parse::<Date>()
        .and_then(|date| date.to_zoned(TimeZone::system()))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| {
            let text = one_line(text, 40);
            Failure::usage(format!("`{text}` is no day")).hint("write it as 2026-11-22")
        })
}
