//! What `status` says of the rules: which are in force, whether an edit was refused, and where a
//! shadow would have gone elsewhere.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::failure::Failure;
use super::print::{Paint, Style, one_line, say};
use super::tickets::local;
use crate::domain::digest::Digest;
use crate::domain::event::{Happening, Way};
use crate::domain::ids::CategoryId;
use crate::ledger::Ledger;

/// Most disagreements counted: the newest.
const COUNTED_MAX: u32 = 10_000;

/// Ways shown of them.
const WAYS_SHOWN: usize = 5;

/// The rules in force, by the newest event about them.
#[derive(Debug, Default)]
pub struct RulesNow {
    /// Digest of the rules that decide, or decided when the daemon last ran.
    pub in_force: Option<Digest>,
    /// Since when.
    since: Option<Timestamp>,
    /// When the newest edit was refused, and why, if it was.
    pub refused: Option<(Timestamp, String)>,
}

impl RulesNow {
    /// As the ledger tells.
    pub async fn of(ledger: &Ledger) -> Result<Self, Failure> {
        let Some(event) = ledger.newest_edit().await? else {
            return Ok(Self::default());
        };
        let entry = event.entry()?;
        Ok(match entry.happening {
            Happening::Started { rules_digest, .. } | Happening::Reloaded { rules_digest, .. } => {
                Self {
                    in_force: Some(rules_digest),
                    since: Some(entry.at),
                    refused: None,
                }
            }
            Happening::ReloadRefused {
                in_force, reason, ..
            } => Self {
                in_force: Some(in_force),
                since: None,
                refused: Some((entry.at, reason)),
            },
            _ => Self::default(),
        })
    }

    /// Prints it.
    pub fn say(&self, paint: Paint) {
        let digest = self
            .in_force
            .map(|digest| digest.to_string()[..12].to_owned());
        let since = self
            .since
            .map_or_else(String::new, |at| format!(" since {}", local(at)));
        say!("rules   {}{since}", digest.as_deref().unwrap_or("none yet"));
        if let Some((at, reason)) = &self.refused {
            let text = format!(
                "edit    refused {}, the rules above stay in force: {}",
                local(*at),
                one_line(reason, 400)
            );
            say!("{}", paint.paint(Style::Bad, &text));
        }
    }
}

/// Where the newest shadow would have gone elsewhere.
#[derive(Debug)]
pub struct ShadowNow {
    digest: Digest,
    /// Tickets, and whether there may be more.
    count: usize,
    more: bool,
    /// By what was done and what the shadow would have done: how often, and the newest ticket.
    ways: BTreeMap<Ways, Differing>,
}

/// What was done, and what the shadow would have done.
type Ways = (String, String);

/// How often, and the newest ticket.
type Differing = (usize, String);

impl ShadowNow {
    /// As the ledger tells; nothing when no shadow ever disagreed.
    pub async fn of(ledger: &Ledger) -> Result<Option<Self>, Failure> {
        let events = ledger.shadow_differences(COUNTED_MAX).await?;
        let mut now: Option<Self> = None;
        for event in &events {
            let entry = event.entry()?;
            let Happening::ShadowDiffered {
                live,
                shadow,
                shadow_digest,
            } = entry.happening
            else {
                continue;
            };
            let now = now.get_or_insert_with(|| Self {
                digest: shadow_digest,
                count: 0,
                more: events.len() == COUNTED_MAX as usize,
                ways: BTreeMap::new(),
            });
            // What an older shadow thought is history.
            if now.digest != shadow_digest {
                now.more = false;
                break;
            }
            now.count += 1;
            let ticket = entry.ticket.map_or_else(String::new, |id| id.reference());
            let way = now.ways.entry((way(&live), way(&shadow)));
            way.or_insert_with(|| (0, ticket)).0 += 1;
        }
        Ok(now)
    }

    fn ranked(&self) -> Vec<(&Ways, &Differing)> {
        let mut ways: Vec<_> = self.ways.iter().collect();
        ways.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        ways
    }

    /// For `--json`.
    pub fn as_json(&self) -> serde_json::Value {
        let ways: Vec<_> = self
            .ranked()
            .iter()
            .map(|((live, shadow), (count, newest))| {
                json!({ "live": live, "shadow": shadow, "tickets": count, "newest": newest })
            })
            .collect();
        json!({ "rules_digest": self.digest, "differing": self.count, "ways": ways })
    }

    /// Prints it.
    pub fn say(&self) {
        let at_least = if self.more { "at least " } else { "" };
        say!(
            "shadow  {}, {at_least}{} tickets would go elsewhere",
            &self.digest.to_string()[..12],
            self.count
        );
        for ((live, shadow), (count, newest)) in self.ranked().into_iter().take(WAYS_SHOWN) {
            say!("        {count} × {live} → {shadow}, newest {newest}");
        }
    }
}

fn way(way: &Way) -> String {
    let category = way.category.as_ref().map_or("none", CategoryId::as_str);
    one_line(&format!("{category} ({})", way.to), 80)
}
