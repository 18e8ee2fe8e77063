//! Sweeps: the same small job again and again, with the fault at another place each time: killed
//! at the Nth call of the system, cut at the Nth byte of a connection, a sync that fails.
//!
//! CI takes a few places of each; with `TRIAGED_FAULTS=1` every one is taken, with `TRIAGED_FAULTS=50`
//! every fiftieth. What was seen goes, line by line, to the file that `TRIAGED_FAULTS_SEEN` names;
//! `table.rs` makes the table of it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

use super::bench::{
    Ended, WayOut, for_all_at, judged, left_in, on_dovecot, on_maildir, over_smtp, run, start_in,
};
use crate::job::sample;
use crate::job::world::World;
use crate::support::dovecot::Dovecot;
use crate::support::proxy::{Proxy, Way};

/// Messages of one run.
const MAIL: usize = 8;

/// Places beyond which a sweep gives up: it should have passed the end of the work long before.
const PLACES_MAX: u64 = 100_000;

/// From one place to the next, where not just a few are taken.
fn stride() -> Option<usize> {
    let told = std::env::var("TRIAGED_FAULTS").ok()?;
    Some(told.parse().expect("TRIAGED_FAULTS is a number"))
}

/// What a row of the table is made of.
#[derive(Debug, Default)]
pub struct Tally {
    /// Which row.
    pub row: u32,
    /// How often the job was done.
    pub runs: usize,
    /// In how many of them the fault struck.
    pub struck: usize,
    /// Messages over all runs.
    pub mails: usize,
    /// Forwards that came more than once.
    pub repeats: usize,
    /// Attempts recorded as uncertain.
    pub uncertain: usize,
}

impl Tally {
    /// An empty one.
    pub fn of(row: u32) -> Self {
        Self {
            row,
            ..Self::default()
        }
    }

    /// Counts one run of so many `mails`, of which the oracle saw so many `repeats`.
    pub fn count(&mut self, world: &World, mails: usize, repeats: usize) {
        world.ok(&["audit", "verify"]);
        let uncertain = world.events().get("uncertain").copied().unwrap_or(0);
        assert!(
            repeats <= uncertain,
            "{repeats} repeats, {uncertain} of them explained"
        );
        self.runs += 1;
        self.mails += mails;
        self.repeats += repeats;
        self.uncertain += uncertain;
    }

    /// Tells what was seen.
    pub fn tell(&self) {
        assert!(self.struck > 0, "row {}: the fault never struck", self.row);
        let Self {
            row,
            runs,
            struck,
            mails,
            repeats,
            uncertain,
        } = self;
        let line = format!(
            "[[seen]]\nrow = {row}\nruns = {runs}\nstruck = {struck}\nmails = {mails}\n\
             repeats = {repeats}\nuncertain = {uncertain}\n\n"
        );
        if let Some(path) = std::env::var_os("TRIAGED_FAULTS_SEEN") {
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.unwrap().write_all(line.as_bytes()).unwrap();
        }
    }
}

/// Works off what a fault left behind; every deferred forward is due at once.
pub fn heal(world: &World, left: impl Fn() -> usize) {
    let mut said = String::new();
    for _ in 0..6 {
        let ended = run(world, &["run", "--once"]);
        if ended.code == Some(0) && left() == 0 {
            return;
        }
        said = ended.said;
        for_all_at(world, "deferred", "retry");
    }
    panic!("it does not heal: {said}");
}

/// The places of one sweep: a few, or from 1 on until `strike` says that the fault came too late to
/// strike.
fn places(few: &[u64], mut strike: impl FnMut(u64) -> bool) {
    if let Some(stride) = stride() {
        let beyond = (1..PLACES_MAX).step_by(stride).find(|n| !strike(*n));
        assert!(beyond.is_some(), "it never passed the end");
    } else {
        for n in few {
            strike(*n);
        }
    }
}

fn has_strace() -> bool {
    let found = Command::new("strace").arg("-V").output().is_ok();
    if !found {
        eprintln!("left out: strace is not installed");
    }
    found
}

