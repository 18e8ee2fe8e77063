//! Edits that nobody announces: sees that files of the configuration changed, and waits until they
//! have come to rest.
//!
//! The kernel's word only wakes; the files are read and compared. An edit counts once two readings
//! in a row say the same: an editor that writes in pieces, or a copy of many files, is waited for.
//! Where the kernel says nothing (a file behind a link, a network file system) a look from time to
//! time finds it. Whether the edit is sound is not asked here.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::config::{self, Config, Edition};
use crate::system::inotify::{Inotify, WatchFlags};

/// Time between two readings that must say the same.
const REST: Duration = Duration::from_millis(250);

/// Longest time between two looks.
const LOOK: Duration = Duration::from_secs(30);

/// Readings that differ from each other before the next look is waited for.
const READINGS_MAX: usize = 120;

/// Watches the files of one configuration directory.
#[derive(Debug)]
pub struct Watch {
    directory: PathBuf,
    /// What was examined last; nothing when it is not known.
    examined: Option<Edition>,
}

impl Watch {
    /// Begins to watch what `config` was read from.
    pub async fn new(config: &Config) -> Self {
        let mut watch = Self {
            directory: config.directory.clone(),
            examined: None,
        };
        let now = watch.read().await;
        // What was edited since it was loaded is examined like any edit; what was refused at the
        // start has been.
        if config.stands_in.is_some() || config::digest(&watch.directory) == config.digest {
            watch.examined = now;
        }
        watch
    }

    /// Waits until the files say something else than what was examined, and have come to rest.
    /// A call that is dropped loses nothing.
    pub async fn edited(&mut self) {
        loop {
            // The kernel is asked before the files are read, so that nothing falls between.
            let kernel = self.listen().await;
            if let Some(now) = self.at_rest().await
                && self.examined.as_ref() != Some(&now)
            {
                return;
            }
            match kernel {
                // In time, either way.
                Some(kernel) => drop(timeout(LOOK, kernel.happened()).await),
                None => sleep(LOOK).await,
            }
        }
    }

    /// The files are about to be examined as they are now.
    pub async fn examining(&mut self) {
        self.examined = self.read().await;
    }

    async fn listen(&self) -> Option<Inotify> {
        let now = self.read().await?;
        let what = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE;
        Inotify::new(&now.directories, what)
            .inspect_err(|error| tracing::debug!(%error, "the kernel gives no watch"))
            .ok()
    }

    /// What the files say once they say it twice.
    async fn at_rest(&self) -> Option<Edition> {
        let mut last = self.read().await?;
        if self.examined.as_ref() == Some(&last) {
            return Some(last);
        }
        for _ in 0..READINGS_MAX {
            sleep(REST).await;
            let now = self.read().await?;
            if now == last {
                return Some(now);
            }
            last = now;
        }
        None
    }

    async fn read(&self) -> Option<Edition> {
        let directory = self.directory.clone();
        let read = spawn_blocking(move || Edition::of(&directory)).await;
        read.ok()?
            .inspect_err(|error| tracing::debug!(%error, "the configuration cannot be listed"))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn watch(directory: &std::path::Path) -> Watch {
        Watch {
            directory: directory.to_owned(),
            examined: None,
        }
    }

    #[tokio::test]
    async fn a_file_that_is_still_being_written_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rules.toml");
        fs::write(&file, "a").unwrap();
        let mut watch = watch(dir.path());
        watch.examining().await;
        let half = timeout(3 * REST, watch.edited()).await;
        assert!(half.is_err(), "nothing was edited");

        let writing = {
            let file = file.clone();
            tokio::spawn(async move {
                for length in 1..8 {
                    fs::write(&file, "b".repeat(length)).unwrap();
                    sleep(REST / 4).await;
                }
            })
        };
        timeout(Duration::from_mins(1), watch.edited())
            .await
            .unwrap();
        writing.await.unwrap();
        watch.examining().await;
        assert_eq!(fs::read_to_string(&file).unwrap(), "bbbbbbb");
        assert!(timeout(3 * REST, watch.edited()).await.is_err());
    }

    #[tokio::test]
    async fn a_directory_that_comes_later_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let mut watch = watch(dir.path());
        watch.examining().await;
        let cases = dir.path().join("cases");
        fs::create_dir(&cases).unwrap();
        timeout(Duration::from_mins(1), watch.edited())
            .await
            .unwrap();
        watch.examining().await;
        fs::write(cases.join("mine.toml"), "a").unwrap();
        // Far sooner than the look that comes anyway.
        timeout(LOOK / 2, watch.edited()).await.unwrap();
    }
}
