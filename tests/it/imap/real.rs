//! The IMAP mailbox against a real Dovecot: what it reads is what was delivered, and what it
//! says it filed is where it says.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use triaged::config::login;
use triaged::config::mailbox::{ImapConfig, MailboxConfig, Source};
use triaged::config::net::{Server, Tls};
use triaged::config::secret::Secret;
use triaged::domain::digest::Digest;
use triaged::domain::event::Proof;
use triaged::domain::ids::Folder;
use triaged::domain::locator::Item;
use triaged::mailbox::exchange::{
    Content, Entry, Found, Hint, Mark, Move, MoveEnd, Opened, Sought, Trouble,
};
use triaged::mailbox::imap::ImapMailbox;
use triaged::oauth::Tokens;
use triaged::pipeline::archive;

use crate::imap::account::{self, SIZE_MAX};
use crate::support::dovecot::{Dovecot, PASSWORD, USER};

const FOLDERS: [&str; 3] = ["Queue", "Ärenden/Öppna", "Sent on & filed"];

/// The account on `server`, by implicit TLS.
fn account(server: &Dovecot) -> MailboxConfig {
    let address = Server {
        host: "127.0.0.1".into(),
        port: server.imaps,
        tls: Tls::Implicit,
        ca_file: Some(server.ca_file()),
    };
    account::account(address, USER, server.secret_file(PASSWORD))
}

/// The same with other settings of the connection.
fn account_with(server: &Dovecot, change: impl FnOnce(&mut ImapConfig)) -> MailboxConfig {
    let mut config = account(server);
    if let Source::Imap(imap) = &mut config.source {
        change(imap);
    }
    config
}

async fn open(config: &MailboxConfig) -> Result<(ImapMailbox, Opened), Trouble> {
    ImapMailbox::open(config, &Tokens::default(), &FOLDERS.map(Folder::from)).await
}

/// Message `n`, lines ending in LF, of a size that differs from its neighbours'.
fn message(n: usize) -> Vec<u8> {
    let body = format!("Hej, faktura {n} stämmer inte.\n").repeat(1 + n % 40);
    format!("From: kund{n}@example.net\nSubject: =?utf-8?Q?=C3=84rende?= {n}\n\n{body}").into()
}

/// As IMAP gives it: lines ending in CRLF.
fn on_the_wire(message: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(message)
        .replace('\n', "\r\n")
        .into()
}

/// Fetches `entries` and expects all of them whole.
async fn fetch(mailbox: &ImapMailbox, entries: Vec<Entry>) -> HashMap<Item, Bytes> {
    let mut fetched = mailbox.fetch(entries, SIZE_MAX).await;
    let mut whole = HashMap::new();
    while let Some(one) = fetched.recv().await {
        let one = one.unwrap();
        let Content::Whole(bytes) = one.content else {
            panic!("{}: {:?}", one.item, one.content);
        };
        whole.insert(one.item, bytes);
    }
    whole
}

/// Lists the folder until it shows `count` messages, as the daemon does: between two looks the
/// server must have announced something.
async fn list_until(mailbox: &ImapMailbox, count: usize) -> Vec<Entry> {
    loop {
        let entries = mailbox.list(None).await.unwrap().entries;
        if entries.len() == count {
            return entries;
        }
        let hint = mailbox.hint(Duration::from_secs(20)).await;
        assert_eq!(hint, Ok(Hint::Changed), "{count} messages never came");
    }
}

fn to(folder: &str, entries: &[Entry]) -> Vec<Move> {
    let wish = |entry: &Entry| Move {
        item: entry.item.clone(),
        folder: Folder::from(folder),
    };
    entries.iter().map(wish).collect()
}

