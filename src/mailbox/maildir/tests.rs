//! The whole mailbox on real files: what is filed, what stays, what is found, while others work in
//! the same folders.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::MaildirMailbox;
use super::name::{ALTERNATIVES_MAX, alternative};
use crate::config::mailbox::{FirstRun, MailboxConfig, Source};
use crate::domain::digest::Digest;
use crate::domain::event::Proof;
use crate::domain::ids::{Folder, MailboxName};
use crate::domain::locator::Item;
use crate::mailbox::exchange::{
    Content, Entry, Found, Move, MoveEnd, Moved, Opened, Sought, Trouble,
};
use crate::system::maildir;

struct Fixture {
    dir: TempDir,
    config: MailboxConfig,
    folders: Vec<Folder>,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = MailboxConfig {
            name: MailboxName::from("support"),
            address: "support@partner.example".parse().unwrap(),
            source: Source::Maildir {
                path: dir.path().join("mail"),
            },
            folder: Folder::from("INBOX"),
            create_folders: true,
            first_run: FirstRun::All,
            reconcile: Duration::from_secs(60),
            max_size: 1 << 20,
        };
        let folders = ["Ärenden/Öppna", "Review"].map(Folder::from).to_vec();
        Self {
            dir,
            config,
            folders,
        }
    }

    async fn open(&self) -> MaildirMailbox {
        self.try_open().await.unwrap().0
    }

    async fn try_open(&self) -> Result<(MaildirMailbox, Opened), Trouble> {
        MaildirMailbox::open(&self.config, &self.folders).await
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("mail")
    }

    fn open_queue(&self) -> PathBuf {
        self.source().join(".&AMQ-renden.&ANY-ppna")
    }

    fn review(&self) -> PathBuf {
        self.source().join(".Review")
    }
}

fn wish(base: &str, folder: &str) -> Move {
    Move {
        item: Item::Base(base.into()),
        folder: Folder::from(folder),
    }
}

fn ends(moved: Vec<Moved>) -> Vec<MoveEnd> {
    moved.into_iter().map(|one| one.end).collect()
}

/// Every file in `new/` and `cur/` of a folder with its content.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for part in ["new", "cur"] {
        let Ok(read) = fs::read_dir(folder.join(part)) else {
            continue;
        };
        for entry in read {
            let entry = entry.unwrap();
            let name = format!("{part}/{}", entry.file_name().to_str().unwrap());
            let text = fs::read_to_string(entry.path()).unwrap();
            files.insert(name, text);
        }
    }
    files
}

fn put(folder: &Path, names: &[(&str, &str)]) {
    for (name, text) in names {
        fs::write(folder.join(name), text).unwrap();
    }
}

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
    let moves = ["1.a.h", "2.b.h", "3.c.h"].map(|base| wish(base, "Ärenden/Öppna"));
    let moved = mailbox.settle(moves.to_vec()).await.unwrap();
    let renamed = MoveEnd::Proved(Proof::Renamed);
    assert_eq!(ends(moved), vec![renamed; 3]);
    assert!(files(&fixture.source()).is_empty());
    let names: Vec<_> = files(&fixture.open_queue()).into_keys().collect();
    assert_eq!(names, ["cur/2.b.h:2,FS", "cur/3.c.h:2,", "new/1.a.h"]);

    // The same again proves the same, and what never was proves nothing.
    let again = [wish("2.b.h", "Ärenden/Öppna"), wish("9.z.h", "Review")];
    let moved = mailbox.settle(again.to_vec()).await.unwrap();
    let looked = MoveEnd::Proved(Proof::Looked);
    assert_eq!(ends(moved), [looked, MoveEnd::Unproved]);
    mailbox.close().await;
}

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
    let moves = bases.map(|base| wish(base, "Review")).to_vec();
    let ends = ends(mailbox.settle(moves).await.unwrap());
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
    let sought = Sought {
        item: Item::Base(bases[0].into()),
        size: 4,
        digest: Some(Digest::of(b"mine")),
    };
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
    let moves = ["1.a.h", "2.b.h", "3.c.h", "4.d.h", "5.e.h"].map(|base| wish(base, "Review"));
    let moved = mailbox.settle(moves.to_vec()).await.unwrap();
    let looked = MoveEnd::Proved(Proof::Looked);
    let mut expected = vec![looked; 4];
    expected.push(MoveEnd::Unproved);
    assert_eq!(ends(moved), expected);
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
        let moves = vec![wish("1.a.h", "Review"), wish("2.b.h", "bad.name")];
        let ends = ends(mailbox.settle(moves).await.unwrap());
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

