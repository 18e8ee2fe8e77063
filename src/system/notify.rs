//! How the service stands, told to the service manager (`sd_notify(3)`).
//!
//! Where no manager listens nothing happens. A word that does not reach the manager is said in the
//! log and otherwise ignored: mail matters more.

use std::time::Duration;

use sd_notify::NotifyState;

/// Work has begun, or goes on after the configuration was read again.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is being read again; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "no monotonic clock"),
    }
}

/// Work is coming to its end.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The service lives.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the manager wants to hear that the service lives, if it does.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(words: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(words) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}
