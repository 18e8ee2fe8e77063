//! Filing messages: one rename each, one sync per directory.
//!
//! A message leaves the source by a rename that never replaces anything, so it is in the source or
//! in its folder at every moment. After the whole batch the target directories are synced, then
//! the source; only then is a move proved. What nobody has opened yet lands in the folder's
//! `new/`, everything else in `cur/` with its flags, so that people see it as it was.
//!
//! Where a rename cannot do it, because the folder is on another file system, the message is
//! copied: draft, sync, name, compare, sync of the directory, and only then is the original
//! removed. A crash in between leaves both, and the next move finds the twin and finishes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::durable::{Broken, durable};
use super::layout::Tree;
use super::locate::{Part, Place, Reached, Search};
use super::name::{ALTERNATIVES_MAX, alternative, base_of};
use crate::domain::event::Proof;
use crate::domain::ids::Folder;
use crate::mailbox::exchange::{Move, MoveEnd, Moved};
use crate::system::fs::{open_regular, rename_new, same_content};
use crate::system::maildir::Draft;

/// What one message's first step came to.
enum Step {
    /// Renamed; proved once both directories are synced.
    Renamed,
    /// The same bytes lie in the folder under this message's name; the original may go once that
    /// is synced.
    Twin(PathBuf),
    /// Not in the source, but in the folder.
    Elsewhere,
    /// In neither.
    Missing,
    /// Still in the source, and why.
    Stayed(String),
}

/// A batch of moves out of one folder.
pub struct Batch<'a> {
    tree: &'a Tree,
    /// The directory messages leave.
    source: &'a Path,
    /// Whether a missing folder is made.
    create: bool,
    wishes: &'a [Move],
    /// What the batch looks for in each directory.
    searches: BTreeMap<PathBuf, Search>,
    /// Directories that must be synced before a move into them counts.
    touched: BTreeSet<PathBuf>,
}

