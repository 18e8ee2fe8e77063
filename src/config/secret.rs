//! Where a secret is read from: a systemd credential or a file that only its owner can read.
//!
//! It is read when it is needed, so that a rotated password needs no restart. The text lives in a
//! redacting type and is never part of a configuration value, an error or a log line.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Most bytes a secret may have.
pub const BYTES_MAX: u64 = 16 * 1024;

/// The place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Secret {
    /// `$CREDENTIALS_DIRECTORY/NAME` (systemd.exec, `LoadCredential=`).
    Credential(String),
    /// A regular file with no permission for group and others.
    File(PathBuf),
}

/// Why a secret cannot be read; names the place, never the content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The credential directory is not set.
    #[error("credential `{0}` cannot be read: not started by systemd with `LoadCredential={0}:…`")]
    NoCredentials(String),
    /// The file cannot be opened or read.
    #[error("secret file `{}` cannot be read: {cause}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is open to others.
    #[error("secret file `{}` has mode {mode:o}, it must not be open to group or others", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no regular file, is empty or too large.
    #[error("secret file `{}` {what}", path.display())]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

impl Secret {
    /// Reads the secret, without its final line end.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Credential(name) => {
                let directory = std::env::var_os("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
                read_file(&Path::new(&directory).join(name), false)
            }
            Self::File(path) => read_file(path, true),
        }
    }
}

fn read_file(path: &Path, owner_only: bool) -> Result<SecretString, SecretError> {
    let io = |cause| SecretError::Io {
        path: path.to_owned(),
        cause,
    };
    let unfit = |what| SecretError::Unfit {
        path: path.to_owned(),
        what,
    };
    // Looked at before it is opened, so that a FIFO cannot make the daemon wait.
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() {
        return Err(unfit("is no regular file"));
    }
    let mode = meta.mode() & 0o777;
    if owner_only && mode & 0o077 != 0 {
        return Err(SecretError::Open {
            path: path.to_owned(),
            mode,
        });
    }
    if meta.len() > BYTES_MAX {
        return Err(unfit("is larger than 16 KiB"));
    }
    let mut text = String::new();
    File::open(path)
        .map_err(io)?
        .take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(io)?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    if text.is_empty() {
        return Err(unfit("is empty"));
    }
    Ok(text.into())
}
