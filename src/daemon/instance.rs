//! The instance key: read from a systemd credential or the state directory, made at first use.
//!
//! It is what our Message-IDs, case tokens and marks are made with. Losing it makes old marks
//! strange to us; it is backed up with the state directory and kept out of the ledger.

use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use crate::config::secret::{Secret, SecretError};
use crate::mail::origin::InstanceKey;
use crate::system::fs;

/// File name in the state directory, and the name of the credential that takes its place.
const NAME: &str = "instance.key";

/// The credential that takes the file's place.
const CREDENTIAL: &str = "instance-key";

/// Why there is no instance key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It is not 64 hexadecimal digits.
    #[error("`{}` is not 64 hexadecimal digits: restore it from a backup, or remove it to begin with a new one", .0.display())]
    Malformed(PathBuf),
    /// It cannot be made.
    #[error("cannot make `{}`: {cause}", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// The key, if there is one.
pub fn read(state_dir: &Path) -> Result<Option<InstanceKey>, KeyError> {
    let path = state_dir.join(NAME);
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
        .is_some_and(|directory| Path::new(&directory).join(CREDENTIAL).exists());
    let secret = if credential {
        Secret::Credential(CREDENTIAL.to_owned())
    } else if path.exists() {
        Secret::File(path.clone())
    } else {
        return Ok(None);
    };
    let text = secret.read()?;
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(text.expose_secret().trim().as_bytes())
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or(KeyError::Malformed(path))?;
    Ok(Some(InstanceKey::new(bytes)))
}

/// The key, made now if there is none yet.
pub fn read_or_create(state_dir: &Path) -> Result<InstanceKey, KeyError> {
    if let Some(key) = read(state_dir)? {
        return Ok(key);
    }
    let path = state_dir.join(NAME);
    let create = |cause| KeyError::Create {
        path: path.clone(),
        cause,
    };
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| create(io::Error::other(error.to_string())))?;
    let text = data_encoding::HEXLOWER.encode(&bytes);
    fs::replace(&path, format!("{text}\n").as_bytes()).map_err(create)?;
    Ok(InstanceKey::new(bytes))
}
