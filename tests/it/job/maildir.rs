//! The whole job without any server: a Maildir in, a Maildir out.

use std::fs;

use triaged::system::maildir;

use super::sample::{self, Sample};
use super::world::{Forward, World, folders_of, judge, messages_in};

const PRODUCTS: [(&str, &str); 3] = [
    ("support@lumen-crm.example", "lumen-crm"),
    ("brukerstotte@fjordarkiv.example", "fjordarkiv"),
    ("helpdesk@tidvakt.example", "tidvakt"),
];

fn world(mail: &[Sample]) -> World {
    let world = World::new(
        "kind = \"maildir\"\npath = \"../mailbox\"\nfirst-run = \"all\"\n",
        "transport = \"maildir\"\npath = \"../outbox\"\n",
    );
    let mailbox = world.path("mailbox");
    maildir::create(&mailbox, maildir::MODE_DEFAULT).unwrap();
    for sample in mail {
        maildir::deliver(&mailbox, &sample.bytes).unwrap();
    }
    world
}

fn forwards(world: &World) -> Vec<Forward> {
    messages_in(&world.path("outbox"))
        .iter()
        .map(|mail| {
            let text = String::from_utf8_lossy(mail);
            let (_, product) = PRODUCTS
                .iter()
                .find(|(address, _)| {
                    text.lines()
                        .any(|l| l.starts_with("To:") && l.contains(address))
                })
                .expect("a known recipient");
            Forward::read(product, mail)
        })
        .collect()
}

fn judged(world: &World, mail: &[Sample]) -> usize {
    let mailbox = world.path("mailbox");
    judge(
        mail,
        &folders_of(&mailbox),
        messages_in(&mailbox).len(),
        &forwards(world),
    )
}

#[test]
fn every_message_ends_in_its_place_and_a_second_run_does_nothing() {
    let mail = sample::mail(64, 20_000);
    let world = world(&mail);
    world.ok(&["run", "--once"]);
    assert_eq!(judged(&world, &mail), 0);
    world.ok(&["audit", "verify"]);
    let before = world.events();
    world.ok(&["run", "--once"]);
    let mut after = world.events();
    for only in ["started", "stopped"] {
        *after.get_mut(only).unwrap() -= 1;
    }
    assert_eq!(before, after, "a second run found something to do");
    assert_eq!(judged(&world, &mail), 0);
}

#[test]
fn killed_again_and_again_it_loses_and_doubles_nothing() {
    let mail = sample::mail(160, 5_000);
    let world = world(&mail);
    let killed = (1..=10).filter(|n| world.kill_after(*n)).count();
    assert!(killed >= 5, "only {killed} kills hit the program at work");
    world.ok(&["run", "--once"]);
    let repeats = judged(&world, &mail);
    // A Maildir knows a repeat by its name: there the second copy is the first one.
    assert_eq!(repeats, 0);
    world.ok(&["audit", "verify"]);
}

#[test]
fn what_was_sent_once_is_not_sent_again_when_somebody_puts_it_back() {
    let mail = sample::mail(8, 0);
    let world = world(&mail);
    world.ok(&["run", "--once"]);
    let sent = forwards(&world).len();
    let filed = world.path("mailbox/.Forwarded/new");
    let one = fs::read_dir(&filed)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::rename(&one, world.path("mailbox/new/1800000000.M1.back")).unwrap();
    world.ok(&["run", "--once"]);
    assert_eq!(forwards(&world).len(), sent, "it was sent again");
    assert_eq!(
        messages_in(&world.path("mailbox")).len(),
        0,
        "it stays in the inbox"
    );
    world.ok(&["audit", "verify"]);
}