#[tokio::test]
async fn mail_is_read_byte_for_byte_and_filed_with_proof() {
    let server = Dovecot::start();
    for n in 0..300 {
        server.deliver(&message(n));
    }
    let (mailbox, opened) = open(&account(&server)).await.unwrap();
    assert_eq!(opened.messages, 300);
    assert_eq!(opened.marks.len(), FOLDERS.len());
    assert!(mailbox.files_in_one_step());

    let listing = mailbox.list(None).await.unwrap();
    assert_eq!(listing.entries.len(), 300);
    assert_eq!(listing.generation, opened.generation);
    let whole = fetch(&mailbox, listing.entries.clone()).await;
    for (n, entry) in listing.entries.iter().enumerate() {
        assert_eq!(whole[&entry.item], on_the_wire(&message(n)), "message {n}");
    }
    let Item::Uid(last) = listing.entries[299].item else {
        panic!("a UID");
    };
    assert_eq!(mailbox.list(Some(last)).await.unwrap().entries.len(), 1);
    assert_eq!(mailbox.list(Some(last + 1)).await.unwrap().entries, []);

    let mut moves = Vec::new();
    for (at, folder) in FOLDERS.iter().enumerate() {
        moves.extend(to(folder, &listing.entries[at * 100..at * 100 + 100]));
    }
    let filed = mailbox.settle(moves).await.unwrap();
    assert_eq!(filed.len(), 300);
    for one in &filed {
        assert_eq!(one.end, MoveEnd::Proved(Proof::Copyuid), "{}", one.item);
    }
    for folder in FOLDERS {
        assert_eq!(server.count(folder), 100, "{folder}");
    }
    assert_eq!(mailbox.list(None).await.unwrap().entries, []);
    // What PEEK reads stays unread for people.
    assert_eq!(
        server.doveadm(&["search", "-u", USER, "mailbox", "Queue", "seen"]),
        ""
    );
    mailbox.close().await;
}

#[tokio::test]
async fn a_folder_that_is_only_read_stays_as_it_is() {
    let server = Dovecot::start();
    for n in 0..120 {
        server.deliver(&message(n));
    }
    let config = account(&server);
    let flags = ["fetch", "-u", USER, "uid flags", "mailbox", "INBOX", "all"];
    // Looking at flags is no session: what is new to everybody stays `\\Recent`.
    let recent = ["search", "-u", USER, "mailbox", "INBOX", "recent"];
    let before = (server.doveadm(&flags), server.doveadm(&recent));
    let (mut seen, mut total) = (0, 0);
    let tokens = Tokens::default();
    let walked = archive::walk(&config, &tokens, &config.folder, |filed| {
        let Item::Uid(uid) = filed.item else {
            panic!("a UID");
        };
        let wanted = format!("Ärende {}", uid - 1);
        assert_eq!(filed.message.subject, wanted);
        (seen, total) = (seen + 1, filed.total);
    });
    let walked = walked.await.unwrap().expect("the folder");
    assert_eq!(
        (walked.read, walked.unreadable, seen, total),
        (120, 0, 120, 120)
    );
    assert_eq!((server.doveadm(&flags), server.doveadm(&recent)), before);
    assert_eq!(server.count("INBOX"), 120);

    let nowhere = Folder::from("Nowhere");
    let walked = archive::walk(&config, &tokens, &nowhere, |_| panic!("a message")).await;
    assert_eq!(walked.unwrap(), None);
    let folders = server.doveadm(&["mailbox", "list", "-u", USER]);
    assert!(!folders.contains("Nowhere"), "{folders}");
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_is_found_by_content() {
    let server = Dovecot::start();
    for n in 0..3 {
        server.deliver(&message(n));
    }
    let (mailbox, opened) = open(&account(&server)).await.unwrap();
    let entries = mailbox.list(None).await.unwrap().entries;
    let whole = fetch(&mailbox, entries.clone()).await;
    let utf7 = "\"&AMQ-renden/&ANY-ppna\"";
    let moving = format!("UID MOVE {} {utf7}", entries[1].item);
    server.as_another_client(&[&moving]);

    let moved = mailbox.settle(to("Ärenden/Öppna", &entries[..2])).await;
    let ends: Vec<_> = moved.unwrap().into_iter().map(|m| m.end).collect();
    assert_eq!(ends, [MoveEnd::Proved(Proof::Copyuid), MoveEnd::Unproved]);

    let sought = |entry: &Entry| Sought {
        item: entry.item.clone(),
        size: entry.size,
        digest: Some(Digest::of(&whole[&entry.item])),
    };
    let found = Found {
        item: entries[1].item.clone(),
        folder: Folder::from("Ärenden/Öppna"),
        copies: 1,
    };
    let look = vec![sought(&entries[1]), sought(&entries[2])];
    assert_eq!(
        mailbox.find(look, opened.marks.clone()).await,
        Ok(vec![found.clone()])
    );

    // Another mover's copy is counted; what came before the mark is not looked at.
    let copy = format!("UID COPY {} Queue", entries[2].item);
    server.as_another_client(&[&copy, &copy]);
    let look = vec![sought(&entries[2])];
    let found = mailbox
        .find(look.clone(), opened.marks.clone())
        .await
        .unwrap();
    assert_eq!((found.len(), found[0].copies), (1, 2));
    let late = |mark: &Mark| Mark {
        next: mark.next + 2,
        ..mark.clone()
    };
    let late: Vec<_> = opened.marks.iter().map(late).collect();
    assert_eq!(mailbox.find(look, late).await, Ok(vec![]));
    // The source folder is selected again.
    assert_eq!(mailbox.list(None).await.unwrap().entries, entries[2..]);
}

#[tokio::test]
async fn news_are_noticed_and_a_dropped_wish_costs_nothing() {
    let server = Dovecot::start();
    let (mailbox, _) = open(&account(&server)).await.unwrap();
    let soon = Duration::from_millis(50);
    // What lay there at opening is news until it is listed.
    assert_eq!(mailbox.hint(soon).await, Ok(Hint::Changed));
    assert_eq!(mailbox.list(None).await.unwrap().entries, []);
    assert_eq!(mailbox.hint(soon).await, Ok(Hint::Quiet));
    // Dropped while the server idles.
    assert!(
        tokio::time::timeout(soon, mailbox.hint(soon * 100))
            .await
            .is_err()
    );
    assert_eq!(mailbox.list(None).await.unwrap().entries, []);

    let other = mailbox.clone();
    let hint = tokio::spawn(async move { other.hint(Duration::from_secs(20)).await });
    // Another request in the middle of the wait.
    assert_eq!(mailbox.list(None).await.unwrap().entries, []);
    let begun = std::time::Instant::now();
    server.deliver(&message(1));
    assert_eq!(hint.await.unwrap(), Ok(Hint::Changed));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "noticed after {took:?}");
    // It stays news until the folder is listed.
    assert_eq!(mailbox.hint(soon * 100).await, Ok(Hint::Changed));
    list_until(&mailbox, 1).await;
    mailbox.close().await;
}

