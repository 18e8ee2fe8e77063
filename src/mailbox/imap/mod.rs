//! An IMAP account as a mailbox (RFC 3501 with IDLE, MOVE, UIDPLUS, NAMESPACE, SASL-IR).
//!
//! This module lists, fetches, files and looks for messages, and says how it knows. It never
//! deletes mail, never reads or sets `\Seen`, never uses a UID whose UIDVALIDITY was not checked
//! in the same session, and takes no `OK` for a proof. When to do what, and when to open the
//! mailbox anew after [`Trouble`], is the pipeline's.
//!
//! A task owns the connection ([`actor`]); [`ImapMailbox`] is a cheap handle to it. From below:
//! [`stream`] (bytes), [`guard`] (bounds), [`line`] (what was said), [`talk`] (commands and
//! answers), [`batch`] (pipelining), then one file for each thing a mailbox can be asked.

mod actor;
mod batch;
mod bearer;
mod connect;
mod fetch;
mod find;
mod guard;
mod idle;
mod line;
mod list;
mod login;
mod names;
mod open;
mod parts;
pub mod probe;
mod reply;
mod session;
mod settle;
mod stream;
mod talk;
mod uids;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::config::mailbox::{MailboxConfig, Source};
use crate::domain::ids::Folder;
use crate::oauth::Tokens;

use self::actor::Request;
use self::session::{Access, Filing};
use super::exchange::{
    Entry, Fetched, Found, Hint, Listing, Mark, Move, Moved, Opened, Sought, Trouble,
};

/// Requests that may wait for the task.
const REQUESTS_MAX: usize = 16;
/// Time to say good-bye.
const CLOSE_TIME: Duration = Duration::from_secs(10);

/// A handle to an open IMAP mailbox. Requests of all its clones are done one after another.
///
/// After any [`Trouble`] the connection is gone and every request gives the same trouble again.
#[derive(Debug, Clone)]
pub struct ImapMailbox {
    requests: mpsc::Sender<Request>,
    end: Arc<OnceLock<Trouble>>,
    filing: Filing,
}

impl ImapMailbox {
    /// Connects, logs in, sees to it that `folders` are there, and selects the source folder.
    ///
    /// # Errors
    /// Any [`Trouble`]; [`Trouble::Unsafe`] also for a `config` that is none of an IMAP account.
    pub async fn open(
        config: &MailboxConfig,
        tokens: &Tokens,
        folders: &[Folder],
    ) -> Result<(Self, Opened), Trouble> {
        Self::open_for(config, tokens, folders, Access::File).await
    }

    /// Connects, logs in and opens the source folder with EXAMINE: it can be listed and fetched.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) async fn examine(
        config: &MailboxConfig,
        tokens: &Tokens,
    ) -> Result<(Self, Opened), Trouble> {
        Self::open_for(config, tokens, &[], Access::Read).await
    }

    async fn open_for(
        config: &MailboxConfig,
        tokens: &Tokens,
        folders: &[Folder],
        access: Access,
    ) -> Result<(Self, Opened), Trouble> {
        let Source::Imap(imap) = config.source.clone() else {
            let why = "this is no IMAP account";
            return Err(Trouble::Unsafe(why.into()));
        };
        let (config, tokens, folders) = (config.clone(), tokens.clone(), folders.to_vec());
        let (requests, inbox) = mpsc::channel(REQUESTS_MAX);
        let end = Arc::new(OnceLock::new());
        let end_of_task = end.clone();
        let (answer, opened) = oneshot::channel();
        // Opening is done in the task too: should the parser panic on what a server says, the
        // task ends and nothing else does.
        tokio::spawn(async move {
            match open::open(&config, &imap, &tokens, &folders, access).await {
                Err(trouble) => drop(answer.send(Err(trouble))),
                Ok((session, opened)) => {
                    if answer.send(Ok((session.filing, opened))).is_ok() {
                        actor::run(session, inbox, end_of_task).await;
                    }
                }
            }
        });
        let (filing, opened) = opened.await.unwrap_or_else(|_| Err(broken()))?;
        let mailbox = Self {
            requests,
            end,
            filing,
        };
        Ok((mailbox, opened))
    }

    /// Whether a filing cannot be cut off between copy and removal. Where it can (no MOVE), a
    /// message that is still in the source folder after a crash must be looked for by
    /// [`find`](Self::find) before it is filed again, and [`remove`](Self::remove)d if found.
    pub fn files_in_one_step(&self) -> bool {
        self.filing == Filing::Move
    }

    /// Lists the source folder, oldest first: UIDs of at least `from`, or all of them. Takes
    /// about 32 bytes a message.
    pub async fn list(&self, from: Option<u32>) -> Result<Listing, Trouble> {
        self.ask(|answer| Request::List(from, answer)).await
    }

    /// Fetches `entries`; each comes once, in no particular order. Of a message above `max_size`
    /// bytes only the head is fetched. The channel has room for all, so that other requests never
    /// wait for its reader; how much memory that takes is decided by how much is asked for.
    /// Dropping the channel stops the fetching soon. An `Err` is the last value.
    pub async fn fetch(
        &self,
        entries: Vec<Entry>,
        max_size: u64,
    ) -> mpsc::Receiver<Result<Fetched, Trouble>> {
        let (to, fetched) = mpsc::channel(entries.len() + 1);
        let failed = to.clone();
        let request = Request::Fetch {
            entries,
            max_size,
            to,
        };
        if self.requests.send(request).await.is_err() {
            // Nobody else has the new channel: there is room.
            let _ = failed.try_send(Err(self.trouble()));
        }
        fetched
    }

    /// Files messages. Each is in the answer once; see
    /// [`MoveEnd`](super::exchange::MoveEnd) for what is known then.
    pub async fn settle(&self, moves: Vec<Move>) -> Result<Vec<Moved>, Trouble> {
        self.ask(|answer| Request::Settle(moves, answer)).await
    }

    /// Looks in the folders of `since` for messages by size and SHA-256, among what came after
    /// each mark. What has no digest is not found.
    pub async fn find(&self, sought: Vec<Sought>, since: Vec<Mark>) -> Result<Vec<Found>, Trouble> {
        self.ask(|answer| Request::Find {
            sought,
            since,
            answer,
        })
        .await
    }

    /// Removes from the source folder what [`find`](Self::find) found elsewhere: the rest of a
    /// filing that was cut off. Does nothing where [`files_in_one_step`](Self::files_in_one_step).
    pub async fn remove(&self, found: Vec<Found>) -> Result<(), Trouble> {
        self.ask(|answer| Request::Remove(found, answer)).await
    }

    /// Waits until the source folder changed since it was last listed, or `at_most` is over.
    /// May be dropped at any time.
    pub async fn hint(&self, at_most: Duration) -> Result<Hint, Trouble> {
        self.ask(|answer| Request::Hint(at_most, answer)).await
    }

    /// Logs out, in ten seconds at most. Other handles are of no use afterwards.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        let close = async {
            if self.requests.send(Request::Close(done)).await.is_ok() {
                // The task may have ended before it read this; closed it is either way.
                let _ = closed.await;
            }
        };
        // A server that does not answer is left alone.
        let _ = timeout(CLOSE_TIME, close).await;
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Trouble>>) -> Request,
    ) -> Result<T, Trouble> {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(request(answer)).await.is_err() {
            return Err(self.trouble());
        }
        answered.await.unwrap_or_else(|_| Err(self.trouble()))
    }

    fn trouble(&self) -> Trouble {
        self.end.get().cloned().unwrap_or_else(broken)
    }
}

fn broken() -> Trouble {
    Trouble::Lost("the connection was given up".into())
}
