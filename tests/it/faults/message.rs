//! Messages that are hard to take: not a message at all, too big, twice, a stand-in.

use std::fs;

use triaged::system::maildir;

use super::bench::{
    WayOut, at_stage, closed_port, edit, on_maildir, over_smtp, run, run_once, stages, technical,
    text, tickets,
};
use crate::job::sample::{self, Sample};
use crate::job::world::{World, messages_in};

fn with(mail: &[Sample], more: &str) -> (World, WayOut) {
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(mail, more, &over_smtp(way_out.port(), ""));
    (world, way_out)
}

#[test]
fn what_cannot_be_read_is_quarantined_after_three_tries_and_the_rest_flows() {
    let mail = sample::mail(8, 0);
    let (world, way_out) = with(&mail, "");
    let inbox = world.path("mailbox/new");
    fs::write(inbox.join("1700000000.M1P1.empty"), b"").unwrap();
    fs::write(
        inbox.join("1700000001.M1P1.nohead"),
        b"\n\nno header here\n",
    )
    .unwrap();
    run_once(&world);
    // An empty file may still be on its way here: it is left for a person.
    assert_eq!(messages_in(&world.path("mailbox")), [b""]);
    assert_eq!(at_stage(&world, "held").len(), 1);
    assert_eq!(messages_in(&world.path("mailbox/.Quarantine")).len(), 1);
    assert_eq!(way_out.forwards().len(), technical(&mail));
    let bad = at_stage(&world, "quarantined");
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0]["tries"], 3);
    assert_eq!(stages(&world)["settled"], mail.len());
}

#[test]
fn what_is_too_big_is_for_a_person_and_says_so() {
    let (world, way_out) = with(&[], "max-size = \"64 KiB\"");
    let mut big = sample::mail(1, 0).remove(0).bytes;
    big.extend("Lumen CRM kraschar.\n".repeat(8_000).bytes());
    maildir::deliver(&world.path("mailbox"), &big).unwrap();
    run_once(&world);
    assert!(way_out.record().stored.is_empty());
    assert_eq!(messages_in(&world.path("mailbox/.Review")), [big]);
    let reason = text(&tickets(&world)[0], "reason");
    assert!(reason.contains("above the limit of 65536"), "{reason}");
}

#[test]
fn of_two_copies_one_is_sent() {
    let mut mail = sample::mail(8, 0);
    mail.retain(|sample| matches!(sample.end, sample::End::Sent(_)));
    let twice = [mail.clone(), mail.clone()].concat();
    let (world, way_out) = with(&twice, "");
    run_once(&world);
    assert_eq!(way_out.forwards().len(), mail.len());
    assert_eq!(messages_in(&world.path("mailbox")).len(), 0);
    let filed = messages_in(&world.path("mailbox/.Forwarded"));
    assert_eq!(filed.len(), twice.len());
}

#[test]
fn a_stand_in_for_a_message_is_never_sent() {
    let (world, way_out) = with(&[], "");
    let stub = "From: Kund <kund@kund.example>\nTo: support@partner.example\n\
                Subject: Retrieval using the IMAP4 protocol failed for the following message: 41\n\
                Message-ID: <stub@kund.example>\n\nLumen CRM kraschar, felkod 0x1F.\n";
    maildir::deliver(&world.path("mailbox"), stub.as_bytes()).unwrap();
    run_once(&world);
    assert!(way_out.record().stored.is_empty());
    assert_eq!(messages_in(&world.path("mailbox/.Review")).len(), 1);
    let reason = text(&tickets(&world)[0], "reason");
    assert!(reason.contains("cannot be read"), "{reason}");
}

#[test]
fn what_a_person_took_away_before_it_was_sent_is_not_sent() {
    let mut mail = sample::mail(16, 0);
    mail.retain(|sample| matches!(sample.end, sample::End::Sent(_)));
    let closed = closed_port();
    let world = on_maildir(&mail, "", &over_smtp(closed, ""));
    assert_eq!(run(&world, &["run", "--once"]).code, Some(1));
    let inbox = world.path("mailbox");
    let mut files = ["new", "cur"]
        .iter()
        .flat_map(|part| fs::read_dir(inbox.join(part)).unwrap())
        .map(|entry| entry.unwrap().path());
    let (deleted, dragged) = (files.next().unwrap(), files.next().unwrap());
    fs::remove_file(deleted).unwrap();
    let name = dragged.file_name().unwrap();
    fs::rename(&dragged, inbox.join(".Billing/new").join(name)).unwrap();

    let way_out = WayOut::start(vec![]);
    edit(&world, &closed.to_string(), &way_out.port().to_string());
    run_once(&world);
    assert_eq!(way_out.forwards().len(), mail.len() - 2);
    let stages = stages(&world);
    assert_eq!(stages["withdrawn"], 2, "{stages:?}");
    assert_eq!(stages["settled"], mail.len() - 2, "{stages:?}");
    assert_eq!(messages_in(&inbox.join(".Billing")).len(), 1);
    world.ok(&["audit", "verify"]);
}
