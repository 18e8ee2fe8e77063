//! What the service manager hears: that work began, and that every loop still turns.
//!
//! The watchdog is fed only while every crew keeps its [`Pulse`]: a loop that hangs is a reason to
//! start anew, and nothing is lost by that. Without a manager that listens nothing is done.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::domain::ids::MailboxName;
use crate::pipeline::pulse::Pulse;
use crate::system::notify;

/// Feeds the watchdog until it is aborted, and says once which loop hangs.
pub fn watch(pulses: Vec<(MailboxName, Arc<Pulse>)>) -> Option<JoinHandle<()>> {
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
                Some((mailbox, _)) if !told => {
                    told = true;
                    tracing::error!(%mailbox, "its loop hangs: the watchdog is fed no more");
                }
                Some(_) => {}
            }
            tokio::time::sleep(every).await;
        }
    }))
}
