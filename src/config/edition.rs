//! What the files of a configuration directory say, in one number, to see whether somebody edits.
//!
//! Every file that any part may read counts: those ending in `.toml` or `.txt` in the directory and
//! up to two levels below, whatever they are for. Whether an edit is sound is asked elsewhere.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::digest::Digest;

/// Levels below the directory: `next/rules/`.
const DEPTH_MAX: usize = 2;

/// Most directories that are looked into.
const DIRECTORIES_MAX: usize = 64;

/// Most files that are read.
const FILES_MAX: usize = 4096;

/// Bytes of a file that are read; beyond, its size must do.
const BYTES_MAX: u64 = 4 << 20;

/// A directory as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// What the files say.
    pub digest: Digest,
    /// Where files lie, or could.
    pub directories: Vec<PathBuf>,
}

impl Edition {
    /// Reads it.
    ///
    /// # Errors
    /// When the directory itself cannot be listed. What else cannot be read counts as unreadable,
    /// which is a state too.
    pub fn of(directory: &Path) -> io::Result<Self> {
        let mut directories = vec![directory.to_owned()];
        let mut files = Vec::new();
        list(directory, 0, &mut directories, &mut files)?;
        files.sort();
        let mut sums = String::new();
        for file in &files {
            let digest = match read(file) {
                Ok(bytes) => Digest::of(&bytes).to_string(),
                Err(error) => error.kind().to_string(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(sums, "{digest}  {}", file.display());
        }
        Ok(Self {
            digest: Digest::of(sums.as_bytes()),
            directories,
        })
    }
}

fn list(
    directory: &Path,
    depth: usize,
    directories: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        // Editors leave `.#x.toml` and `x.toml~` behind.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            if depth < DEPTH_MAX && directories.len() < DIRECTORIES_MAX {
                // One that may not be listed, such as that of secrets, holds nothing of ours.
                if list(&path, depth + 1, directories, files).is_ok() {
                    directories.push(path);
                }
            }
        } else if path
            .extension()
            .is_some_and(|end| end == "toml" || end == "txt")
            && files.len() < FILES_MAX
        {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?;
    if !size.is_file() || size.len() > BYTES_MAX {
        return Ok(size.len().to_string().into_bytes());
    }
    std::fs::read(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_can_matter_counts_and_what_editors_leave_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path();
        fs::create_dir_all(here.join("next/rules/deep")).unwrap();
        fs::write(here.join("triaged.toml"), "a").unwrap();
        let mut last = Edition::of(here).unwrap();
        assert_eq!(last.directories.len(), 3);
        for (name, counts) in [
            ("triaged.toml", true),
            ("next/rules/x.toml", true),
            ("words.txt", true),
            (".#triaged.toml", false),
            ("triaged.toml~", false),
            ("schema.json", false),
            ("next/rules/deep/x.toml", false),
        ] {
            fs::write(here.join(name), "b").unwrap();
            let now = Edition::of(here).unwrap();
            assert_eq!(now != last, counts, "{name}");
            last = now;
        }
        fs::remove_file(here.join("words.txt")).unwrap();
        assert_ne!(Edition::of(here).unwrap(), last);
    }
}
