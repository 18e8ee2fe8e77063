//! Work is ended, begun twice, or has no room.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::bench::{
    WayOut, closed_port, judged, on_maildir, over_smtp, rule, run, run_once, start, technical,
    until,
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
        assert_eq!(judged(world.path("mailbox"), &mail, &way_out), 0);
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
