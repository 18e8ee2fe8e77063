//! A property: whatever stands in a message's way, it is in its source or in its folder.

use std::fs;

use proptest::prelude::*;

use super::{Fixture, files, put, wish};
use crate::domain::event::Proof;
use crate::domain::ids::Folder;
use crate::mailbox::exchange::MoveEnd;
use crate::mailbox::maildir::name::{ALTERNATIVES_MAX, alternative};

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
        let mut wishes = Vec::new();
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
            wishes.push(wish(&base, &folder(n)));
        }
        let answers = runtime.block_on(mailbox.settle(wishes)).unwrap();
        let left = files(&fixture.source());
        for (n, (one, (_, obstacle))) in answers.iter().zip(&messages).enumerate() {
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
