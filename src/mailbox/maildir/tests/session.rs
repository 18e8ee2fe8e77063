//! Opening, listing, reading, looking: what a mailbox answers when nobody disturbs it.

use std::fs;

use super::{Fixture, ends, files, put, wish};
use crate::domain::digest::Digest;
use crate::domain::event::Proof;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::mailbox::exchange::{Content, Entry, MoveEnd, Sought, Trouble};
use crate::system::maildir;

#[tokio::test]
async fn a_message_is_listed_read_and_filed_with_its_flags() {
    let fixture = Fixture::new();
    let mailbox = fixture.open().await;
    put(
        &fixture.source(),
        &[
            ("new/1.a.h", "A: 1\n\n"),
            ("cur/2.b.h:2,FS", "A: 2\n\n"),
            ("cur/3.c.h", "A: 3\n\n"),
        ],
    );
    let listing = mailbox.list().await.unwrap();
    let mut fetched = mailbox.fetch(listing.entries, 1000).await;
    let mut read = Vec::new();
    while let Some(one) = fetched.recv().await {
        let one = one.unwrap();
        read.push((one.item.to_string(), one.content));
    }
    let whole = |text: &'static str| Content::Whole(text.into());
    assert_eq!(
        read,
        [
            ("1.a.h".to_owned(), whole("A: 1\n\n")),
            ("2.b.h".to_owned(), whole("A: 2\n\n")),
            ("3.c.h".to_owned(), whole("A: 3\n\n")),
        ]
    );
    let wishes = ["1.a.h", "2.b.h", "3.c.h"].map(|base| wish(base, "Ärenden/Öppna"));
    let answers = mailbox.settle(wishes.to_vec()).await.unwrap();
    let renamed = MoveEnd::Proved(Proof::Renamed);
    assert_eq!(ends(answers), vec![renamed; 3]);
    assert!(files(&fixture.source()).is_empty());
    let names: Vec<_> = files(&fixture.open_queue()).into_keys().collect();
    assert_eq!(names, ["cur/2.b.h:2,FS", "cur/3.c.h:2,", "new/1.a.h"]);

    // The same again proves the same, and what never was proves nothing.
    let again = [wish("2.b.h", "Ärenden/Öppna"), wish("9.z.h", "Review")];
    let answers = mailbox.settle(again.to_vec()).await.unwrap();
    let looked = MoveEnd::Proved(Proof::Looked);
    assert_eq!(ends(answers), [looked, MoveEnd::Unproved]);
    mailbox.close().await;
}

#[tokio::test]
async fn missing_folders_are_named_and_an_absent_tree_is_unreachable() {
    let mut fixture = Fixture::new();
    fixture.config.create_folders = false;
    let absent = fixture.try_open().await.unwrap_err();
    assert!(matches!(absent, Trouble::Unreachable { .. }), "{absent}");
    maildir::create(&fixture.source(), maildir::MODE_DEFAULT).unwrap();
    maildir::create(&fixture.review(), maildir::MODE_DEFAULT).unwrap();
    let missing = fixture.try_open().await.unwrap_err();
    let expected = Trouble::MissingFolders(vec![Folder::from("Ärenden/Öppna")]);
    assert_eq!(missing, expected);

    fixture.config.create_folders = true;
    fixture.folders.push(Folder::from("v1.2"));
    let bad = fixture.try_open().await.unwrap_err();
    assert!(matches!(bad, Trouble::Unsafe(_)), "{bad}");
    fixture.folders.pop();
    put(&fixture.source(), &[("new/1.a.h", "one")]);
    let (_, opened) = fixture.try_open().await.unwrap();
    assert_eq!(
        (opened.messages, opened.next, opened.marks.len()),
        (1, 0, 2)
    );
}

#[tokio::test]
async fn what_left_is_found_by_name_size_and_content() {
    let fixture = Fixture::new();
    let mailbox = fixture.open().await;
    put(
        &fixture.review(),
        &[
            ("cur/1.a.h:2,RS", "right"),
            ("new/2.b.h", "wrong"),
            ("new/3.c.h", "longer than it was"),
            ("new/4.d.h", "never read whole"),
            ("new/6.f.h", "twice"),
            ("cur/6.f.h:2,S", "twice"),
            // Another message, which only looks like an alternative.
            ("new/7.g.h~1", "other"),
        ],
    );
    put(&fixture.open_queue(), &[("new/1.a.h", "right")]);
    fs::create_dir(fixture.review().join("new/8.h.h")).unwrap();
    let sought = |base: &str, text: &str, fetched: bool| Sought {
        item: Item::Base(base.into()),
        size: text.len() as u64,
        digest: fetched.then(|| Digest::of(text.as_bytes())),
    };
    let wanted = vec![
        sought("1.a.h", "right", true),
        sought("2.b.h", "right", true),
        sought("3.c.h", "right", true),
        sought("4.d.h", "never read whole", false),
        sought("5.e.h", "right", true),
        sought("6.f.h", "twice", true),
        sought("7.g.h", "mines", true),
        sought("8.h.h", "right", true),
        sought("../1.a.h", "right", true),
    ];
    let found = mailbox.find(wanted, vec![]).await.unwrap();
    let mut found: Vec<_> = found
        .iter()
        .map(|one| (one.item.to_string(), one.folder.as_str(), one.copies))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("1.a.h".to_owned(), "Review", 1),
            ("1.a.h".to_owned(), "Ärenden/Öppna", 1),
            ("4.d.h".to_owned(), "Review", 1),
            ("6.f.h".to_owned(), "Review", 2),
        ]
    );
}

#[tokio::test]
async fn a_dropped_receiver_ends_the_reading_and_a_lost_folder_is_trouble() {
    let fixture = Fixture::new();
    let mailbox = fixture.open().await;
    for n in 0..100 {
        put(&fixture.source(), &[(&format!("new/{n}.m.h"), "text")]);
    }
    let entries = mailbox.list().await.unwrap().entries;
    let mut fetched = mailbox.fetch(entries.clone(), 1000).await;
    assert!(fetched.recv().await.is_some());
    drop(fetched);

    fs::remove_dir_all(fixture.source()).unwrap();
    let mut fetched = mailbox.fetch(entries[..1].to_vec(), 1000).await;
    let lost = |trouble: Trouble| matches!(trouble, Trouble::Lost(_));
    assert!(lost(fetched.recv().await.unwrap().unwrap_err()));
    assert!(lost(mailbox.list().await.unwrap_err()));
    let wishes = vec![wish("1.m.h", "Review")];
    assert!(lost(mailbox.settle(wishes).await.unwrap_err()));
}

#[test]
fn an_entry_for_an_imap_uid_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
    let entry = Entry {
        item: Item::Uid(7),
        size: 1,
    };
    let mut contents = Vec::new();
    crate::mailbox::maildir::fetch::fetch(dir.path(), &[entry], 10, |fetched| {
        contents.push(fetched.content);
        true
    })
    .unwrap();
    assert_eq!(contents, [Content::Gone]);
}
