//! How a server is reached: host, port and the protection of the connection.

use std::path::PathBuf;

/// When a connection becomes TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tls {
    /// From the first byte (RFC 8314 §3).
    Implicit,
    /// By STARTTLS, which must succeed: there is no fallback to clear text.
    Starttls,
    /// Never. Only taken for a loopback address.
    None,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Name or address; also the name the certificate must bear.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How it is protected.
    pub tls: Tls,
    /// A PEM file of authorities trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
}
