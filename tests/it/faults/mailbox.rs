//! The mailbox's server goes away, and mail that is to be left alone.

use std::fs;

use super::bench::{
    WayOut, judged, on_dovecot, over_smtp, rule, run, run_once, start, technical, until,
};
use crate::job::sample::{self, Sample};
use crate::support::dovecot::Dovecot;
use crate::support::smtp_peer::Act;

fn deliver(dovecot: &Dovecot, mail: &[Sample]) {
    for sample in mail {
        dovecot.deliver(&sample.bytes);
    }
}

#[test]
fn a_mail_server_that_goes_away_and_comes_back_costs_nothing() {
    let mail = sample::mail(48, 0);
    let mut dovecot = Dovecot::start();
    deliver(&dovecot, &mail[..40]);
    let way_out = WayOut::start(vec![rule("DOT", 0, Act::Late(20))]);
    let delivery = over_smtp(way_out.port(), "connections = 1\n");
    let world = on_dovecot(&dovecot, "first-run = \"all\"", &delivery);
    let daemon = start(&world, &["run"]);
    way_out.until(|seen| seen.stored.len() >= 4);
    dovecot.restart();
    deliver(&dovecot, &mail[40..]);
    way_out.until(|seen| seen.stored.len() >= technical(&mail));
    until("the inbox is empty", || dovecot.count("INBOX") == 0);
    daemon.terminate();
    let ended = daemon.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert_eq!(judged(&dovecot.maildir(), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn a_message_that_the_server_breaks_off_at_does_not_keep_the_others() {
    // Also where each message is a batch by itself: only the one that is asked for is to blame.
    for limits in ["tries = 1", "tries = 1\nbatch = 1"] {
        let mail = sample::mail(8, 0);
        let dovecot = Dovecot::start();
        // Its name tells a size that it has not: Dovecot hangs up when it is asked for it.
        let odd = "new/1600000000.M0.test,S=900000,W=900400";
        fs::write(dovecot.maildir().join(odd), &mail[0].bytes).unwrap();
        deliver(&dovecot, &mail);
        let way_out = WayOut::start(vec![]);
        let delivery = over_smtp(way_out.port(), "");
        let world = on_dovecot(&dovecot, "first-run = \"all\"", &delivery);
        let path = world.path("config/triaged.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{text}\n[limits]\n{limits}\n")).unwrap();
        let daemon = start(&world, &["run"]);
        // Dovecot cannot even move it.
        until("the others are filed", || dovecot.count("INBOX") == 1);
        daemon.terminate();
        let ended = daemon.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        let blamed = ended.said.matches("goes to quarantine").count();
        assert_eq!(blamed, 1, "{}", ended.said);
        assert!(ended.said.contains("stays in its folder"), "{}", ended.said);
        assert_eq!(way_out.forwards().len(), technical(&mail));
    }
}

#[test]
fn with_only_new_mail_accepted_the_old_is_left_alone_and_the_new_is_sent() {
    let mut mail = sample::mail(72, 0);
    mail.retain(|sample| matches!(sample.end, sample::End::Sent(_)));
    let (old, new) = mail.split_at(mail.len() - 2);
    assert!(old.len() > 20, "few enough to be worked on unasked");
    let dovecot = Dovecot::start();
    deliver(&dovecot, old);
    let way_out = WayOut::start(vec![]);
    let world = on_dovecot(&dovecot, "", &over_smtp(way_out.port(), ""));
    let asks = run(&world, &["run", "--once"]);
    assert_eq!(asks.code, Some(1), "{}", asks.said);
    assert!(
        asks.said.contains("mailbox accept support"),
        "{}",
        asks.said
    );
    // What comes between the question and the answer is new.
    deliver(&dovecot, &new[..1]);
    world.ok(&["mailbox", "accept", "support", "--new-only"]);
    deliver(&dovecot, &new[1..]);
    run_once(&world);
    assert_eq!(way_out.forwards().len(), new.len());
    assert_eq!(dovecot.count("INBOX"), old.len());
    run_once(&world);
    assert_eq!(way_out.forwards().len(), new.len());
}
