//! A certificate authority of one test run, made by the `openssl` program in a temporary folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority and the folder it lives in.
pub struct Authority {
    directory: tempfile::TempDir,
    issued: AtomicU32,
}

/// A server's certificate and key.
pub struct Identity {
    /// PEM file of the certificate.
    pub certificate: PathBuf,
    /// PEM file of the key.
    pub key: PathBuf,
}

impl Authority {
    /// A new authority, known to nobody.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                         -keyout ca.key -out ca.pem -days 30 -subj /CN=Authority";
        openssl(directory.path(), arguments);
        Self {
            directory,
            issued: AtomicU32::new(0),
        }
    }

    /// The file to trust.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A certificate for `name` (`DNS:…` or `IP:…`), valid for so many days; below zero it has
    /// already expired.
    pub fn certify(&self, name: &str, days: i32) -> Identity {
        let here = self.directory.path();
        let serial = 1 + self.issued.fetch_add(1, Ordering::Relaxed);
        let stem = format!("server-{serial}");
        let extension = here.join(format!("{stem}.ext"));
        std::fs::write(extension, format!("subjectAltName={name}\n")).expect("a file");
        let request = format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {stem}.key \
             -out {stem}.csr -subj /CN=server"
        );
        openssl(here, &request);
        let signing = format!(
            "x509 -req -in {stem}.csr -CA ca.pem -CAkey ca.key -set_serial {serial} -days {days} \
             -extfile {stem}.ext -out {stem}.pem"
        );
        openssl(here, &signing);
        Identity {
            certificate: here.join(format!("{stem}.pem")),
            key: here.join(format!("{stem}.key")),
        }
    }
}

impl Identity {
    /// The settings of a server that shows this certificate.
    pub fn server(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(&self.certificate).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(&self.key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a certificate that fits its key");
        Arc::new(config)
    }
}

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .output()
        .expect("the `openssl` program; install the package `openssl`");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {errors}");
}
