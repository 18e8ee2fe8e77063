//! The whole mailbox on real files: a tree to work in, and how to look at it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::MaildirMailbox;
use crate::config::mailbox::{FirstRun, MailboxConfig, Mode, Source};
use crate::domain::digest::Digest;
use crate::domain::ids::{Folder, MailboxName};
use crate::domain::locator::Item;
use crate::mailbox::exchange::{Move, MoveEnd, Moved, Opened, Sought, Trouble};

mod company;
mod filing;
mod obstacles;
mod session;

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
            mode: Mode::Live,
            first_run: FirstRun::All,
            reconcile: Duration::from_mins(1),
            max_size: 1 << 20,
            isv_replies: crate::domain::thread::Replies::Queue,
            acknowledge: false,
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

fn sought(base: &str, text: &str) -> Sought {
    Sought {
        item: Item::Base(base.into()),
        size: text.len() as u64,
        digest: Some(Digest::of(text.as_bytes())),
    }
}
