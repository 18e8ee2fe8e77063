//! Layer 5: how the daemon is, for whoever watches it. It reads and changes nothing.
//!
//! - [`figures`]: what the meters and the ledger say, under the names that Prometheus gets.
//! - [`survey`]: what must be asked for, asked from time to time, so that a question costs nothing.
//! - [`health`]: whether everything is as it must be, and what is not.
//! - [`http`]: the little of HTTP that is needed to ask, with every bound named.

pub mod figures;
pub mod health;
mod http;
pub mod survey;

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use self::figures::Figures;
use self::health::Health;
use crate::config::metrics::Listen;

/// Who may ask at a socket: the daemon's user and group, as far as the directory lets them.
const SOCKET_MODE: u32 = 0o660;

/// What can be asked.
#[derive(Debug)]
pub struct Console {
    /// Figures, at `/metrics`.
    pub figures: Figures,
    /// Health, at `/healthz`.
    pub health: Arc<Health>,
}

impl Console {
    /// Begins to listen; the tasks answer until they are aborted.
    ///
    /// # Errors
    /// When the address or the socket cannot be had.
    pub async fn serve(self: Arc<Self>, listen: &Listen) -> io::Result<JoinSet<()>> {
        let mut tasks = JoinSet::new();
        match listen {
            Listen::Loopback(address) => {
                let listener = TcpListener::bind(address).await?;
                tasks.spawn(http::serve(self, http::Door::Loopback(listener)));
            }
            Listen::Socket(path) => {
                clear(path)?;
                let listener = UnixListener::bind(path)?;
                fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
                tasks.spawn(http::serve(self, http::Door::Socket(listener)));
            }
        }
        tracing::info!(%listen, "figures at `/metrics`, health at `/healthz`");
        Ok(tasks)
    }
}

/// Takes away a socket that a daemon before us left; the lock of the state directory says that it
/// is gone. Anything else that lies there stays.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => fs::remove_file(path),
        _ => Ok(()),
    }
}
