//! A connection that tries a server step by step, for `triaged doctor`.
//!
//! It goes the daemon's own way to a logged-in session, one step at a time, and can work in scratch
//! folders: make one, put a message in, take that very message out again, remove the folder. It
//! removes no message but by a UID whose message bears the given mark, and no folder that holds any.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

use super::connect::{ask_capabilities, connect};
use super::line::Line;
use super::login::send;
use super::names::{Names, quoted};
use super::open::{PATIENCE, choose, log_in, names, select, status};
use super::talk::Talk;
use crate::config::mailbox::ImapConfig;
use crate::domain::ids::Folder;
use crate::mailbox::exchange::{Mark, Trouble};
use crate::oauth::Tokens;

/// Time to say good-bye.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// The connection.
pub struct Probe {
    talk: Talk,
    config: ImapConfig,
    capabilities: Vec<String>,
    names: Names,
}

/// A message of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    uid: u32,
    /// When the server took it, by the server's clock (INTERNALDATE, RFC 3501 §2.3.3).
    pub taken: Option<Timestamp>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("talk", &self.talk)
            .finish_non_exhaustive()
    }
}

impl Probe {
    /// Connects; TLS is up then, where there is any.
    ///
    /// # Errors
    /// As opening a mailbox.
    pub async fn connect(config: &ImapConfig) -> Result<Self, Trouble> {
        let (talk, capabilities) = connect(&config.server).await?;
        Ok(Self {
            talk,
            config: config.clone(),
            capabilities,
            names: Names {
                prefix: String::new(),
                separator: None,
            },
        })
    }

    /// The certificate the server showed.
    pub fn certificate(&mut self) -> Option<CertificateDer<'static>> {
        self.talk.certificate()
    }

    /// What the server says it can do; more after log-in.
    pub fn offers(&self, name: &str) -> bool {
        self.capabilities.iter().any(|c| c == name)
    }

    /// Logs in.
    ///
    /// # Errors
    /// As opening a mailbox.
    pub async fn log_in(&mut self, tokens: &Tokens) -> Result<(), Trouble> {
        log_in(&mut self.talk, &self.capabilities, &self.config, tokens).await?;
        self.capabilities = ask_capabilities(&mut self.talk).await?;
        let namespace = self.offers("NAMESPACE");
        self.names = names(&mut self.talk, namespace).await?;
        Ok(())
    }

    /// Opens a folder as the daemon does its source; how many messages lie there.
    ///
    /// # Errors
    /// As opening a mailbox.
    pub async fn open(&mut self, folder: &Folder) -> Result<u32, Trouble> {
        let name = self.names.name(folder)?;
        select(&mut self.talk, folder, &name).await?;
        Ok(self.talk.exists())
    }

    /// Which of `folders` are there, and where they stand.
    ///
    /// # Errors
    /// [`Trouble::Unsafe`] for a name this server cannot have, and a lost connection.
    pub async fn there(&mut self, folders: &[Folder]) -> Result<Vec<Mark>, Trouble> {
        let mut named = Vec::with_capacity(folders.len());
        for folder in folders {
            named.push((folder.clone(), self.names.name(folder)?));
        }
        status(&mut self.talk, &named).await
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// [`Trouble::Unsafe`] for a refusal.
    pub async fn make(&mut self, folder: &Folder) -> Result<(), Trouble> {
        let name = quoted(&self.names.name(folder)?);
        self.give(&format!("CREATE {name}"), "to make a folder")
            .await
    }

    /// Puts a message (lines ended by CRLF) into a folder.
    ///
    /// # Errors
    /// [`Trouble::Unsafe`] for a refusal.
    pub async fn put(&mut self, folder: &Folder, message: &[u8]) -> Result<(), Trouble> {
        let name = quoted(&self.names.name(folder)?);
        let command = format!("APPEND {name} {{{}}}", message.len());
        let pieces = [command.into_bytes(), message.to_vec()];
        let reply = send(&mut self.talk, &pieces, "").await?;
        if reply.ok() {
            return Ok(());
        }
        reply.patience()?;
        let why = reply.text();
        Err(Trouble::Unsafe(format!(
            "the server refuses to take a message: {why}"
        )))
    }

    /// The message from `mark` on whose head holds `sign`; `None` when there is none. The folder is
    /// then selected.
    ///
    /// # Errors
    /// A lost connection.
    pub async fn own(&mut self, mark: &Mark, sign: &str) -> Result<Option<Own>, Trouble> {
        let name = self.names.name(&mark.folder)?;
        let (reply, chosen, _) = choose(&mut self.talk, "SELECT", &name).await?;
        if !reply.ok() || chosen.is_none_or(|c| c.generation != mark.generation) {
            return Ok(None);
        }
        let from = mark.next.max(1);
        let mut own = None;
        let keep = |line| {
            let Line::Fetch(found) = line else {
                return;
            };
            let head = found.body.and_then(|body| body.bytes).unwrap_or_default();
            let signed = head.windows(sign.len()).any(|w| w == sign.as_bytes());
            // `n:*` names the last message even when it is below n.
            if let Some(uid) = found.uid.filter(|uid| *uid >= from && signed) {
                own = Some(Own {
                    uid,
                    taken: found.taken,
                });
            }
        };
        let command = format!("UID FETCH {from}:* (UID INTERNALDATE BODY.PEEK[HEADER])");
        self.talk
            .ask(&command, PATIENCE, keep)
            .await?
            .demand("UID FETCH")?;
        Ok(own)
    }

    /// Removes from the selected folder the message that [`Self::own`] found there, and no other
    /// (UID EXPUNGE, RFC 4315).
    ///
    /// # Errors
    /// [`Trouble::Unsafe`] for a refusal.
    pub async fn remove(&mut self, own: Own) -> Result<(), Trouble> {
        let uid = own.uid;
        let mark = format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)");
        self.give(&mark, "to mark a message").await?;
        self.give(&format!("UID EXPUNGE {uid}"), "to remove a message")
            .await
    }

    /// Removes a folder that holds no message; whether it did.
    ///
    /// # Errors
    /// [`Trouble::Unsafe`] for a refusal.
    pub async fn remove_folder(
        &mut self,
        folder: &Folder,
        other: &Folder,
    ) -> Result<bool, Trouble> {
        if self.open(folder).await? > 0 {
            return Ok(false);
        }
        // No server need remove what is selected.
        self.open(other).await?;
        let name = quoted(&self.names.name(folder)?);
        self.give(&format!("DELETE {name}"), "to remove a folder")
            .await?;
        Ok(true)
    }

    /// Logs out; the answer is not waited for for long.
    pub async fn close(mut self) {
        let _ = self.talk.ask("LOGOUT", CLOSE_TIME, |_| {}).await;
    }

    async fn give(&mut self, command: &str, what: &str) -> Result<(), Trouble> {
        let reply = self.talk.ask(command, PATIENCE, |_| {}).await?;
        if reply.ok() {
            return Ok(());
        }
        reply.patience()?;
        let why = reply.text();
        Err(Trouble::Unsafe(format!("the server refuses {what}: {why}")))
    }
}
