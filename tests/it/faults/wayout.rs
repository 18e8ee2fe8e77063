//! The way out is closed, refuses, or breaks off.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::bench::{
    WayOut, at_stage, closed_port, edit, for_all_at, judged, on_maildir, over_smtp, reply, rule,
    run, run_once, stages, start, technical, until,
};
use triaged::system::maildir;

use crate::job::sample;
use crate::job::world::messages_in;
use crate::support::smtp_peer::{Act, Always};

#[test]
fn with_the_way_out_closed_a_single_run_ends_and_the_next_one_sends() {
    let mail = sample::mail(24, 0);
    let closed = closed_port();
    let world = on_maildir(&mail, "", &over_smtp(closed, ""));
    let ended = run(&world, &["run", "--once"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    let waits = format!("{} forwards could not be sent", technical(&mail));
    assert!(ended.said.contains(&waits), "{}", ended.said);
    assert!(
        ended.said.contains("cannot reach 127.0.0.1"),
        "{}",
        ended.said
    );
    let left = messages_in(&world.path("mailbox"));
    assert_eq!(left.len(), technical(&mail), "what is not sent stays");
    assert_eq!(stages(&world).get("decided"), Some(&technical(&mail)));

    let way_out = WayOut::start(vec![]);
    edit(&world, &closed.to_string(), &way_out.port().to_string());
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn a_refused_login_pauses_sending_and_blames_no_ticket() {
    let mail = sample::mail(24, 0);
    let way_out = WayOut::start(vec![rule("AUTH", 0, reply("535 5.7.8 wrong password"))]);
    let more = "user = \"support\"\npassword-file = \"../secret\"\nconnections = 2\n";
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), more));
    fs::write(world.path("secret"), "guess\n").unwrap();
    fs::set_permissions(world.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let ended = run(&world, &["run", "--once"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("535"), "{}", ended.said);
    assert!(!ended.said.contains("guess"), "{}", ended.said);
    let tried = way_out.record().times("AUTH");
    assert!((1..=2).contains(&tried), "{tried} log-ins");
    let waiting = at_stage(&world, "decided");
    assert_eq!(waiting.len(), technical(&mail));
    assert!(waiting.iter().all(|ticket| ticket["attempts"] == 0));
    assert!(way_out.record().stored.is_empty());
}

#[test]
fn what_is_put_off_is_sent_later_and_what_is_refused_waits_for_a_person() {
    for (answer, stage) in [
        ("450 4.2.0 try again later", "deferred"),
        ("550 5.1.1 unknown user", "held"),
    ] {
        let mail = sample::mail(24, 0);
        let way_out = WayOut::start(vec![rule("RCPT", 2, reply(answer))]);
        let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 1\n"));
        run_once(&world);
        assert_eq!(at_stage(&world, stage).len(), 1, "{answer}");
        assert_eq!(way_out.forwards().len(), technical(&mail) - 1, "{answer}");
        assert_eq!(messages_in(&world.path("mailbox")).len(), 1, "{answer}");
        // Nothing is due: another run leaves it alone.
        run_once(&world);
        assert_eq!(at_stage(&world, stage).len(), 1, "{answer}");
        for_all_at(&world, stage, "retry");
        run_once(&world);
        assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
        world.ok(&["audit", "verify"]);
    }
}

#[test]
fn after_an_unread_answer_the_same_bytes_go_out_once_more() {
    let mail = sample::mail(8, 0);
    let way_out = WayOut::start(vec![rule("DOT", 1, Act::StoreAndClose(Always))]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), "connections = 1\n"));
    // The way out may stay closed for the others, or open again with the next of them.
    run(&world, &["run", "--once"]);
    assert_eq!(world.events().get("uncertain"), Some(&1));
    assert_eq!(at_stage(&world, "deferred").len(), 1);
    run_once(&world);
    assert_eq!(at_stage(&world, "deferred").len(), 1, "it was not due");
    for_all_at(&world, "deferred", "retry");
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 1);
    let stored = way_out.record().stored;
    let id = &way_out.forwards()[0].id;
    let same = stored.iter().zip(way_out.forwards());
    let same: Vec<_> = same.filter(|(_, f)| f.id == *id).map(|(s, _)| s).collect();
    assert_eq!(same.len(), 2);
    assert_eq!(same[0], same[1], "the repeat has other bytes");
    world.ok(&["audit", "verify"]);
}

#[test]
fn after_a_failure_of_the_server_sending_goes_on_by_itself() {
    let mail = sample::mail(16, 0);
    // With several connections, one is idle while another fails.
    let busy = Act::ReplyAndClose("421 4.3.2 busy".to_owned());
    let way_out = WayOut::start(vec![rule("MAIL", 1, busy)]);
    let world = on_maildir(
        &mail[..1],
        "",
        &over_smtp(way_out.port(), "connections = 4\n"),
    );
    let daemon = start(&world, &["run"]);
    way_out.until(|seen| seen.times("MAIL") == 1);
    for sample in &mail[1..] {
        maildir::deliver(&world.path("mailbox"), &sample.bytes).unwrap();
    }
    // All but the one that was put off for a minute.
    way_out.until(|seen| seen.stored.len() == technical(&mail) - 1);
    daemon.terminate();
    let ended = daemon.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    for_all_at(&world, "deferred", "retry");
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn every_mailbox_hears_a_person() {
    let mut mail = sample::mail(8, 0);
    mail.retain(|sample| matches!(sample.end, sample::End::Sent(_)));
    let refused = |nth| rule("RCPT", nth, reply("550 5.7.1 not today"));
    let way_out = WayOut::start(vec![refused(1), refused(2)]);
    let other = "[[mailbox]]\nname = \"other\"\naddress = \"other@partner.example\"\n\
                 kind = \"maildir\"\npath = \"../other\"\nfirst-run = \"all\"\n\
                 create-folders = true\n";
    let delivery = over_smtp(way_out.port(), "connections = 1\n");
    let world = on_maildir(&mail[..1], other, &delivery);
    let path = world.path("other");
    maildir::create(&path, maildir::MODE_DEFAULT).unwrap();
    maildir::deliver(&path, &mail[1].bytes).unwrap();
    let daemon = start(&world, &["run"]);
    way_out.until(|seen| seen.times("RCPT") == 2);
    until("both are held", || at_stage(&world, "held").len() == 2);
    for_all_at(&world, "held", "retry");
    // Long before anything is looked over again.
    way_out.until(|seen| seen.stored.len() == 2);
    daemon.terminate();
    assert_eq!(daemon.ended().code, Some(0));
}
