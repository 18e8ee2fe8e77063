//! Filing where a rename alone does not do it.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use super::{Fixture, ends, files, put, sought, wish};
use crate::domain::event::Proof;
use crate::domain::ids::Folder;
use crate::mailbox::exchange::{Found, MoveEnd};
use crate::mailbox::maildir::name::{ALTERNATIVES_MAX, alternative};
use crate::system::maildir;

#[tokio::test]
async fn a_taken_name_is_never_overwritten() {
    let fixture = Fixture::new();
    let mailbox = fixture.open().await;
    let review = fixture.review();
    put(
        &fixture.source(),
        &[
            ("new/1.other.h,S=4", "mine"),
            ("new/2.same.h", "same"),
            ("new/3.full.h", "mine"),
            ("new/4.link.h", "link"),
        ],
    );
    put(
        &review,
        &[("new/1.other.h,S=4", "else"), ("new/2.same.h", "same")],
    );
    fs::hard_link(
        fixture.source().join("new/4.link.h"),
        review.join("new/4.link.h"),
    )
    .unwrap();
    fs::write(review.join("new/3.full.h"), "0").unwrap();
    for n in 1..=ALTERNATIVES_MAX {
        let name = alternative("3.full.h", n);
        fs::write(review.join("new").join(name), n.to_string()).unwrap();
    }
    let before = files(&review);
    let bases = ["1.other.h,S=4", "2.same.h", "3.full.h", "4.link.h"];
    let wishes = bases.map(|base| wish(base, "Review")).to_vec();
    let ends = ends(mailbox.settle(wishes).await.unwrap());
    assert_eq!(ends[0], MoveEnd::Proved(Proof::Renamed));
    assert_eq!(ends[1], MoveEnd::Proved(Proof::Looked));
    assert!(matches!(ends[2], MoveEnd::Stayed { .. }), "{:?}", ends[2]);
    assert_eq!(ends[3], MoveEnd::Proved(Proof::Looked));
    let after = files(&review);
    assert!(before.iter().all(|(name, text)| after[name] == *text));
    assert_eq!(after["new/1.other.h~1,S=4"], "mine");
    assert_eq!(after.len(), before.len() + 1);
    let left: Vec<_> = files(&fixture.source()).into_keys().collect();
    assert_eq!(left, ["new/3.full.h"]);

    // Under its other name it is still found.
    let sought = sought(bases[0], "mine");
    let found = mailbox.find(vec![sought.clone()], vec![]).await.unwrap();
    let expected = Found {
        item: sought.item,
        folder: Folder::from("Review"),
        copies: 1,
    };
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn another_file_system_gets_a_proved_copy_before_the_original_goes() {
    let fixture = Fixture::new();
    let mailbox = fixture.open().await;
    let shared = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    assert_ne!(device(shared.path()), device(&fixture.source()));
    maildir::create(shared.path(), maildir::MODE_DEFAULT).unwrap();
    fs::remove_dir_all(fixture.review()).unwrap();
    symlink(shared.path(), fixture.review()).unwrap();
    put(
        &fixture.source(),
        &[
            ("new/1.a.h", "one"),
            ("cur/2.b.h:2,F", "two"),
            ("new/3.c.h", "three"),
            ("new/4.d.h", "four"),
        ],
    );
    put(
        shared.path(),
        &[
            // Copied before a crash, and marked as read since.
            ("cur/3.c.h:2,S", "three"),
            ("new/4.d.h", "another"),
        ],
    );
    let wishes = ["1.a.h", "2.b.h", "3.c.h", "4.d.h", "5.e.h"].map(|base| wish(base, "Review"));
    let answers = mailbox.settle(wishes.to_vec()).await.unwrap();
    let looked = MoveEnd::Proved(Proof::Looked);
    let mut expected = vec![looked; 4];
    expected.push(MoveEnd::Unproved);
    assert_eq!(ends(answers), expected);
    assert!(files(&fixture.source()).is_empty());
    let filed = files(shared.path());
    let filed: Vec<_> = filed
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    assert_eq!(
        filed,
        [
            ("cur/2.b.h:2,F", "two"),
            ("cur/3.c.h:2,S", "three"),
            ("new/1.a.h", "one"),
            ("new/4.d.h", "another"),
            ("new/4.d.h~1", "four"),
        ]
    );
    assert_eq!(fs::read_dir(shared.path().join("tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_vanished_is_made_again_or_keeps_its_mail_in_the_source() {
    for create in [true, false] {
        let mut fixture = Fixture::new();
        drop(fixture.open().await);
        fixture.config.create_folders = create;
        let mailbox = fixture.open().await;
        fs::remove_dir_all(fixture.review()).unwrap();
        put(
            &fixture.source(),
            &[("new/1.a.h", "one"), ("new/2.b.h", "two")],
        );
        let wishes = vec![wish("1.a.h", "Review"), wish("2.b.h", "bad.name")];
        let ends = ends(mailbox.settle(wishes).await.unwrap());
        if create {
            assert_eq!(ends[0], MoveEnd::Proved(Proof::Renamed));
            assert_eq!(files(&fixture.review())["new/1.a.h"], "one");
        } else {
            let MoveEnd::Stayed { why } = &ends[0] else {
                panic!("{:?}", ends[0]);
            };
            assert!(why.contains("is missing"), "{why}");
            assert_eq!(files(&fixture.source())["new/1.a.h"], "one");
        }
        assert!(matches!(&ends[1], MoveEnd::Stayed { .. }));
        assert_eq!(files(&fixture.source())["new/2.b.h"], "two");
    }
}