/// Renames what it finds, as a mail client that marks messages, until told to stop.
fn restless_client(folder: PathBuf, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<u32> {
    const ROUNDS_MAX: u32 = 20_000;
    std::thread::spawn(move || {
        let mut renamed = 0;
        for round in 0..ROUNDS_MAX {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let flags = ["2,", "2,F", "2,FS", "2,RS"][round as usize % 4];
            for part in ["new", "cur"] {
                for entry in fs::read_dir(folder.join(part)).unwrap() {
                    let path = entry.unwrap().path();
                    let name = path.file_name().unwrap().to_str().unwrap();
                    let base = name.split(':').next().unwrap();
                    let to = folder.join("cur").join(format!("{base}:{flags}"));
                    renamed += u32::from(fs::rename(&path, to).is_ok());
                }
            }
        }
        renamed
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_changed_meanwhile_lose_and_double_nothing() {
    const MESSAGES: usize = 300;
    const BATCH: usize = 50;
    let fixture = Fixture::new();
    let mailbox = fixture.open().await;
    for n in 0..MESSAGES {
        put(
            &fixture.source(),
            &[(&format!("new/{n}.m.h"), &format!("text {n}"))],
        );
    }
    let stop = Arc::new(AtomicBool::new(false));
    let clients = [fixture.source(), fixture.review()]
        .map(|folder| restless_client(folder, Arc::clone(&stop)));

    let mut read = 0;
    for _ in 0..10 {
        let listing = mailbox.list().await.unwrap();
        assert_eq!(listing.entries.len(), MESSAGES, "a message was overlooked");
        let mut fetched = mailbox.fetch(listing.entries, 1000).await;
        while let Some(one) = fetched.recv().await {
            match one.unwrap().content {
                Content::Whole(_) => read += 1,
                Content::Unusable { .. } => {}
                other => panic!("{other:?} of a message that is there"),
            }
        }
    }
    // Renamed ten times in a row while it is looked for: that must be rare.
    assert!(read > MESSAGES * 9, "{read} were read");

    let mut rounds = 0;
    loop {
        let listing = mailbox.list().await.unwrap();
        if listing.entries.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds < 100, "filing never ends");
        let batch = listing.entries.iter().take(BATCH);
        let moves: Vec<_> = batch
            .map(|entry| wish(&entry.item.to_string(), "Review"))
            .collect();
        for one in mailbox.settle(moves).await.unwrap() {
            let unproved = one.end == MoveEnd::Unproved;
            assert!(!unproved, "{} was taken for gone", one.item);
        }
    }
    let all = (0..MESSAGES).map(|n| sought(&format!("{n}.m.h"), &format!("text {n}")));
    let found = mailbox.find(all.collect(), vec![]).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let renamed: u32 = clients.map(|client| client.join().unwrap()).iter().sum();
    assert!(renamed > 0);
    assert_eq!(found.len(), MESSAGES);
    assert!(found.iter().all(|one| one.copies == 1));
    let filed = files(&fixture.review());
    assert_eq!(filed.len(), MESSAGES);
    for (name, text) in filed {
        let number = name.trim_start_matches("cur/").split('.').next().unwrap();
        assert_eq!(text, format!("text {number}"));
    }
    assert!(files(&fixture.source()).is_empty());
}

fn sought(base: &str, text: &str) -> Sought {
    Sought {
        item: Item::Base(base.into()),
        size: text.len() as u64,
        digest: Some(Digest::of(text.as_bytes())),
    }
}

/// What stands in a message's way.
#[derive(Debug, Clone, Copy)]
enum Obstacle {
    Nothing,
    TakenBySame,
    TakenByOther,
    AllNamesTaken,
    FolderMissing,
    FolderIsFile,
    AlreadyFiled,
    Absent,
}

fn obstacles() -> impl Strategy<Value = Vec<(bool, Obstacle)>> {
    use Obstacle::{
        Absent, AllNamesTaken, AlreadyFiled, FolderIsFile, FolderMissing, Nothing, TakenByOther,
        TakenBySame,
    };
    let one = prop::sample::select(vec![
        Nothing,
        TakenBySame,
        TakenByOther,
        AllNamesTaken,
        FolderMissing,
        FolderIsFile,
        AlreadyFiled,
        Absent,
    ]);
    prop::collection::vec((any::<bool>(), one), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_message_is_in_its_source_or_its_folder_whatever_stands_in_the_way(
        messages in obstacles()
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut fixture = Fixture::new();
        let folder = |n: usize| format!("Q{n}");
        fixture.folders = (0..messages.len()).map(|n| Folder::from(folder(n).as_str())).collect();
        runtime.block_on(async { drop(fixture.open().await) });
        fixture.config.create_folders = false;
        let mailbox = runtime.block_on(fixture.open());
        let mut moves = Vec::new();
        for (n, &(seen, obstacle)) in messages.iter().enumerate() {
            let base = format!("{n}.m.h");
            let name = if seen { format!("cur/{base}:2,S") } else { format!("new/{base}") };
            let text = format!("text {n}");
            let queue = fixture.source().join(format!(".{}", folder(n)));
            put(&fixture.source(), &[(&name, &text)]);
            match obstacle {
                Obstacle::Nothing => {}
                Obstacle::TakenBySame => put(&queue, &[(&name, &text)]),
                Obstacle::TakenByOther => put(&queue, &[(&name, "other")]),
                Obstacle::AllNamesTaken => {
                    put(&queue, &[(&name, "other")]);
                    for k in 1..=ALTERNATIVES_MAX {
                        let name = name.replace(&base, &alternative(&base, k));
                        put(&queue, &[(&name, "other")]);
                    }
                }
                Obstacle::FolderMissing => fs::remove_dir_all(&queue).unwrap(),
                Obstacle::FolderIsFile => {
                    fs::remove_dir_all(&queue).unwrap();
                    fs::write(&queue, "").unwrap();
                }
                Obstacle::AlreadyFiled => {
                    fs::rename(fixture.source().join(&name), queue.join(&name)).unwrap();
                }
                Obstacle::Absent => fs::remove_file(fixture.source().join(&name)).unwrap(),
            }
            moves.push(wish(&base, &folder(n)));
        }
        let moved = runtime.block_on(mailbox.settle(moves)).unwrap();
        let left = files(&fixture.source());
        for (n, (one, (_, obstacle))) in moved.iter().zip(&messages).enumerate() {
            let text = format!("text {n}");
            let stayed = left.values().filter(|left| **left == text).count();
            let filed = files(&fixture.source().join(format!(".{}", folder(n))));
            let others = filed.values().filter(|filed| *filed == "other").count();
            let filed = filed.values().filter(|filed| **filed == text).count();
            let expected = match obstacle {
                Obstacle::Nothing => (MoveEnd::Proved(Proof::Renamed), 0, 1, 0),
                Obstacle::TakenByOther => (MoveEnd::Proved(Proof::Renamed), 0, 1, 1),
                Obstacle::TakenBySame | Obstacle::AlreadyFiled => {
                    (MoveEnd::Proved(Proof::Looked), 0, 1, 0)
                }
                Obstacle::Absent => (MoveEnd::Unproved, 0, 0, 0),
                Obstacle::AllNamesTaken => (one.end.clone(), 1, 0, 9),
                Obstacle::FolderMissing | Obstacle::FolderIsFile => (one.end.clone(), 1, 0, 0),
            };
            prop_assert_eq!((one.end.clone(), stayed, filed, others), expected);
            prop_assert_eq!(stayed == 1, matches!(one.end, MoveEnd::Stayed { .. }));
        }
        let listing = runtime.block_on(mailbox.list()).unwrap();
        prop_assert_eq!(listing.entries.len(), left.len());
    }
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
    let moves = vec![wish("1.m.h", "Review")];
    assert!(lost(mailbox.settle(moves).await.unwrap_err()));
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
    super::fetch::fetch(dir.path(), &[entry], 10, |fetched| {
        contents.push(fetched.content);
        true
    })
    .unwrap();
    assert_eq!(contents, [Content::Gone]);
}
