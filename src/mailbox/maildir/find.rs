//! Looking for messages that have left the source in the folders they may have gone to.
//!
//! They are known again by base name, their own or an alternative that filing gave them, and then
//! checked by size and content. A message that a mail client took away over IMAP has another base
//! name; it is not found, because the same bytes may lie there from an earlier delivery.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::durable::{Broken, durable};
use super::layout::Tree;
use super::locate::Part;
use super::name::{FileName, base_of, original};
use super::steady;
use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::mailbox::exchange::{Found, Sought};
use crate::system::fs::open_regular;

/// How often a folder is read anew because a file in it was renamed between look and grip.
const LOOKS_MAX: usize = 10;

/// The copies of `sought` in `folders`, folder by folder. What is found is durable there.
///
/// # Errors
/// When a folder cannot be read or synced: then nothing is known, which is not the same as
/// nothing found. A folder that does not exist holds nothing.
pub fn find(tree: &Tree, folders: &[Folder], sought: &[Sought]) -> Result<Vec<Found>, Broken> {
    let by_base: HashMap<&str, &Sought> = sought
        .iter()
        .filter_map(|one| base_of(&one.item).map(|base| (base, one)))
        .collect();
    let mut found = Vec::new();
    for folder in folders {
        let Ok(directory) = tree.directory(folder) else {
            continue;
        };
        if by_base.is_empty() || !tree.holds(folder).is_ok_and(|holds| holds) {
            continue;
        }
        let before = found.len();
        for (base, copies) in copies(&directory, &by_base)? {
            if let Some(one) = by_base.get(base) {
                found.push(Found {
                    item: one.item.clone(),
                    folder: folder.clone(),
                    copies,
                });
            }
        }
        if found.len() > before {
            for part in Part::BOTH {
                if !durable(&directory.join(part.as_str()))? {
                    let gone = format!("`{}` went away", directory.display());
                    return Err(io::Error::new(ErrorKind::NotFound, gone).into());
                }
            }
        }
    }
    Ok(found)
}

/// How many files of `directory` are copies of each sought message.
fn copies<'a>(
    directory: &Path,
    by_base: &HashMap<&'a str, &Sought>,
) -> io::Result<HashMap<&'a str, u32>> {
    for _ in 0..LOOKS_MAX {
        if let Some(copies) = copies_at_once(directory, by_base)? {
            return Ok(copies);
        }
    }
    Err(io::Error::new(
        ErrorKind::ResourceBusy,
        format!(
            "files in `{}` are renamed all the time",
            directory.display()
        ),
    ))
}

/// As [`copies`]; `None` when a candidate was renamed before it could be checked.
fn copies_at_once<'a>(
    directory: &Path,
    by_base: &HashMap<&'a str, &Sought>,
) -> io::Result<Option<HashMap<&'a str, u32>>> {
    let mut copies = HashMap::new();
    for (path, base) in candidates(directory, by_base)? {
        let Some(one) = by_base.get(base) else {
            continue;
        };
        match is_copy(&path, one) {
            Ok(true) => *copies.entry(base).or_insert(0) += 1,
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // A link or a directory of that name.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(copies))
}

/// The files whose names may be those of sought messages.
fn candidates<'a>(
    directory: &Path,
    by_base: &HashMap<&'a str, &Sought>,
) -> io::Result<BTreeSet<(PathBuf, &'a str)>> {
    let mut candidates = BTreeSet::new();
    for part in Part::BOTH {
        let part = directory.join(part.as_str());
        steady::read(&part, |file| {
            let name = file.file_name();
            let Some(name) = name.to_str() else {
                return Ok(());
            };
            let Some(base) = FileName::parse(name).map(|parsed| parsed.base) else {
                return Ok(());
            };
            let key = by_base.get_key_value(base).or_else(|| {
                let original = original(base)?;
                by_base.get_key_value(original.as_str())
            });
            if let Some((base, _)) = key {
                candidates.insert((part.join(name), *base));
            }
            Ok(())
        })?;
    }
    Ok(candidates)
}

fn is_copy(path: &Path, one: &Sought) -> io::Result<bool> {
    if fs::symlink_metadata(path)?.len() != one.size {
        return Ok(false);
    }
    let (file, _) = open_regular(path)?;
    let Some(digest) = one.digest else {
        return Ok(true);
    };
    let mut bytes = Vec::new();
    file.take(one.size).read_to_end(&mut bytes)?;
    Ok(Digest::of(&bytes) == digest)
}
