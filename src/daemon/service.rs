//! What the service manager hears: that work began, and that every loop still turns.
//!
//! The watchdog is fed only while every crew and lane keeps its
//! [`Pulse`](crate::pipeline::pulse::Pulse): a loop that hangs is a reason to
//! start anew, and nothing is lost by that. Without a manager that listens nothing is done.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::pipeline::pulse::Pulses;
use crate::system::notify;

/// Feeds the watchdog until it is aborted, and says once which loop hangs.
pub fn watch(pulses: Pulses) -> Option<JoinHandle<()>> {
    // Twice in the time after which the manager would end us (`sd_watchdog_enabled(3)`).
    let every = notify::watchdog()?.max(Duration::from_millis(2)) / 2;
    Some(tokio::spawn(async move {
        let mut told = false;
        loop {
            let hanging = pulses.iter().find(|(_, pulse)| !pulse.is_alive());
            match hanging {
                None => {
                    told = false;
                    notify::alive();
                }
                Some((which, _)) if !told => {
                    told = true;
                    tracing::error!("the loop of {which} hangs: the watchdog is fed no more");
                }
                Some(_) => {}
            }
            tokio::time::sleep(every).await;
        }
    }))
}
