//! The kernel's word that something came into a folder: a reason to look, never the truth.
//!
//! inotify is asked for arrivals only. What we read ourselves, and what we move out, must not wake
//! us; nor is a thread needed that sees every opened file. The kernel keeps arrivals until they
//! are taken, so none is lost between a listing and the wait after it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{sleep, timeout};

use super::locate::Part;
use crate::mailbox::exchange::Hint;

/// How long a wait is at most when the kernel reports nothing: no inotify instance left, or a
/// file system without.
const BLIND_WAIT: Duration = Duration::from_secs(5);

/// Bytes of events taken at once: some hundred names.
const EVENTS: usize = 16 << 10;

/// How often events are taken before the wait ends, whatever is still there.
const DRAIN_MAX: usize = 64;

/// A watch on one folder.
#[derive(Debug)]
pub struct Watch {
    /// `None` when the kernel gave no watch.
    events: Option<AsyncFd<OwnedFd>>,
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
        match timeout(at_most, arrival(events)).await {
            Ok(()) => Hint::Changed,
            Err(_) => Hint::Quiet,
        }
    }
}

async fn arrival(events: &AsyncFd<OwnedFd>) {
    // What is there already needs no word from the runtime's poller.
    if matches!(drain(events.get_ref()), Ok(true)) {
        return;
    }
    loop {
        let Ok(mut ready) = events.readable().await else {
            // The runtime is going down; a needless listing does no harm.
            return;
        };
        let drained = ready.try_io(|events| drain(events.get_ref()));
        if let Ok(Ok(true) | Err(_)) = drained {
            return;
        }
    }
}

/// Takes all waiting events without looking at them: an arrival, an overflow of the kernel's queue
/// and the loss of the directory itself are all the same reason to look.
fn drain(events: &OwnedFd) -> io::Result<bool> {
    let mut buffer = [0; EVENTS];
    let mut any = false;
    for _ in 0..DRAIN_MAX {
        match rustix::io::read(events, &mut buffer) {
            Ok(read) => any |= read > 0,
            Err(Errno::AGAIN) if any => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(any)
}

#[expect(
    deprecated,
    reason = "the descriptor is owned, closed by nobody else, and `unsafe` is forbidden here"
)]
fn watch(folder: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let arrivals = WatchFlags::CREATE
        | WatchFlags::MOVED_TO
        | WatchFlags::CLOSE_WRITE
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    for part in Part::BOTH {
        inotify::add_watch(&events, folder.join(part.as_str()), arrivals)?;
    }
    AsyncFd::with_interest(events, Interest::READABLE)
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
