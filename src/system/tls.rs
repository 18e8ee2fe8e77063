//! TLS for every connection the daemon makes: one policy, by rustls with the ring provider.
//!
//! Certificates are verified, always, against the system's authorities or against those of one
//! PEM file. There is no way to turn this off, and no fallback to clear text.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Most bytes a file of authorities may have.
pub const CA_FILE_BYTES_MAX: u64 = 4 << 20;

/// Why no TLS settings can be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of authorities cannot be read.
    #[error("CA file `{}` cannot be read: {why}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The system has no authorities.
    #[error(
        "the system has no trusted authorities ({0}); install `ca-certificates` or set `ca-file`"
    )]
    NoRoots(String),
    /// The provider refuses to work.
    #[error("TLS cannot be set up: {0}")]
    Provider(#[from] rustls::Error),
}

/// The authorities that are trusted: those of `ca_file`, or the system's.
pub fn authorities(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    if let Some(path) = ca_file {
        return read_file(path).map_err(|why| TlsError::CaFile {
            path: path.to_owned(),
            why,
        });
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map(ToString::to_string);
        return Err(TlsError::NoRoots(
            why.unwrap_or_else(|| "none found".into()),
        ));
    }
    Ok(found.certs)
}

fn read_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let meta = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !meta.is_file() || meta.len() > CA_FILE_BYTES_MAX {
        return Err("it is no regular file of at most 4 MiB".into());
    }
    let text = std::fs::read(path).map_err(|e| e.to_string())?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err("it holds no PEM certificate".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The settings of a client that trusts [`authorities`] and speaks TLS 1.2 or 1.3.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(authorities(ca_file)?);
    if added == 0 {
        return Err(match ca_file {
            Some(path) => TlsError::CaFile {
                path: path.to_owned(),
                why: "none of its certificates can be used as an authority".into(),
            },
            None => TlsError::NoRoots("none can be used".into()),
        });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Makes `stream` a TLS connection to the server that bears the name `host`, within `deadline`.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when the time is over, [`io::ErrorKind::InvalidData`] when the
/// certificate is not trusted, [`io::ErrorKind::InvalidInput`] when `host` can be no name.
pub async fn handshake(
    config: Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
    deadline: Duration,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    let connecting = TlsConnector::from(config).connect(name, stream);
    timeout(deadline, connecting).await.map_err(|_| {
        let text = "the TLS handshake took too long";
        io::Error::new(io::ErrorKind::TimedOut, text)
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_a_certificate_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no certificate here\n").unwrap();
        let error = client_config(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains("holds no PEM certificate"), "{error}");
        assert!(error.contains(&file.path().display().to_string()));
    }

    #[test]
    fn a_ca_file_that_is_a_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let error = client_config(Some(directory.path())).unwrap_err();
        assert!(matches!(error, TlsError::CaFile { .. }), "{error}");
    }
}
