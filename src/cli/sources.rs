//! Where messages to be decided come from: files, Maildirs, plain directories, standard input.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::system::fs;

/// Largest message read, in bytes.
const BYTES_MAX: u64 = 64 << 20;

/// One message to be read.
#[derive(Debug)]
pub enum Source {
    /// Standard input.
    Input,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// How it is called in the output.
    pub fn name(&self) -> String {
        match self {
            Self::Input => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Its bytes.
    pub fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = match self {
            Self::Input => std::io::stdin()
                .lock()
                .take(BYTES_MAX + 1)
                .read_to_end(&mut bytes),
            Self::File(path) => fs::open_regular(path)
                .and_then(|(file, _)| file.take(BYTES_MAX + 1).read_to_end(&mut bytes)),
        };
        read.map_err(|error| Failure::failed(format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(Failure::failed("larger than 64 MiB, not read"));
        }
        Ok(bytes)
    }
}

/// The messages that `path` stands for, in the order of their names.
pub fn list(path: &Path) -> Result<Vec<Source>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(vec![Source::Input]);
    }
    let meta = std::fs::metadata(path)
        .map_err(|error| Failure::failed(format!("`{}`: {error}", path.display())))?;
    if !meta.is_dir() {
        return Ok(vec![Source::File(path.to_owned())]);
    }
    let mut files = Vec::new();
    let maildir = path.join("cur").is_dir() || path.join("new").is_dir();
    if maildir {
        for part in ["new", "cur"] {
            files.extend(files_in(&path.join(part))?);
        }
    } else {
        files = files_in(path)?;
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::failed(format!(
            "no message in `{}`",
            path.display()
        )));
    }
    Ok(files.into_iter().map(Source::File).collect())
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}
