//! `[metrics]`: where whoever watches the daemon asks how it is.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where figures and health are asked for; never beyond this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A loopback address and port.
    Loopback(SocketAddr),
    /// A Unix socket, for whoever may reach its directory.
    Socket(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(address) => address.fmt(f),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}