impl<'a> Batch<'a> {
    /// Prepares to do `wishes`.
    pub fn new(tree: &'a Tree, source: &'a Path, create: bool, wishes: &'a [Move]) -> Self {
        Self {
            tree,
            source,
            create,
            wishes,
            searches: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Does them, and answers for each in the same order.
    ///
    /// # Errors
    /// When the source folder cannot be read, every move not yet done is still to be done, and
    /// every move done may lack its sync. When the disk fails to sync, nothing is known.
    pub fn settle(mut self) -> Result<Vec<Moved>, Broken> {
        let wishes = self.wishes;
        let mut steps = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let step = self.first(wish)?;
            steps.push(step);
        }
        let mut unsynced = BTreeSet::new();
        for directory in &self.touched {
            if !durable(directory)? {
                unsynced.insert(directory.clone());
            }
        }
        let synced = |tree: &Tree, folder: &Folder| {
            let Ok(directory) = tree.directory(folder) else {
                return false;
            };
            let mut parts = Part::BOTH.iter().map(|part| directory.join(part.as_str()));
            parts.all(|part| !unsynced.contains(&part))
        };
        let mut answers = Vec::with_capacity(steps.len());
        for (wish, step) in wishes.iter().zip(steps) {
            let end = match step {
                Step::Stayed(why) => MoveEnd::Stayed { why },
                Step::Missing => MoveEnd::Unproved,
                _ if !synced(self.tree, &wish.folder) => MoveEnd::Unproved,
                Step::Renamed => MoveEnd::Proved(Proof::Renamed),
                Step::Elsewhere => MoveEnd::Proved(Proof::Looked),
                Step::Twin(twin) => self.remove_original(wish, &twin)?,
            };
            let item = wish.item.clone();
            answers.push(Moved { item, end });
        }
        // The source last: whatever a power cut undoes there must already be safe in its folder.
        let mut source_synced = true;
        for part in Part::BOTH {
            source_synced &= durable(&self.source.join(part.as_str()))?;
        }
        if !source_synced {
            for one in &mut answers {
                if matches!(one.end, MoveEnd::Proved(_)) {
                    one.end = MoveEnd::Unproved;
                }
            }
        }
        Ok(answers)
    }

    fn first(&mut self, wish: &Move) -> io::Result<Step> {
        let Some(base) = base_of(&wish.item) else {
            return Ok(Step::Missing);
        };
        let target = match self.tree.directory(&wish.folder) {
            Ok(target) => target,
            Err(error) => return Ok(Step::Stayed(error.to_string())),
        };
        if target == self.source {
            return Ok(self.elsewhere(base, &target));
        }
        let mut step = self.reach(self.source, base, |place| file(place, base, &target))?;
        let gone = matches!(&step, Reached::There(Err(error)) if error.kind() == FOLDER_MISSING);
        if gone && self.create && self.tree.create(&wish.folder).is_ok() {
            step = self.reach(self.source, base, |place| file(place, base, &target))?;
        }
        match step {
            Reached::There(Ok((step, place))) => {
                self.touched.insert(target.join(place.part.as_str()));
                Ok(step)
            }
            Reached::There(Err(error)) if error.kind() == ErrorKind::CrossesDevices => {
                self.copy(base, &target)
            }
            Reached::There(Err(error)) => Ok(Step::Stayed(error.to_string())),
            Reached::Absent => Ok(self.elsewhere(base, &target)),
            Reached::Restless => Ok(Step::Stayed("it is renamed all the time".to_owned())),
        }
    }

    /// Looks for what is not in the source any more in the folder it should go to.
    fn elsewhere(&mut self, base: &str, target: &Path) -> Step {
        let reached = self.reach(target, base, |path| fs::symlink_metadata(path.0).map(drop));
        // A folder that cannot be read proves nothing, but is no reason to stop the batch.
        let Ok(Reached::There(Ok(()))) = reached else {
            return Step::Missing;
        };
        let parts = Part::BOTH.map(|part| target.join(part.as_str()));
        self.touched.extend(parts);
        Step::Elsewhere
    }

    /// Copies a message to another file system, unless an earlier attempt already has.
    fn copy(&mut self, base: &str, target: &Path) -> io::Result<Step> {
        let earlier = self.reach(target, base, |(path, place)| {
            fs::symlink_metadata(path).map(|_| place.clone())
        });
        let earlier = match earlier {
            Ok(Reached::There(Ok(place))) => Some(place.path(target)),
            _ => None,
        };
        let reached = self.reach(self.source, base, |(from, place)| {
            if let Some(twin) = &earlier
                && same_content(from, twin)?
            {
                File::open(twin)?.sync_all()?;
                return Ok((Step::Twin(twin.clone()), place.clone()));
            }
            copy_new(from, place, base, target)
        })?;
        match reached {
            Reached::There(Ok((step, _))) => {
                let parts = Part::BOTH.map(|part| target.join(part.as_str()));
                self.touched.extend(parts);
                Ok(step)
            }
            Reached::There(Err(error)) => Ok(Step::Stayed(error.to_string())),
            Reached::Absent => Ok(Step::Missing),
            Reached::Restless => Ok(Step::Stayed("it is renamed all the time".to_owned())),
        }
    }

    /// Removes an original whose twin is on the disk.
    fn remove_original(&mut self, wish: &Move, twin: &Path) -> io::Result<MoveEnd> {
        let Some(base) = base_of(&wish.item) else {
            return Ok(MoveEnd::Unproved);
        };
        let removed = self.reach(self.source, base, |(path, _)| fs::remove_file(path))?;
        Ok(match removed {
            Reached::There(Err(error)) => MoveEnd::Stayed {
                why: format!("`{}` holds a copy already: {error}", twin.display()),
            },
            Reached::There(Ok(())) | Reached::Absent => MoveEnd::Proved(Proof::Looked),
            Reached::Restless => MoveEnd::Unproved,
        })
    }

    fn reach<T>(
        &mut self,
        folder: &Path,
        base: &str,
        mut act: impl FnMut((&Path, &Place)) -> io::Result<T>,
    ) -> io::Result<Reached<T>> {
        let bases = self.wishes.iter().filter_map(|wish| base_of(&wish.item));
        self.searches
            .entry(folder.to_owned())
            .or_insert_with(|| Search::new(folder, bases))
            .reach(base, |folder, place| act((&place.path(folder), place)))
    }
}

/// What a missing target folder is told by. Should a file lie where its `new/` or `cur/` belongs,
/// a rename fails with the same, and that is as missing.
const FOLDER_MISSING: ErrorKind = ErrorKind::NotADirectory;

/// Moves the file to the folder `target` under its own name, or under another where that is
/// taken by other bytes.
fn file((from, place): (&Path, &Place), base: &str, target: &Path) -> io::Result<(Step, Place)> {
    let mut to = place.renamed(base);
    for n in 1..=ALTERNATIVES_MAX {
        let path = to.path(target);
        match rename_new(from, &path) {
            Ok(()) => return Ok((Step::Renamed, to)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(missing_or(error, target, to.part)),
        }
        if same_content(from, &path).unwrap_or(false) {
            File::open(&path)?.sync_all()?;
            return Ok((Step::Twin(path), to));
        }
        to = place.renamed(&alternative(base, n));
    }
    Err(io::Error::other(format!(
        "{ALTERNATIVES_MAX} other messages have its name in `{}`",
        target.display()
    )))
}

/// As [`file`], by copy; the original stays.
fn copy_new(from: &Path, place: &Place, base: &str, target: &Path) -> io::Result<(Step, Place)> {
    let mut to = place.renamed(base);
    for n in 1..=ALTERNATIVES_MAX {
        let (mut original, _) = open_regular(from)?;
        let path = to.path(target);
        // Not `NotFound`, which would say that the original is elsewhere.
        let draft = Draft::write(target, &mut original).map_err(|error| {
            io::Error::other(format!("no copy in `{}`: {error}", target.display()))
        })?;
        match draft.publish(&path) {
            Ok(()) if same_content(from, &path)? => return Ok((Step::Twin(path), to)),
            Ok(()) => {
                fs::remove_file(&path)?;
                return Err(io::Error::other("it changed while it was copied"));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(missing_or(error, target, to.part)),
        }
        to = place.renamed(&alternative(base, n));
    }
    Err(io::Error::other("all its names are taken there"))
}

/// Tells a missing target folder from a missing source file: a rename fails with the same error.
fn missing_or(error: io::Error, target: &Path, part: Part) -> io::Error {
    let directory = target.join(part.as_str());
    if error.kind() == ErrorKind::NotFound && !directory.is_dir() {
        let why = format!("the folder `{}` is missing", directory.display());
        return io::Error::new(FOLDER_MISSING, why);
    }
    error
}
