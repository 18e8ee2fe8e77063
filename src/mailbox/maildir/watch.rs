//! The kernel's word that something came into a folder: a reason to look, never the truth.
//!
//! inotify is asked for arrivals only. What we read ourselves, and what we move out, must not wake
//! us; nor is a thread needed that sees every opened file. The kernel keeps arrivals until they
//! are taken, so none is lost between a listing and the wait after it.

use std::path::Path;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::locate::Part;
use crate::mailbox::exchange::Hint;
use crate::system::inotify::{Inotify, WatchFlags};

/// How long a wait is at most when the kernel reports nothing: no inotify instance left, or a
/// file system without.
const BLIND_WAIT: Duration = Duration::from_secs(5);

/// A watch on one folder.
#[derive(Debug)]
pub struct Watch {
    /// `None` when the kernel gave no watch.
    events: Option<Inotify>,
}

impl Watch {
    /// Watches `folder`. Never fails: without the kernel's help the waits are short instead.
    pub fn new(folder: &Path) -> Self {
        let events = watch(folder)
            .inspect_err(|error| {
                tracing::warn!(
                    folder = %folder.display(),
                    %error,
                    "no inotify watch; the folder is listed every few seconds instead"
                );
            })
            .ok();
        Self { events }
    }

    /// Waits until something came in, at most so long. What came in since the last call counts.
    /// A call that is dropped takes nothing with it.
    pub async fn hint(&self, at_most: Duration) -> Hint {
        let Some(events) = &self.events else {
            sleep(at_most.min(BLIND_WAIT)).await;
            return Hint::Changed;
        };
        match timeout(at_most, events.happened()).await {
            Ok(()) => Hint::Changed,
            Err(_) => Hint::Quiet,
        }
    }
}

fn watch(folder: &Path) -> std::io::Result<Inotify> {
    let parts = Part::BOTH.map(|part| folder.join(part.as_str()));
    let arrivals = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
    Inotify::new(parts, arrivals)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::system::maildir;

    const LONG: Duration = Duration::from_mins(1);
    const NOW: Duration = Duration::ZERO;

    #[tokio::test]
    async fn arrivals_wake_and_departures_do_not() {
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        let watch = Watch::new(dir.path());
        assert_eq!(watch.hint(NOW).await, Hint::Quiet);

        let path = maildir::deliver(dir.path(), b"A: b\n\n").unwrap();
        assert_eq!(watch.hint(LONG).await, Hint::Changed);
        assert_eq!(watch.hint(NOW).await, Hint::Quiet, "taken once");

        fs::read(&path).unwrap();
        let moved = dir.path().join("tmp/x");
        fs::rename(&path, &moved).unwrap();
        assert_eq!(watch.hint(NOW).await, Hint::Quiet, "we do that ourselves");

        fs::rename(&moved, dir.path().join("cur/1.a.h:2,S")).unwrap();
        assert_eq!(watch.hint(LONG).await, Hint::Changed);
    }

    #[tokio::test]
    async fn what_comes_while_nobody_waits_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        let watch = Watch::new(dir.path());
        {
            let waiting = watch.hint(LONG);
            tokio::pin!(waiting);
            let poll = futures_util::poll!(&mut waiting);
            assert!(poll.is_pending());
            maildir::deliver(dir.path(), b"A: b\n\n").unwrap();
            // Dropped without being polled again.
        }
        assert_eq!(watch.hint(LONG).await, Hint::Changed);
    }

    #[tokio::test]
    async fn more_events_than_the_kernel_keeps_are_a_change() {
        let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let limit: usize = limit.trim().parse().unwrap();
        // Only where the kernel's queue is of the usual size is filling it cheap.
        let many = limit.min(16_384) + 10;
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        let watch = Watch::new(dir.path());
        let (one, two) = (dir.path().join("cur/1.a.h"), dir.path().join("cur/2.b.h"));
        fs::write(&one, "x").unwrap();
        for n in 0..many {
            let (from, to) = if n % 2 == 0 {
                (&one, &two)
            } else {
                (&two, &one)
            };
            fs::rename(from, to).unwrap();
        }
        assert_eq!(watch.hint(LONG).await, Hint::Changed);
        while watch.hint(NOW).await == Hint::Changed {}
        maildir::deliver(dir.path(), b"A: b\n\n").unwrap();
        assert_eq!(watch.hint(LONG).await, Hint::Changed, "it still works");
    }

    #[tokio::test]
    async fn a_lost_directory_is_a_change_and_no_watch_is_a_short_wait() {
        let dir = tempfile::tempdir().unwrap();
        maildir::create(dir.path(), maildir::MODE_DEFAULT).unwrap();
        let watch = Watch::new(dir.path());
        fs::remove_dir(dir.path().join("new")).unwrap();
        assert_eq!(watch.hint(LONG).await, Hint::Changed);

        let blind = Watch::new(&dir.path().join("absent"));
        assert_eq!(blind.hint(NOW).await, Hint::Changed);
    }
}
