//! Whether the daemon is as it must be: every loop turns, the ledger writes, there is room left.
//!
//! A mailbox or a relay that cannot be reached is no ill of the daemon: the figures tell of it.
//! Asked is only memory; what must be looked up the [`survey`](super::survey) has looked up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::pulse::Pulses;
use crate::pipeline::works::Works;

/// Room that must be left where the ledger lies, in bytes: enough to end what is in hand and to
/// carry the database's log over.
pub const FREE_MIN: u64 = 64 << 20;

/// Age at which the last survey means that the ledger does not answer.
pub const SURVEY_MAX: Duration = Duration::from_mins(1);

/// What the last survey found.
#[derive(Debug, Clone)]
pub(super) struct Surveyed {
    /// When it was done.
    pub at: Instant,
    /// Bytes left where the ledger lies, or why that is not known.
    pub free: Result<u64, String>,
}

/// What is asked about.
#[derive(Debug)]
pub struct Health {
    works: Arc<Works>,
    pulses: Pulses,
    surveyed: Mutex<Option<Surveyed>>,
}

impl Health {
    /// Of these loops and what they share.
    pub fn new(works: Arc<Works>, pulses: Pulses) -> Self {
        Self {
            works,
            pulses,
            surveyed: Mutex::new(None),
        }
    }

    pub(super) fn surveyed(&self, surveyed: Surveyed) {
        *self.surveyed.lock().unwrap_or_else(PoisonError::into_inner) = Some(surveyed);
    }

    /// Everything that is not as it must be, in words; empty when all is well.
    pub fn ills(&self) -> Vec<String> {
        let mut ills: Vec<String> = self.works.failure().into_iter().collect();
        let hanging = self.pulses.iter().filter(|(_, pulse)| !pulse.is_alive());
        ills.extend(hanging.map(|(which, _)| format!("the loop of {which} hangs")));
        if let Some(trouble) = self.works.ledger.trouble() {
            ills.push(format!("the ledger cannot write: {trouble}"));
        }
        let surveyed = self.surveyed.lock().unwrap_or_else(PoisonError::into_inner);
        ills.extend(of_survey(surveyed.as_ref(), Instant::now()));
        ills
    }
}

fn of_survey(surveyed: Option<&Surveyed>, now: Instant) -> Option<String> {
    let Some(surveyed) = surveyed else {
        return Some("the ledger was not read yet".to_owned());
    };
    let age = now.saturating_duration_since(surveyed.at);
    if age > SURVEY_MAX {
        return Some(format!("the ledger was not read for {} s", age.as_secs()));
    }
    match &surveyed.free {
        Ok(free) if *free >= FREE_MIN => None,
        Ok(free) => Some(format!(
            "{} MiB are left where the ledger lies, {} MiB must be",
            free >> 20,
            FREE_MIN >> 20
        )),
        Err(why) => Some(format!("where the ledger lies cannot be looked at: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survey_speaks_of_room_and_of_its_own_age() {
        let now = Instant::now();
        let with = |free| Surveyed { at: now, free };
        assert_eq!(of_survey(Some(&with(Ok(FREE_MIN))), now), None);
        let little = of_survey(Some(&with(Ok(FREE_MIN - 1))), now).unwrap();
        assert!(little.starts_with("63 MiB are left"), "{little}");
        let unknown = of_survey(Some(&with(Err("gone".to_owned()))), now).unwrap();
        assert!(unknown.ends_with("gone"), "{unknown}");
        let late = now + SURVEY_MAX + Duration::from_secs(1);
        let old = of_survey(Some(&with(Ok(FREE_MIN))), late).unwrap();
        assert_eq!(old, "the ledger was not read for 61 s");
        assert!(of_survey(None, now).is_some());
    }
}
