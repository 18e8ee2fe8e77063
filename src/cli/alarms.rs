//! What `triaged status` says of loops: what was stopped as one in the last day, and whether
//! sending pauses for the sake of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::failure::Failure;
use super::print::{Paint, Style, say};
use super::tickets::local;
use crate::domain::event::Happening;
use crate::ledger::Ledger;

/// Events looked at, at most.
const LOOKED_MAX: u32 = 1000;

/// How long people are told.
const TOLD: SignedDuration = SignedDuration::from_hours(24);

/// What is known of loops now.
#[derive(Debug, Default)]
pub struct LoopsNow {
    /// Messages filed as going in a circle in the last day.
    stopped: usize,
    /// Sending pauses until then.
    paused: Option<Timestamp>,
}

impl LoopsNow {
    /// As the ledger tells.
    pub async fn of(ledger: &Ledger) -> Result<Self, Failure> {
        let (now, mut loops) = (Timestamp::now(), Self::default());
        for event in ledger.newest_alarms(LOOKED_MAX).await? {
            let entry = event.entry()?;
            if now.duration_since(entry.at) > TOLD {
                break;
            }
            match entry.happening {
                Happening::Looped { .. } => loops.stopped += 1,
                Happening::Capped { until, .. } if until > now => {
                    loops.paused = loops.paused.max(Some(until));
                }
                _ => {}
            }
        }
        Ok(loops)
    }

    /// Whether a person must look.
    pub const fn any(&self) -> bool {
        self.stopped > 0 || self.paused.is_some()
    }

    /// For `--json`.
    pub fn as_json(&self) -> serde_json::Value {
        json!({ "stopped": self.stopped, "sending_paused_until": self.paused })
    }

    /// Prints it, if there is anything.
    pub fn say(&self, paint: Paint) {
        if self.stopped > 0 {
            let text = format!(
                "{} stopped in the last day because they go in a circle: `triaged audit list --event looped`",
                self.stopped
            );
            say!("{}", paint.paint(Style::Bad, &text));
        }
        if let Some(until) = self.paused {
            let text = format!(
                "sending pauses until {}: a day has all the mails that `per-day` allows",
                local(until)
            );
            say!("{}", paint.paint(Style::Bad, &text));
        }
    }
}