#[tokio::test]
async fn large_mail_comes_in_parts_and_huge_mail_by_its_head() {
    let server = Dovecot::start();
    let line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg==\n";
    let head = "From: kund@example.net\nSubject: stor\n\n";
    let mut sizes: Vec<usize> = vec![30 << 20, 5 << 20, 1 << 20];
    // Around the border of a part, as it counts on the wire.
    sizes.extend([(1 << 20) - 1, (1 << 20) + 1, (2 << 20) - 1, 2 << 20]);
    let mut messages = Vec::new();
    for size in sizes {
        let lines = (size - 40) / (line.len() + 1);
        let mut text = format!("{head}{}", line.repeat(lines));
        let short = size - on_the_wire(text.as_bytes()).len();
        text.push_str(&"x".repeat(short));
        assert_eq!(on_the_wire(text.as_bytes()).len(), size);
        server.deliver(text.as_bytes());
        messages.push(text);
    }
    let config = account_with(&server, |imap| imap.server.host = "localhost".into());
    let (mailbox, _) = open(&config).await.unwrap();
    let entries = mailbox.list(None).await.unwrap().entries;
    let whole = fetch(&mailbox, entries.clone()).await;
    for (entry, message) in entries.iter().zip(&messages) {
        let same = whole[&entry.item] == on_the_wire(message.as_bytes());
        assert!(same, "{} of {} bytes", entry.item, entry.size);
    }
    let mut fetched = mailbox.fetch(entries[..1].to_vec(), 1 << 20).await;
    let head = Bytes::from(on_the_wire(head.as_bytes()));
    assert_eq!(
        fetched.recv().await.unwrap().unwrap().content,
        Content::Head(head)
    );
    assert_eq!(fetched.recv().await, None);
    // Nobody listens: the next request is served all the same.
    drop(mailbox.fetch(entries, SIZE_MAX).await);
    assert_eq!(
        mailbox.list(None).await.unwrap().entries.len(),
        messages.len()
    );
}

