//! Reading a directory in which other programs rename files.
//!
//! A file renamed while its directory is read may be shown twice, under either name, or not at
//! all (POSIX `readdir`). A message left out would look as if somebody had taken it away, so the
//! directory is read again whenever it changed meanwhile. Names may therefore come twice.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How often one directory is read at most before what was seen must do.
const ROUNDS_MAX: usize = 4;

/// Two changes within this time may leave the same stamp: the kernel's clock for files ticks
/// every 1 to 10 ms.
const TICK: Duration = Duration::from_millis(20);

/// Shows each entry of `dir` at least once that was there all the time, whatever its name became.
pub fn read(dir: &Path, mut show: impl FnMut(&DirEntry) -> io::Result<()>) -> io::Result<()> {
    let mut before = changed(dir)?;
    let mut doubted = false;
    for _ in 0..ROUNDS_MAX {
        for entry in fs::read_dir(dir)? {
            show(&entry?)?;
        }
        let after = changed(dir)?;
        if before == after {
            // A change in the same tick would not show; a second look is enough for that.
            let old = SystemTime::now()
                .duration_since(after)
                .is_ok_and(|age| age > TICK);
            if old || doubted {
                break;
            }
            doubted = true;
        }
        before = after;
    }
    Ok(())
}

fn changed(dir: &Path) -> io::Result<SystemTime> {
    fs::metadata(dir)?.modified()
}
