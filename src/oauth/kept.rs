//! The refresh token of a person, kept in the state directory.
//!
//! It is the log-in itself: who has the file reads the mail. It has mode 0600, is replaced whole
//! and durably, and is read anew each time, so that `triaged auth login` needs no restart.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::error::TokenError;
use crate::config::secret::Secret;
use crate::domain::digest::Digest;
use crate::system::fs;

/// How long another process may take with the same token.
const LOCK_TIME: Duration = Duration::from_mins(2);
/// How often is looked whether it is done.
const LOCK_LOOK: Duration = Duration::from_millis(200);

#[derive(Serialize, Deserialize)]
struct Shape {
    refresh_token: String,
    /// SHA-256 of the configured token that it came from, if it came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Digest>,
    at: Timestamp,
}

/// The kept token that came from `from`; `None` when there is none.
pub(super) fn read(path: &Path, from: Option<Digest>) -> Result<Option<SecretString>, TokenError> {
    if !path.exists() {
        return Ok(None);
    }
    let place = Secret::File(path.to_owned());
    let text = place
        .read()
        .map_err(|e| TokenError::Secret(e.to_string()))?;
    // serde's words could repeat the token.
    let shape: Shape = serde_json::from_str(text.expose_secret()).map_err(|_| {
        let path = path.display();
        TokenError::Secret(format!("`{path}` is not a kept refresh token: remove it"))
    })?;
    Ok((shape.from == from).then(|| shape.refresh_token.into()))
}

/// Keeps `token`; it is on the disk when this returns.
pub(super) fn write(
    path: &Path,
    token: &SecretString,
    from: Option<Digest>,
) -> Result<(), TokenError> {
    let shape = Shape {
        refresh_token: token.expose_secret().to_owned(),
        from,
        at: Timestamp::now(),
    };
    let written = serde_json::to_vec(&shape)
        .map_err(io::Error::other)
        .and_then(|bytes| replace(path, &bytes));
    written.map_err(|e| {
        let path = path.display();
        TokenError::Secret(format!("the refresh token cannot be kept in `{path}`: {e}"))
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = made(path)?;
    fs::replace(path, bytes)?;
    // Root may have signed in for the daemon, which must be able to read and replace it.
    let owner = std::fs::metadata(directory)?;
    if std::fs::metadata(path)?.uid() != owner.uid() {
        std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// The directory of `path`, made as the state directory's owner has it.
fn made(path: &Path) -> io::Result<&Path> {
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.exists() {
        DirBuilder::new().mode(0o700).create(directory)?;
        if let Some(state) = directory.parent() {
            let owner = std::fs::metadata(state)?;
            if std::fs::metadata(directory)?.uid() != owner.uid() {
                std::os::unix::fs::chown(directory, Some(owner.uid()), Some(owner.gid()))?;
            }
            fs::sync_dir(state)?;
        }
    }
    Ok(directory)
}

/// Keeps other processes from using the kept token until the value is dropped.
///
/// # Errors
/// [`TokenError::Unreachable`] when another process has it for too long.
pub(super) async fn lock(path: &Path) -> Result<std::fs::File, TokenError> {
    let beside = path.with_extension("lock");
    let failed = |e: io::Error| TokenError::Secret(format!("`{}`: {e}", beside.display()));
    made(path).map_err(failed)?;
    let until = tokio::time::Instant::now() + LOCK_TIME;
    loop {
        match fs::lock(&beside) {
            Ok(file) => return Ok(file),
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => return Err(failed(e)),
            Err(_) if tokio::time::Instant::now() > until => {
                return Err(TokenError::Unreachable {
                    endpoint: beside.display().to_string(),
                    why: "another process has been asking for a token for two minutes".into(),
                });
            }
            Err(_) => tokio::time::sleep(LOCK_LOOK).await,
        }
    }
}
