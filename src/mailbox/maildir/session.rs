//! [`MaildirMailbox`]: the same questions and answers as an IMAP account's, over files.
//!
//! Files are worked on in blocking tasks, one batch a task. A call that is dropped does not stop
//! its task: what it does is done whole, and found again by the next look.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::durable::{Broken, durable};
use super::fetch;
use super::find;
use super::layout::{BadFolder, Tree};
use super::list::{self, Refused};
use super::locate::Part;
use super::settle::Batch;
use super::watch::Watch;
use crate::config::mailbox::{MailboxConfig, Source};
use crate::domain::ids::Folder;
use crate::domain::locator::Generation;
use crate::mailbox::exchange::{
    Entry, Fetched, Found, Hint, Listing, Mark, Move, Moved, Opened, Sought, Trouble,
};

/// A Maildir whose source folder is watched.
#[derive(Debug)]
pub struct MaildirMailbox {
    place: Arc<Place>,
    watch: Watch,
    /// What was refused at the last listing, so that it is said once.
    refused: Mutex<Refused>,
}

/// Where everything lies; shared with the blocking tasks.
#[derive(Debug)]
struct Place {
    tree: Tree,
    /// The source folder's directory.
    source: PathBuf,
    /// The folders that are filed into, each once, without the source.
    folders: Vec<Folder>,
    create_folders: bool,
    /// Whether nothing is ever filed from or into it.
    read_only: bool,
}

impl MaildirMailbox {
    /// Opens the mailbox: the source folder, and `folders` that will be filed into.
    ///
    /// # Errors
    /// [`Trouble::Unreachable`] when the tree is not there, [`Trouble::MissingFolders`],
    /// [`Trouble::Unsafe`] when a folder cannot have its name or cannot be written.
    pub async fn open(
        config: &MailboxConfig,
        folders: &[Folder],
    ) -> Result<(Self, Opened), Trouble> {
        Self::open_for(config, folders, false).await
    }

    /// Opens the source folder to be listed and read; it need not be writable.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(in crate::mailbox) async fn examine(
        config: &MailboxConfig,
    ) -> Result<(Self, Opened), Trouble> {
        Self::open_for(config, &[], true).await
    }

    async fn open_for(
        config: &MailboxConfig,
        folders: &[Folder],
        read_only: bool,
    ) -> Result<(Self, Opened), Trouble> {
        let Source::Maildir { path } = &config.source else {
            let name = &config.name;
            return Err(Trouble::Unsafe(format!("`{name}` is not a Maildir")));
        };
        let tree = Tree::new(path);
        let source = tree.directory(&config.folder).map_err(unsafe_folder)?;
        let mut filed = Vec::new();
        for folder in folders {
            if *folder != config.folder && !filed.contains(folder) {
                tree.directory(folder).map_err(unsafe_folder)?;
                filed.push(folder.clone());
            }
        }
        let place = Arc::new(Place {
            tree,
            source: source.clone(),
            folders: filed,
            create_folders: config.create_folders && !read_only,
            read_only,
        });
        // The watch comes first, so that what arrives during the count is reported later.
        let (root, folder) = (path.clone(), config.folder.clone());
        blocking(&place, move |place| prepare(place, &root, &folder)).await??;
        let watch = Watch::new(&source);
        let listed = blocking(&place, |place| list::list(&place.source)).await?;
        let listed = listed.map_err(|error| lost(&place.source, &error))?;
        let mark = |folder: &Folder| Mark {
            folder: folder.clone(),
            generation: Generation(0),
            next: 0,
        };
        let opened = Opened {
            generation: Generation(0),
            messages: listed.entries.len() as u64,
            next: 0,
            marks: place.folders.iter().map(mark).collect(),
        };
        let mailbox = Self {
            place,
            watch,
            refused: Mutex::default(),
        };
        Ok((mailbox, opened))
    }

    /// Lists the source folder: always from the directory itself.
    pub async fn list(&self) -> Result<Listing, Trouble> {
        let listed = blocking(&self.place, |place| list::list(&place.source)).await?;
        let listed = listed.map_err(|error| lost(&self.place.source, &error))?;
        self.report(listed.refused);
        Ok(Listing {
            generation: Generation(0),
            entries: listed.entries,
            deleted: listed.deleted,
        })
    }

    /// Reads messages in the order asked for. The task ends when the receiver is dropped.
    #[expect(
        clippy::unused_async,
        reason = "the same call waits for an IMAP account"
    )]
    pub async fn fetch(
        &self,
        entries: Vec<Entry>,
        max_size: u64,
    ) -> mpsc::Receiver<Result<Fetched, Trouble>> {
        let (sender, receiver) = mpsc::channel(entries.len().max(1));
        let place = Arc::clone(&self.place);
        spawn_blocking(move || {
            let pass = |fetched| sender.blocking_send(Ok(fetched)).is_ok();
            if let Err(error) = fetch::fetch(&place.source, &entries, max_size, pass) {
                // Nobody may be listening any more.
                sender.blocking_send(Err(lost(&place.source, &error))).ok();
            }
        });
        receiver
    }

    /// Files messages. Those that are proved are durable in their folders.
    ///
    /// # Errors
    /// [`Trouble::Lost`] when the source cannot be read: every move is then unproved.
    /// [`Trouble::Unsafe`] when the disk failed to sync: then no later look can be trusted either,
    /// and the daemon must stop.
    pub async fn settle(&self, moves: Vec<Move>) -> Result<Vec<Moved>, Trouble> {
        let filed = blocking(&self.place, move |place| {
            Batch::new(&place.tree, &place.source, place.create_folders, &moves).settle()
        });
        let filed = filed.await?;
        filed.map_err(|error| broken(&self.place.source, &error))
    }

    /// Looks for messages that left the source in the folders that are filed into, each folder
    /// that holds one being named. Marks say nothing about a Maildir and are not needed.
    ///
    /// # Errors
    /// As [`Self::settle`]: what is found is durable where it was found.
    pub async fn find(
        &self,
        sought: Vec<Sought>,
        _since: Vec<Mark>,
    ) -> Result<Vec<Found>, Trouble> {
        let found = blocking(&self.place, move |place| {
            find::find(&place.tree, &place.folders, &sought)
        });
        let found = found.await?;
        found.map_err(|error| broken(&self.place.source, &error))
    }

    /// Waits until something came into the source folder, at most so long. What came since the
    /// last call counts, and a call that is dropped loses nothing.
    pub async fn hint(&self, at_most: Duration) -> Result<Hint, Trouble> {
        Ok(self.watch.hint(at_most).await)
    }

    /// Ends the work on the mailbox.
    #[expect(
        clippy::unused_async,
        reason = "the same call logs out of an IMAP account"
    )]
    pub async fn close(self) {}

    fn report(&self, refused: Refused) {
        let mut last = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != refused {
            if let Some(example) = &refused.example {
                tracing::warn!(
                    folder = %self.place.source.display(),
                    count = refused.count,
                    example,
                    "files in the mailbox are no messages and are left alone"
                );
            }
            *last = refused;
        }
    }
}

