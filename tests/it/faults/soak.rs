//! Killed at random under load, on Dovecot and Postfix: some seconds in CI, and for as long as
//! `TRIAGED_SOAK` says, in seconds.

use std::time::{Duration, Instant};

use super::bench::{left_in, start, until};
use super::sweep::{Tally, heal};
use crate::job::sample;
use crate::job::servers::Servers;

/// Messages of the short form.
const FEW: usize = 60;

/// Messages of one lot of the long form, so that the oracle's work stays small.
const LOT: usize = 300;

/// Messages that come in one after another before there is a pause.
const BURST: usize = 4;

fn time() -> Duration {
    let told = std::env::var("TRIAGED_SOAK").ok();
    Duration::from_secs(told.map_or(0, |text| text.parse().expect("TRIAGED_SOAK is a number")))
}

#[test]
fn killed_at_random_under_load_it_loses_nothing() {
    let begun = Instant::now();
    let mut tally = Tally::of(13);
    // A number that can be told when it fails; each lot has another.
    let mut seed = u64::from(std::process::id()) << 7 | 1;
    while tally.runs == 0 || begun.elapsed() < time() {
        let first = seed;
        let mut chance = |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        let mail = sample::mail(if time().is_zero() { FEW } else { LOT }, 0);
        let servers = Servers::start(&[]);
        let maildir = servers.dovecot.maildir();
        let mut waiting = mail.iter();
        while waiting.len() > 0 {
            let mut daemon = start(&servers.world, &["run"]);
            // Most often killed at work, now and then while it starts.
            if chance(6) > 0 {
                until("it is at work", || {
                    assert!(!daemon.has_ended(), "{}", daemon.said());
                    daemon.said().contains("opened")
                });
            }
            let end = Instant::now() + Duration::from_millis(chance(600));
            while Instant::now() < end {
                for sample in waiting.by_ref().take(BURST) {
                    servers.dovecot.deliver(&sample.bytes);
                }
                std::thread::sleep(Duration::from_millis(1 + chance(20)));
            }
            daemon.signal(rustix::process::Signal::KILL);
            drop(daemon);
            tally.struck += 1;
        }
        heal(&servers.world, || left_in(&maildir));
        tally.count(&servers.world, mail.len(), servers.judged(&mail));
        eprintln!("seed {first}: {tally:?}");
    }
    tally.tell();
}
