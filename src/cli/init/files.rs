//! The files of a new configuration directory: none is overwritten, and each can be read by
//! those who must and, where it is secret, by nobody else.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::answers::NewSecret;
use crate::system::fs::sync_dir;

/// The account the service runs under, made by `triaged.sysusers.conf`.
pub const USER: &str = "triaged";

/// Where accounts are listed.
const ACCOUNTS: &str = "/etc/passwd";

const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;
const SECRET_MODE: u32 = 0o600;
const SECRETS_MODE: u32 = 0o700;

/// A file's owner.
#[derive(Debug, Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    base: PathBuf,
    owner: Option<Owner>,
    /// Files that were not there.
    pub new: usize,
    /// Files that were there with the same content.
    pub same: usize,
    /// Files that were there with another content.
    pub kept: Vec<PathBuf>,
    /// Files of secrets that wait for their content.
    pub empty: Vec<PathBuf>,
    /// Whether the secrets belong to the service's account.
    pub is_owned_by_daemon: bool,
}

impl Written {
    /// Nothing yet, below `base`, which is made if it is not there.
    pub fn below(base: &Path) -> io::Result<Self> {
        make(base, DIRECTORY_MODE)?;
        // Only root can give files away; anybody else runs the program under the own account.
        let is_root = rustix::process::geteuid().is_root();
        let owner = if is_root { account(USER)? } else { None };
        Ok(Self {
            base: base.to_owned(),
            owner,
            new: 0,
            same: 0,
            kept: Vec::new(),
            empty: Vec::new(),
            is_owned_by_daemon: owner.is_some(),
        })
    }

    /// Writes a file that everybody may read, whatever the umask says: the service's account must.
    pub fn file(&mut self, name: &str, text: &str) -> io::Result<()> {
        let path = self.base.join(name);
        make(path.parent().unwrap_or(&self.base), DIRECTORY_MODE)?;
        if create(&path, FILE_MODE, text.as_bytes())?.is_some() {
            self.new += 1;
        } else if std::fs::read(&path)? == text.as_bytes() {
            self.same += 1;
        } else {
            self.kept.push(path);
        }
        Ok(())
    }

    /// Writes a secret that only its owner may read, or an empty file to be filled.
    pub fn secret(&mut self, secret: &NewSecret) -> io::Result<()> {
        let path = self.base.join(&secret.name);
        let directory = path.parent().unwrap_or(&self.base);
        if make(directory, SECRETS_MODE)? {
            self.give(directory)?;
        }
        let text = secret.text.as_ref().map(SecretString::expose_secret);
        let bytes = text.unwrap_or_default().as_bytes();
        let Some(_file) = create(&path, SECRET_MODE, bytes)? else {
            self.kept.push(path);
            return Ok(());
        };
        self.give(&path)?;
        self.new += 1;
        if bytes.is_empty() {
            self.empty.push(path);
        }
        Ok(())
    }

    fn give(&self, path: &Path) -> io::Result<()> {
        match self.owner {
            Some(owner) => chown(path, Some(owner.user), Some(owner.group)),
            None => Ok(()),
        }
    }
}

/// Makes a directory and those above it; whether it was not there.
fn make(path: &Path, mode: u32) -> io::Result<bool> {
    if path.is_dir() {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(mode).create(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(true)
}

/// Writes a file that is not there yet, to the disk; `None` when it is.
fn create(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let mut file = match options.write(true).create_new(true).mode(mode).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_dir(path.parent().unwrap_or(Path::new("/")))?;
    Ok(Some(file))
}

/// A local account, when there is one of this name.
fn account(name: &str) -> io::Result<Option<Owner>> {
    let text = match std::fs::read_to_string(ACCOUNTS) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(text.lines().find_map(|line| owner_in(line, name)))
}

fn owner_in(line: &str, name: &str) -> Option<Owner> {
    let mut fields = line.split(':');
    (fields.next()? == name).then_some(())?;
    let mut number = |skipped| fields.nth(skipped)?.parse().ok();
    Some(Owner {
        user: number(1)?,
        group: number(0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let line = "triaged:x:987:986:Triage of support tickets:/var/lib/triaged:/usr/sbin/nologin";
        let owner = owner_in(line, "triaged").unwrap();
        assert_eq!((owner.user, owner.group), (987, 986));
        for bad in ["triaged2:x:1:1::/:", "triaged:x", "triaged:x:no:1::/:", ""] {
            assert!(owner_in(bad, "triaged").is_none(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_overwritten_and_secrets_are_closed() {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().join("new");
        let mut written = Written::below(&base).unwrap();
        written.owner = None;
        written.file("rules/a.toml", "one").unwrap();
        written.file("rules/a.toml", "one").unwrap();
        written.file("rules/a.toml", "two").unwrap();
        let mut secret = NewSecret {
            name: "secrets/p".to_owned(),
            text: Some("hunter2".into()),
        };
        written.secret(&secret).unwrap();
        secret.text = None;
        written.secret(&secret).unwrap();
        assert_eq!((written.new, written.same, written.kept.len()), (2, 1, 2));
        assert!(written.empty.is_empty());
        let mode = |name| {
            std::fs::metadata(base.join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode("rules/a.toml"), FILE_MODE);
        assert_eq!(mode("secrets"), SECRETS_MODE);
        assert_eq!(mode("secrets/p"), SECRET_MODE);
        assert_eq!(
            std::fs::read_to_string(base.join("secrets/p")).unwrap(),
            "hunter2"
        );
        assert_eq!(
            std::fs::read_to_string(base.join("rules/a.toml")).unwrap(),
            "one"
        );
    }
}