#[tokio::test]
async fn what_others_did_is_seen_and_left_alone() {
    let server = Dovecot::start();
    for n in 0..4 {
        server.deliver(&message(n));
    }
    let (mailbox, _) = open(&account(&server)).await.unwrap();
    let entries = mailbox.list(None).await.unwrap().entries;
    server.as_another_client(&["UID STORE 2 +FLAGS (\\Deleted)", "UID MOVE 3 Queue"]);
    let mut gone = Vec::new();
    let mut fetched = mailbox.fetch(entries.clone(), SIZE_MAX).await;
    while let Some(one) = fetched.recv().await {
        let one = one.unwrap();
        if one.content == Content::Gone {
            gone.push(one.item);
        }
    }
    assert_eq!(gone, [Item::Uid(3)]);
    let listing = mailbox.list(None).await.unwrap();
    let items: Vec<_> = listing.entries.iter().map(|e| e.item.clone()).collect();
    assert_eq!(items, [Item::Uid(1), Item::Uid(4)]);
    assert_eq!(listing.deleted, 1);
    let moved = mailbox.settle(to("Queue", &listing.entries)).await.unwrap();
    assert!(
        moved
            .iter()
            .all(|m| m.end == MoveEnd::Proved(Proof::Copyuid))
    );
    assert_eq!(server.count("INBOX"), 1);
}

#[tokio::test]
async fn a_mailbox_that_cannot_be_trusted_or_entered_says_why() {
    let server = Dovecot::start();
    let wrong = server.secret_file("wrong");
    let config = account_with(&server, |imap| {
        imap.login.proof = login::Proof::Password(Secret::File(wrong));
    });
    match open(&config).await {
        Err(Trouble::Denied { user, .. }) => assert_eq!(user, USER),
        other => panic!("{other:?}"),
    }
    let other_ca = Some(server.other_ca_file());
    let config = account_with(&server, |imap| imap.server.ca_file = other_ca);
    match open(&config).await {
        Err(Trouble::Unreachable { why, .. }) => assert!(why.contains("UnknownIssuer"), "{why}"),
        other => panic!("{other:?}"),
    }
    let nowhere = Secret::File(PathBuf::from("/nonexistent/secret"));
    let config = account_with(&server, |imap| {
        imap.login.proof = login::Proof::Password(nowhere);
    });
    assert!(matches!(open(&config).await, Err(Trouble::Secret(_))));
    let mut config = account(&server);
    config.create_folders = false;
    let missing = FOLDERS.map(Folder::from).to_vec();
    assert_eq!(
        open(&config).await.err(),
        Some(Trouble::MissingFolders(missing))
    );
    config.create_folders = true;
    config.folder = Folder::from("Nowhere");
    let missing = vec![Folder::from("Nowhere")];
    assert_eq!(
        open(&config).await.err(),
        Some(Trouble::MissingFolders(missing))
    );
}

#[tokio::test]
async fn starttls_and_loopback_without_tls_work_too() {
    let server = Dovecot::start();
    server.deliver(&message(1));
    for tls in [Tls::Starttls, Tls::None] {
        let config = account_with(&server, |imap| {
            imap.server.port = server.imap;
            imap.server.tls = tls;
        });
        let (mailbox, opened) = open(&config).await.unwrap();
        assert_eq!(opened.messages, 1, "{tls:?}");
        assert_eq!(mailbox.list(None).await.unwrap().entries.len(), 1);
        mailbox.close().await;
    }
}

#[tokio::test]
async fn without_move_a_message_is_copied_and_only_then_removed() {
    let server = Dovecot::start_with("imap_capability = IMAP4rev1 SASL-IR UIDPLUS IDLE NAMESPACE");
    server.deliver(&message(1));
    let (mailbox, opened) = open(&account(&server)).await.unwrap();
    assert!(!mailbox.files_in_one_step());
    let entries = mailbox.list(None).await.unwrap().entries;
    // Without MOVE it is copied, marked and removed; what others marked stays.
    server.deliver(&message(2));
    server.as_another_client(&["UID STORE 2 +FLAGS (\\Deleted)"]);
    let moved = mailbox.settle(to("Queue", &entries)).await.unwrap();
    assert_eq!(moved[0].end, MoveEnd::Proved(Proof::Copyuid));
    assert_eq!((server.count("INBOX"), server.count("Queue")), (1, 1));

    // The cut-off filing of a server without MOVE: found, then removed from the source.
    server.deliver(&message(3));
    let entries = list_until(&mailbox, 1).await;
    let whole = fetch(&mailbox, entries.clone()).await;
    server.as_another_client(&[&format!("UID COPY {} Queue", entries[0].item)]);
    let sought = Sought {
        item: entries[0].item.clone(),
        size: entries[0].size,
        digest: Some(Digest::of(&whole[&entries[0].item])),
    };
    let found = mailbox.find(vec![sought], opened.marks).await.unwrap();
    assert_eq!(found.len(), 1);
    mailbox.remove(found).await.unwrap();
    assert_eq!((server.count("INBOX"), server.count("Queue")), (1, 2));
}
