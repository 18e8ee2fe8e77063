//! Work is ended, begun twice, or has no room.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use super::bench::{
    WayOut, closed_port, judged, left_in, on_maildir, over_smtp, rule, run, run_once, start,
    start_in, technical, until,
};
use crate::job::sample;
use crate::job::world::World;
use crate::support::smtp_peer::Act;

/// What the service manager allows before it kills.
const STOP_TIME: Duration = Duration::from_secs(30);

#[test]
fn asked_to_stop_at_work_it_ends_in_order_and_doubts_nothing() {
    for arguments in [&["run"][..], &["run", "--once"]] {
        let mail = sample::mail(64, 0);
        let way_out = WayOut::start(vec![rule("DOT", 0, Act::Late(60))]);
        let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 2\n"));
        let program = start(&world, arguments);
        way_out.until(|seen| seen.stored.len() >= 3);
        let asked = Instant::now();
        program.terminate();
        let ended = program.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        assert!(asked.elapsed() < STOP_TIME);
        let sent = way_out.forwards().len();
        assert!(sent < technical(&mail), "it ended by itself");
        let events = world.events();
        assert_eq!(events.get("uncertain"), None);
        assert_eq!(events["delivered"], sent);
        assert_eq!(events["stopped"], 1);
        run_once(&world);
        assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
        world.ok(&["audit", "verify"]);
    }
}

#[test]
fn a_silent_mail_server_does_not_keep_it_from_ending() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mailbox = format!(
        "kind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"support\"\n\
         password-file = \"../secret\"\n",
        silent.local_addr().unwrap().port()
    );
    let world = World::new(&mailbox, &over_smtp(closed_port(), ""));
    let daemon = start(&world, &["run"]);
    let (_client, _) = silent.accept().unwrap();
    let asked = Instant::now();
    daemon.terminate();
    let ended = daemon.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(asked.elapsed() < STOP_TIME);
}

#[test]
fn a_second_daemon_on_the_same_state_is_refused() {
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&[], "", &over_smtp(way_out.port(), ""));
    let daemon = start(&world, &["run"]);
    until("the first is at work", || daemon.said().contains("opened"));
    let second = run(&world, &["run", "--once"]);
    assert_eq!(second.code, Some(1), "{}", second.said);
    assert!(
        second.said.contains("another `triaged run` works on"),
        "{}",
        second.said
    );
    daemon.terminate();
    assert_eq!(daemon.ended().code, Some(0));
}

#[test]
fn with_the_disk_full_nothing_is_begun_and_it_goes_on_by_itself() {
    if !in_own_mounts(&["mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("not tried: nobody may mount a small disk here");
        return;
    }
    let mail = sample::mail(64, 0);
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), ""));
    let state = world.path("state");
    let script = "mount -t tmpfs -o size=2m,mode=700 tmpfs \"$0\" && \
                  head -c 1820000 /dev/zero > \"$0/filler\" && exec \"$@\"";
    let state_name = state.to_str().unwrap();
    let daemon = start_in(
        in_own_mounts(&["sh", "-c", script, state_name]),
        &world,
        &["run"],
    );
    until("it says that the disk is full", || {
        daemon.said().contains("no room for the ledger")
    });
    assert!(way_out.record().stored.is_empty());
    assert_eq!(left_in(&world.path("mailbox")), mail.len());
    // The disk as the program sees it.
    let seen = format!("/proc/{}/root{state_name}/filler", daemon.id());
    fs::remove_file(seen).unwrap();
    until("the inbox is empty", || {
        left_in(&world.path("mailbox")) == 0
    });
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    daemon.terminate();
    let ended = daemon.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        ended.said.contains("the ledger writes again"),
        "{}",
        ended.said
    );
}

/// A command that sees its own mounts and leaves none behind.
fn in_own_mounts(arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        command.arg("--map-root-user");
    }
    command.arg("--mount").args(arguments);
    command
}
