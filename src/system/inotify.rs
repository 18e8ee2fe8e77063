//! The kernel's word that something changed in a directory: a reason to look, never the truth.
//!
//! The kernel keeps what it has to say until it is taken, so nothing is lost between a look and
//! the wait after it. What changed is not told: an arrival, an overflow of the kernel's queue and
//! the loss of the directory itself are all the same reason to look.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

pub use rustix::fs::inotify::WatchFlags;

/// Bytes of events taken at once: some hundred names.
const EVENTS: usize = 16 << 10;

/// How often events are taken before the wait ends, whatever is still there.
const DRAIN_MAX: usize = 64;

/// A watch on some directories.
#[derive(Debug)]
pub struct Inotify(AsyncFd<OwnedFd>);

impl Inotify {
    /// Watches `directories` for `what`, and for their own loss.
    ///
    /// # Errors
    /// When one cannot be watched: it is absent, or the kernel has no watch left.
    #[expect(
        deprecated,
        reason = "the descriptor is owned, closed by nobody else, and `unsafe` is forbidden here"
    )]
    pub fn new<P: AsRef<Path>>(
        directories: impl IntoIterator<Item = P>,
        what: WatchFlags,
    ) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let loss = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
        for directory in directories {
            inotify::add_watch(&events, directory.as_ref(), what | loss)?;
        }
        AsyncFd::with_interest(events, Interest::READABLE).map(Self)
    }

    /// Waits until something happened. What happened since the last call counts; a call that is
    /// dropped takes nothing with it.
    pub async fn happened(&self) {
        // What is there already needs no word from the runtime's poller.
        if matches!(drain(self.0.get_ref()), Ok(true)) {
            return;
        }
        loop {
            let Ok(mut ready) = self.0.readable().await else {
                // The runtime is going down; a needless look does no harm.
                return;
            };
            let drained = ready.try_io(|events| drain(events.get_ref()));
            if let Ok(Ok(true) | Err(_)) = drained {
                return;
            }
        }
    }
}

/// Takes all waiting events without looking at them.
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
