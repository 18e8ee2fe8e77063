//! An open mailbox: a conversation in which the source folder is selected.

use crate::domain::ids::Folder;
use crate::domain::locator::{Generation, Item};
use crate::mailbox::exchange::Trouble;

use super::open::select;
use super::talk::Talk;

/// How a message gets from folder to folder on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filing {
    /// UID MOVE (RFC 6851): one step.
    Move,
    /// UID COPY, `\Deleted`, UID EXPUNGE (RFC 4315): three steps.
    Copy,
}

/// What the source folder is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To file what lies in it.
    File,
    /// To read only.
    Read,
}

/// The session behind the mailbox.
#[derive(Debug)]
pub(super) struct Session {
    pub talk: Talk,
    /// The source folder as the operator calls it.
    pub folder: Folder,
    /// The source folder as the server calls it, not quoted.
    pub source: String,
    /// The source folder's generation at opening.
    pub generation: Generation,
    /// The folders filed into: the operator's name and the server's.
    pub filed: Vec<(Folder, String)>,
    pub filing: Filing,
    /// Whether IDLE may be given.
    pub idles: bool,
}

impl Session {
    /// What the server calls `folder`.
    pub(super) fn name(&self, folder: &Folder) -> Result<&str, Trouble> {
        let known = self.filed.iter().find(|(filed, _)| filed == folder);
        known.map(|(_, name)| name.as_str()).ok_or_else(|| {
            Trouble::Unsafe(format!(
                "folder `{folder}` was not named when the mailbox was opened"
            ))
        })
    }

    /// Selects the source folder again after another was looked into.
    ///
    /// # Errors
    /// [`Trouble::Rebuilt`] when it has got another UIDVALIDITY meanwhile.
    pub(super) async fn return_to_source(&mut self) -> Result<(), Trouble> {
        let chosen = select(&mut self.talk, &self.folder, &self.source).await?;
        if chosen.generation != self.generation {
            return Err(Trouble::Rebuilt {
                was: self.generation,
                is: chosen.generation,
            });
        }
        self.talk.set_selected(Some(self.generation));
        // What came while another folder was open was announced to nobody.
        self.talk.assume_news();
        Ok(())
    }
}

/// The UID of an item; `None` for a Maildir's, which no IMAP folder holds.
pub(super) fn uid_of(item: &Item) -> Option<u32> {
    match item {
        Item::Uid(uid) => Some(*uid),
        Item::Base(_) => None,
    }
}
