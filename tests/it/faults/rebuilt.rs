//! The source folder is rebuilt: every message gets another UID under a new UIDVALIDITY.

use std::fs;
use std::io::Write as _;

use super::bench::{
    WayOut, at_stage, closed_port, edit, for_all_at, judged, left_in, on_dovecot, over_smtp, rule,
    run, run_once, stages, start, technical, text, until,
};
use crate::job::sample::{self, End, Sample};
use crate::job::world::World;
use crate::support::dovecot::{Dovecot, USER};
use crate::support::smtp_peer::Act;

fn deliver(dovecot: &Dovecot, mail: &[Sample]) {
    for sample in mail {
        dovecot.deliver(&sample.bytes);
    }
}

/// How often the server is made to forget before it must have counted anew: it takes the second of
/// the clock for its UIDVALIDITY, and each time asks it in a process of its own.
const FORGETS_MAX: usize = 500;

/// Takes away what the server knows the INBOX's UIDs by.
fn rebuild(dovecot: &Dovecot) {
    let validity = || dovecot.doveadm(&["mailbox", "status", "-u", USER, "uidvalidity", "INBOX"]);
    let before = validity();
    let mut after = before.clone();
    for _ in 0..FORGETS_MAX {
        if after != before {
            break;
        }
        for entry in fs::read_dir(dovecot.maildir()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
                fs::remove_file(path).unwrap();
            }
        }
        after = validity();
    }
    assert_ne!(before, after, "the UIDVALIDITY is the same");
}

fn allow_resync(world: &World, limit: u32) {
    let path = world.path("config/triaged.toml");
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    writeln!(file, "\n[limits]\nresync = {limit}").unwrap();
}

fn only_technical(count: usize) -> Vec<Sample> {
    let mut mail = sample::mail(count * 4, 0);
    mail.retain(|sample| matches!(sample.end, End::Sent(_)));
    mail.truncate(count);
    mail
}

#[test]
fn killed_at_half_and_rebuilt_nothing_is_sent_again() {
    let mail = sample::mail(48, 0);
    let dovecot = Dovecot::start();
    deliver(&dovecot, &mail);
    let way_out = WayOut::start(vec![rule("DOT", 0, Act::Late(20))]);
    let delivery = over_smtp(way_out.port(), "connections = 1\n");
    let world = on_dovecot(&dovecot, "first-run = \"all\"", &delivery);
    // What was decided and not sent goes on without a person, whatever the limit.
    allow_resync(&world, 0);
    assert!(world.kill_after(6), "it ended before it was killed");
    rebuild(&dovecot);
    run_once(&world);
    let repeats = judged(&dovecot.maildir(), &mail, &way_out);
    let uncertain = world.events().get("uncertain").copied().unwrap_or(0);
    // One was on the wire, and the next four were begun behind it.
    assert!(
        repeats <= 1 && repeats <= uncertain && uncertain <= 5,
        "{repeats} of {uncertain}"
    );
    run_once(&world);
    assert_eq!(judged(&dovecot.maildir(), &mail, &way_out), repeats);
    world.ok(&["audit", "verify"]);
}

#[test]
fn unknown_mail_beyond_the_limit_waits_for_a_person() {
    let mail = only_technical(6);
    let dovecot = Dovecot::start();
    deliver(&dovecot, &mail[..1]);
    let way_out = WayOut::start(vec![]);
    let world = on_dovecot(
        &dovecot,
        "first-run = \"all\"",
        &over_smtp(way_out.port(), ""),
    );
    allow_resync(&world, 2);
    run_once(&world);
    // As many as are allowed.
    deliver(&dovecot, &mail[1..3]);
    rebuild(&dovecot);
    run_once(&world);
    assert_eq!(way_out.forwards().len(), 3);
    // One more.
    deliver(&dovecot, &mail[3..]);
    rebuild(&dovecot);
    run_once(&world);
    assert_eq!(way_out.forwards().len(), 3);
    assert_eq!(at_stage(&world, "held").len(), 3);
    run_once(&world);
    assert_eq!(
        at_stage(&world, "held").len(),
        3,
        "held once, sent by the next run"
    );
    for_all_at(&world, "held", "release");
    run_once(&world);
    assert_eq!(judged(&dovecot.maildir(), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn what_a_person_held_is_held_after_the_rebuilding() {
    let mail = only_technical(2);
    let dovecot = Dovecot::start();
    deliver(&dovecot, &mail);
    let closed = closed_port();
    let world = on_dovecot(&dovecot, "first-run = \"all\"", &over_smtp(closed, ""));
    assert_eq!(run(&world, &["run", "--once"]).code, Some(1));
    let waiting = at_stage(&world, "decided");
    world.ok(&["hold", &text(&waiting[0], "id")]);
    rebuild(&dovecot);
    let way_out = WayOut::start(vec![]);
    edit(&world, &closed.to_string(), &way_out.port().to_string());
    run_once(&world);
    assert_eq!(way_out.forwards().len(), 1);
    let held = at_stage(&world, "held");
    assert_eq!(held.len(), 1, "{:?}", stages(&world));
    assert_eq!(text(&held[0], "subject"), text(&waiting[0], "subject"));
    world.ok(&["release", &text(&held[0], "id")]);
    run_once(&world);
    assert_eq!(judged(&dovecot.maildir(), &mail, &way_out), 0);
}

#[test]
fn a_forward_on_the_wire_meanwhile_moves_no_other_message() {
    let mut dovecot = Dovecot::start();
    let mail = sample::mail(24, 0);
    let sent = mail.iter().find(|s| matches!(s.end, End::Sent(_))).unwrap();
    let bill = mail
        .iter()
        .find(|s| s.end == End::Filed("Billing"))
        .unwrap();
    let both = [sent.clone(), bill.clone()];
    deliver(&dovecot, &both[..1]);
    // Long enough for the restart and the new session, which waits for it.
    let way_out = WayOut::start(vec![rule("DOT", 1, Act::Late(4_000))]);
    let world = on_dovecot(
        &dovecot,
        "first-run = \"all\"",
        &over_smtp(way_out.port(), ""),
    );
    let daemon = start(&world, &["run"]);
    way_out.until(|seen| seen.times("DOT") == 1);
    // Its name stands before the other's: it gets the UID that the other had.
    let first = dovecot.maildir().join("new/1600000000.M0.test");
    fs::write(first, &bill.bytes).unwrap();
    rebuild(&dovecot);
    dovecot.restart();
    until("both are filed", || left_in(&dovecot.maildir()) == 0);
    daemon.terminate();
    let ended = daemon.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(ended.said.contains("rebuilt"), "{}", ended.said);
    assert_eq!(technical(&both), 1);
    assert_eq!(judged(&dovecot.maildir(), &both, &way_out), 0);
    world.ok(&["audit", "verify"]);
}
