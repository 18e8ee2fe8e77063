//! Mail clients at work in the same folders: no message is lost, doubled or taken for gone.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Fixture, files, put, sought, wish};
use crate::mailbox::exchange::{Content, MoveEnd};

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
        let wishes: Vec<_> = batch
            .map(|entry| wish(&entry.item.to_string(), "Review"))
            .collect();
        for one in mailbox.settle(wishes).await.unwrap() {
            let unproved = one.end == MoveEnd::Unproved;
            assert!(!unproved, "{} was taken for gone", one.item);
        }
    }
    let all = (0..MESSAGES).map(|n| sought(&format!("{n}.m.h"), &format!("text {n}")));
    // A look fails, to be repeated, while names never stop changing; it is taken when they do.
    stop.store(true, Ordering::Relaxed);
    let renamed: u32 = clients.map(|client| client.join().unwrap()).iter().sum();
    assert!(renamed > 0);
    let found = mailbox.find(all.collect(), vec![]).await.unwrap();
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
