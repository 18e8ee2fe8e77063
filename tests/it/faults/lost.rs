//! The ledger is lost, cut or older than it should be; the clock jumps; the daemon is stopped for a
//! while.

use std::fs;
use std::path::Path;
use std::process::Command;

use triaged::system::maildir;

use super::bench::{
    WayOut, at_stage, closed_port, edit, judged, left_in, on_maildir, over_smtp, reply, rule, run,
    run_once, start, start_in, technical, until,
};
use super::sweep::heal;
use crate::job::sample;
use crate::job::world::{World, folders_of};
use crate::support::smtp_peer::Act;

const LEDGER: [&str; 3] = ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"];

fn copy_ledger(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in LEDGER {
        let _absent = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn remove_ledger(state: &Path) {
    for name in LEDGER {
        let _absent = fs::remove_file(state.join(name));
    }
}

#[test]
fn without_the_ledger_nothing_is_lost_and_a_repeat_is_the_same_message() {
    let mail = sample::mail(16, 0);
    // Taken, and the answer lost; the ledger goes before it can be asked again.
    let way_out = WayOut::start(vec![rule(
        "DOT",
        2,
        Act::StoreAndClose(crate::support::smtp_peer::Always),
    )]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 1\n"));
    run(&world, &["run", "--once"]);
    assert!(
        left_in(&world.path("mailbox")) > 0,
        "nothing was left to do"
    );
    remove_ledger(&world.path("state"));
    let maildir = world.path("mailbox");
    heal(&world, || left_in(&maildir));
    // The oracle compares the repeat's Message-ID with the first one's.
    assert_eq!(judged(&maildir, &mail, &way_out), 1);
    world.ok(&["audit", "verify"]);
    let set_aside = fs::read_dir(world.path("state")).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("set-aside")
    });
    assert_eq!(set_aside.count(), 1, "the old audit file is kept");
}

#[test]
fn without_the_ledger_a_full_inbox_waits_for_a_person() {
    let mail = sample::mail(56, 0);
    let closed = closed_port();
    let world = on_maildir(&mail, "", &over_smtp(closed, ""));
    run(&world, &["run", "--once"]);
    let waiting = left_in(&world.path("mailbox"));
    assert!(waiting > 20, "few enough to be worked on unasked");
    // Although `first-run = "all"`: it is not the first.
    remove_ledger(&world.path("state"));
    let way_out = WayOut::start(vec![]);
    edit(&world, &closed.to_string(), &way_out.port().to_string());
    let asks = run(&world, &["run", "--once"]);
    assert_eq!(asks.code, Some(1), "{}", asks.said);
    assert!(
        asks.said.contains("mailbox accept support"),
        "{}",
        asks.said
    );
    assert!(way_out.record().stored.is_empty(), "sent unasked");
    world.ok(&["mailbox", "accept", "support"]);
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
}

#[test]
fn without_the_ledger_what_was_sent_is_not_sent_again_when_it_comes_back() {
    let mail = sample::mail(40, 0);
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), ""));
    run_once(&world);
    let sent = way_out.record().stored.len();
    assert_eq!(sent, technical(&mail));
    remove_ledger(&world.path("state"));
    world.ok(&["recover"]);
    run_once(&world);
    assert_eq!(
        way_out.record().stored.len(),
        sent,
        "it found something to do"
    );
    // All of it a second time: a backup of the server, or somebody's hand.
    for sample in &mail {
        maildir::deliver(&world.path("mailbox"), &sample.bytes).unwrap();
    }
    run_once(&world);
    assert_eq!(way_out.record().stored.len(), sent, "sent twice");
    assert_eq!(left_in(&world.path("mailbox")), 0);
    let filed: usize = folders_of(&world.path("mailbox"))
        .values()
        .map(Vec::len)
        .sum();
    assert_eq!(filed, 2 * mail.len());
    world.ok(&["audit", "verify"]);
}

#[test]
fn with_yesterdays_ledger_what_was_filed_since_stays_filed() {
    let mail = sample::mail(24, 0);
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&mail[..8], "", &over_smtp(way_out.port(), ""));
    let (state, backup) = (world.path("state"), world.path("backup"));
    run_once(&world);
    copy_ledger(&state, &backup);
    for sample in &mail[8..16] {
        maildir::deliver(&world.path("mailbox"), &sample.bytes).unwrap();
    }
    run_once(&world);
    copy_ledger(&backup, &state);
    for sample in &mail[16..] {
        maildir::deliver(&world.path("mailbox"), &sample.bytes).unwrap();
    }
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn a_cut_ledger_is_named_and_left_alone() {
    let mail = sample::mail(8, 0);
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&mail[..4], "", &over_smtp(way_out.port(), ""));
    run_once(&world);
    let file = world.path("state/ledger.sqlite");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    for sample in &mail[4..] {
        maildir::deliver(&world.path("mailbox"), &sample.bytes).unwrap();
    }
    let ended = run(&world, &["run", "--once"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("is damaged"), "{}", ended.said);
    assert!(
        ended.said.contains("move the ledger files aside"),
        "{}",
        ended.said
    );
    assert_eq!(
        left_in(&world.path("mailbox")),
        4,
        "it went on with a damaged ledger"
    );
    // As it says.
    remove_ledger(&world.path("state"));
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
}

/// Runs the program with the clock set off by `offset`; `None` where that cannot be done.
fn at_another_time(world: &World, offset: &str) -> Option<super::bench::Ended> {
    Command::new("faketime").arg("--version").output().ok()?;
    let mut faketime = Command::new("faketime");
    faketime.args(["-f", offset]);
    Some(start_in(faketime, world, &["run", "--once"]).ended())
}

#[test]
fn jumps_of_the_clock_repeat_nothing_and_expire_nothing_at_once() {
    let mail = sample::mail(24, 0);
    let put_off = |nth| rule("RCPT", nth, reply("450 4.2.0 try again later"));
    let way_out = WayOut::start(vec![put_off(2), put_off(3)]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 1\n"));
    let Some(back) = at_another_time(&world, "-1d") else {
        eprintln!("left out: faketime is not installed");
        return;
    };
    assert_eq!(back.code, Some(0), "{}", back.said);
    assert_eq!(at_stage(&world, "deferred").len(), 2);
    // Ten years later both are due; they are sent, not given up unasked.
    let later = at_another_time(&world, "+3650d").unwrap();
    assert_eq!(later.code, Some(0), "{}", later.said);
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn stopped_and_woken_it_goes_on_and_no_second_one_takes_its_place() {
    let mail = sample::mail(16, 0);
    let way_out = WayOut::start(vec![rule("DOT", 0, Act::Late(50))]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 1\n"));
    let daemon = start(&world, &["run"]);
    way_out.until(|seen| seen.times("DOT") == 1);
    daemon.signal(rustix::process::Signal::STOP);
    let second = run(&world, &["run", "--once"]);
    assert_eq!(second.code, Some(1), "{}", second.said);
    daemon.signal(rustix::process::Signal::CONT);
    until("the inbox is empty", || {
        left_in(&world.path("mailbox")) == 0
    });
    daemon.terminate();
    assert_eq!(daemon.ended().code, Some(0));
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    assert!(way_out.forwards().len() == technical(&mail));
}
