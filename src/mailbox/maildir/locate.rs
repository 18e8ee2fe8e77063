//! Finding messages by base name in a folder where people change flags meanwhile.
//!
//! The usual names are tried first, so that a batch costs no reading of the directory; only when
//! one fails is the directory read, once for the whole batch, and again when a name found there
//! is already another.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::name::FileName;
use super::steady;

/// How often one message is looked for anew because it was renamed between look and grip.
const LOOKS_MAX: usize = 10;

/// The two directories of a folder that hold messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Not yet seen by a mail client.
    New,
    /// Seen by one.
    Cur,
}

impl Part {
    /// Both, in the order a message passes through them.
    pub const BOTH: [Self; 2] = [Self::New, Self::Cur];

    /// The directory's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cur => "cur",
        }
    }
}

/// Where a message lies in a folder at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In which directory.
    pub part: Part,
    /// Under which name.
    pub name: String,
}

impl Place {
    /// The whole path.
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.part.as_str()).join(&self.name)
    }

    /// The place a message of this base name has in another folder: what nobody has seen stays
    /// new, what somebody has seen keeps its flags.
    pub fn renamed(&self, base: &str) -> Self {
        let info = FileName::parse(&self.name).and_then(|name| name.info);
        let name = match (self.part, info) {
            (Part::New, None) => base.to_owned(),
            (Part::Cur, None) => format!("{base}:2,"),
            (_, Some(info)) => format!("{base}:{info}"),
        };
        Self {
            part: self.part,
            name,
        }
    }
}

/// What came of reaching for a message.
#[derive(Debug)]
pub enum Reached<T> {
    /// It was there, and this came of what was done with it.
    There(io::Result<T>),
    /// It is not in the folder.
    Absent,
    /// It was renamed each time before it could be gripped.
    Restless,
}

/// A look for a batch of messages in one folder.
#[derive(Debug)]
pub struct Search {
    folder: PathBuf,
    wanted: HashSet<String>,
    seen: Option<HashMap<String, Place>>,
}

impl Search {
    /// Prepares to look in `folder` for `wanted`; nothing is read yet.
    pub fn new<'a>(folder: &Path, wanted: impl Iterator<Item = &'a str>) -> Self {
        Self {
            folder: folder.to_owned(),
            wanted: wanted.map(str::to_owned).collect(),
            seen: None,
        }
    }

    /// Does `act` with the place where `base`, one of the wanted, lies. `act` answers
    /// [`io::ErrorKind::NotFound`] when it is not at that place after all, and is then given
    /// another.
    ///
    /// # Errors
    /// Only when the folder itself cannot be read; what `act` failed with is in
    /// [`Reached::There`].
    pub fn reach<T>(
        &mut self,
        base: &str,
        mut act: impl FnMut(&Path, &Place) -> io::Result<T>,
    ) -> io::Result<Reached<T>> {
        for (part, info) in [(Part::New, ""), (Part::Cur, ":2,S"), (Part::Cur, ":2,")] {
            let name = format!("{base}{info}");
            let place = Place { part, name };
            match act(&self.folder, &place) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                end => return Ok(Reached::There(end)),
            }
        }
        for _ in 0..LOOKS_MAX {
            let seen = match self.seen.take() {
                Some(seen) => seen,
                None => self.look()?,
            };
            let place = seen.get(base).cloned();
            let end = place.map(|place| act(&self.folder, &place));
            match end {
                // Renamed since the look: what was seen is stale.
                Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Some(end) => {
                    self.seen = Some(seen);
                    return Ok(Reached::There(end));
                }
                None => {
                    self.seen = Some(seen);
                    return Ok(Reached::Absent);
                }
            }
        }
        Ok(Reached::Restless)
    }

    fn look(&self) -> io::Result<HashMap<String, Place>> {
        let mut seen = HashMap::new();
        for part in Part::BOTH {
            steady::read(&self.folder.join(part.as_str()), |file| {
                let name = file.file_name();
                let Some(name) = name.to_str() else {
                    return Ok(());
                };
                let Some(parsed) = FileName::parse(name) else {
                    return Ok(());
                };
                if self.wanted.contains(parsed.base) {
                    let name = name.to_owned();
                    seen.insert(parsed.base.to_owned(), Place { part, name });
                }
                Ok(())
            })?;
        }
        Ok(seen)
    }
}