/// Runs the program with a fault injected into a call of the system.
fn injected(world: &World, call: &str, fault: &str) -> Ended {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={call}"))
        .arg("-e")
        .arg(format!("inject={call}:{fault}"));
    start_in(strace, world, &["run", "--once"]).ended()
}

/// One job on a Maildir with a fault in it; the answer is whether it struck.
fn strike(tally: &mut Tally, call: &str, fault: &str) -> bool {
    let mail = sample::mail(MAIL, 0);
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 2\n"));
    let ended = injected(&world, call, fault);
    let struck = ended.code != Some(0);
    tally.struck += usize::from(struck);
    let maildir = world.path("mailbox");
    heal(&world, || left_in(&maildir));
    tally.count(&world, MAIL, judged(&maildir, &mail, &way_out));
    struck
}

#[test]
fn killed_at_calls_of_the_system_it_loses_nothing() {
    if !has_strace() {
        return;
    }
    let mut tally = Tally::of(14);
    // Synced: every commit. Written and sent: everything in between.
    for (call, few) in [
        ("fsync", &[3, 6][..]),
        ("pwrite64", &[9][..]),
        ("sendto", &[4][..]),
        ("writev", &[1][..]),
        ("renameat2", &[2][..]),
    ] {
        places(few, |n| {
            strike(&mut tally, call, &format!("signal=KILL:when={n}"))
        });
    }
    tally.tell();
}

#[test]
fn a_failed_sync_ends_the_daemon_and_the_next_one_goes_on() {
    if !has_strace() {
        return;
    }
    let mut tally = Tally::of(20);
    places(&[3], |n| {
        strike(&mut tally, "fsync", &format!("error=EIO:when={n}"))
    });
    tally.tell();
}

#[test]
fn cut_at_bytes_towards_the_way_out_it_loses_nothing() {
    let mut tally = Tally::of(27);
    for (way, few) in [(Way::Out, &[1500, 4000][..]), (Way::In, &[260][..])] {
        places(few, |n| {
            let mail = sample::mail(MAIL, 0);
            let way_out = WayOut::start(vec![]);
            let proxy = Proxy::start(way_out.port(), way, n);
            let delivery = over_smtp(proxy.port, "connections = 1\n");
            let world = on_maildir(&mail, "", &delivery);
            run(&world, &["run", "--once"]);
            let struck = proxy.passed(way) == n
                || world.events().contains_key("deferred")
                || world.events().contains_key("uncertain");
            tally.struck += usize::from(struck);
            let maildir = world.path("mailbox");
            heal(&world, || left_in(&maildir));
            tally.count(&world, MAIL, judged(&maildir, &mail, &way_out));
            struck
        });
    }
    tally.tell();
}

#[test]
fn cut_at_bytes_towards_the_mailbox_it_loses_nothing() {
    let mut tally = Tally::of(26);
    for (way, few) in [(Way::Out, &[2300][..]), (Way::In, &[1700, 6000][..])] {
        places(few, |n| {
            let mail = sample::mail(MAIL, 0);
            let dovecot = Dovecot::start();
            for one in &mail {
                dovecot.deliver(&one.bytes);
            }
            let way_out = WayOut::start(vec![]);
            let proxy = Proxy::start(dovecot.imaps, way, n);
            let world = on_dovecot(
                &dovecot,
                "first-run = \"all\"",
                &over_smtp(way_out.port(), ""),
            );
            super::bench::edit(
                &world,
                &format!("port = {}", dovecot.imaps),
                &format!("port = {}", proxy.port),
            );
            let ended = run(&world, &["run", "--once"]);
            let struck = ended.said.contains("cannot be worked on") || ended.code != Some(0);
            tally.struck += usize::from(struck);
            let maildir = dovecot.maildir();
            heal(&world, || left_in(&maildir));
            tally.count(&world, MAIL, judged(&maildir, &mail, &way_out));
            struck
        });
    }
    tally.tell();
}