/// Makes or misses folders, and tries whether they can be worked on.
fn prepare(place: &Place, root: &Path, source: &Folder) -> Result<(), Trouble> {
    let unreachable = |error: &io::Error| Trouble::Unreachable {
        server: root.display().to_string(),
        why: error.to_string(),
    };
    if !place.create_folders {
        std::fs::metadata(root).map_err(|error| unreachable(&error))?;
    }
    let mut missing = Vec::new();
    for folder in std::iter::once(source).chain(&place.folders) {
        if place.tree.holds(folder).map_err(unsafe_folder)? {
            continue;
        }
        if place.create_folders {
            let made = place.tree.create(folder);
            made.map_err(|error| unreachable(&error))?;
        } else {
            missing.push(folder.clone());
        }
    }
    if !missing.is_empty() {
        return Err(Trouble::MissingFolders(missing));
    }
    if place.read_only {
        return Ok(());
    }
    for folder in std::iter::once(source).chain(&place.folders) {
        place.tree.check_writable(folder).map_err(|error| {
            Trouble::Unsafe(format!("folder `{folder}` cannot be filed into: {error}"))
        })?;
    }
    // A file system that cannot sync directories is found out before anything is moved.
    for part in Part::BOTH {
        let part = place.source.join(part.as_str());
        durable(&part).map_err(|error| broken(&part, &error))?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    place: &Arc<Place>,
    work: impl FnOnce(&Place) -> T + Send + 'static,
) -> Result<T, Trouble> {
    let place = Arc::clone(place);
    let done = spawn_blocking(move || work(&place)).await;
    done.map_err(|error| Trouble::Lost(format!("work on files broke off: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn unsafe_folder(error: BadFolder) -> Trouble {
    Trouble::Unsafe(error.to_string())
}

fn broken(folder: &Path, error: &Broken) -> Trouble {
    match error {
        Broken::Unreadable(error) => lost(folder, error),
        Broken::Unsynced { .. } => Trouble::Unsafe(error.to_string()),
    }
}

fn lost(folder: &Path, error: &io::Error) -> Trouble {
    Trouble::Lost(format!("`{}`: {error}", folder.display()))
}
