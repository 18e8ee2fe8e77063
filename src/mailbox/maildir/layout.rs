//! Where folders lie: Maildir++, as Dovecot and Courier keep it.
//!
//! The tree's own `new/` and `cur/` are `INBOX`. The folder `Ärenden/Öppna` is the directory
//! `.&AMQ-renden.&ANY-ppna` beside them, marked by an empty file `maildirfolder`, so that a mail
//! server on the same tree shows it under its name. Nothing here reads messages.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::domain::ids::Folder;
use crate::mailbox::utf7;
use crate::system::fs::sync_dir;
use crate::system::maildir;

/// Longest directory name, in bytes (`NAME_MAX` on Linux).
const NAME_MAX: usize = 255;

/// A tree of Maildir++ folders.
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
}

/// A folder's name that no Maildir++ directory can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a Maildir cannot hold a folder called `{}`: {why}", .folder.as_str().escape_debug())]
pub struct BadFolder {
    folder: Folder,
    why: &'static str,
}

impl Tree {
    /// The tree whose `INBOX` is `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The directory that holds the folder's `new/` and `cur/`.
    pub fn directory(&self, folder: &Folder) -> Result<PathBuf, BadFolder> {
        let bad = |why| BadFolder {
            folder: folder.clone(),
            why,
        };
        let name = folder.as_str();
        if name.eq_ignore_ascii_case("INBOX") {
            return Ok(self.root.clone());
        }
        let mut directory = String::new();
        for level in name.split('/') {
            if level.is_empty() {
                return Err(bad("a level of it is empty"));
            }
            if level.contains('.') {
                return Err(bad(
                    "the dot stands between levels there; use `/` or no dot",
                ));
            }
            if level.contains(char::is_control) {
                return Err(bad("it holds a control character"));
            }
            directory.push('.');
            directory.push_str(&utf7::encode(level));
        }
        if directory.len() > NAME_MAX {
            return Err(bad("its directory's name would be longer than 255 bytes"));
        }
        Ok(self.root.join(directory))
    }

    /// Whether the folder's three directories are there.
    pub fn holds(&self, folder: &Folder) -> Result<bool, BadFolder> {
        let directory = self.directory(folder)?;
        let parts = ["new", "cur", "tmp"];
        Ok(parts.iter().all(|part| directory.join(part).is_dir()))
    }

    /// Makes the folder, or what is missing of it, with the tree's own permission bits.
    pub fn create(&self, folder: &Folder) -> io::Result<()> {
        let directory = self.directory(folder).map_err(io::Error::other)?;
        let mode = match fs::metadata(&self.root) {
            Ok(metadata) => metadata.mode() & 0o777,
            Err(_) => maildir::MODE_DEFAULT,
        };
        maildir::create(&directory, mode)?;
        if directory != self.root {
            OpenOptions::new()
                .create(true)
                .append(true)
                .mode(mode & 0o666)
                .open(directory.join("maildirfolder"))?;
            sync_dir(&directory)?;
        }
        Ok(())
    }

    /// Whether files can be moved into and out of the folder.
    pub fn check_writable(&self, folder: &Folder) -> io::Result<()> {
        let directory = self.directory(folder).map_err(io::Error::other)?;
        for part in ["new", "cur"] {
            let part = directory.join(part);
            let wanted = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
            access(&part, wanted).map_err(|error| {
                let error = io::Error::from(error);
                io::Error::new(error.kind(), format!("`{}`: {error}", part.display()))
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_the_directories_a_mail_server_gives_them() {
        let tree = Tree::new(Path::new("/mail"));
        for (folder, directory) in [
            ("INBOX", "/mail"),
            ("inbox", "/mail"),
            ("Support", "/mail/.Support"),
            ("Ärenden/Öppna", "/mail/.&AMQ-renden.&ANY-ppna"),
            ("INBOX/Support", "/mail/.INBOX.Support"),
            ("Q&A", "/mail/.Q&-A"),
        ] {
            let got = tree.directory(&Folder::from(folder));
            assert_eq!(got, Ok(PathBuf::from(directory)), "{folder}");
        }
        let long = "x".repeat(255);
        for folder in [
            "", "/", "a/", "/a", "a//b", "..", "a/../b", "v1.2", "a\nb", &long,
        ] {
            let got = tree.directory(&Folder::from(folder));
            assert!(got.is_err(), "{folder:?} became {got:?}");
        }
    }

    #[test]
    fn a_made_folder_is_whole_and_making_it_again_is_harmless() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::new(&dir.path().join("mail"));
        let folder = Folder::from("Ärenden/Öppna");
        assert_eq!(tree.holds(&folder), Ok(false));
        for _ in 0..2 {
            tree.create(&Folder::from("INBOX")).unwrap();
            tree.create(&folder).unwrap();
            assert_eq!(tree.holds(&folder), Ok(true));
        }
        let mark = dir.path().join("mail/.&AMQ-renden.&ANY-ppna/maildirfolder");
        assert!(mark.is_file());
        assert!(!dir.path().join("mail/maildirfolder").exists());
        tree.check_writable(&folder).unwrap();
    }
}
