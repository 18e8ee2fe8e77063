//! The conversation with a server: commands go out with tags, pipelined; responses come back
//! under a deadline, and every way a connection can end is an error.
//!
//! async-imap frames and parses; its own command methods are not used, because they take a
//! refusal or a lost connection for success, and log a password at TRACE. What holds at any moment
//! of a session is kept here: how many messages there are, whether there is news, whether the
//! server idles, and whether the folder is still the one that was opened.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::time::Duration;

use async_imap::Client;
use rustls::pki_types::CertificateDer;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::domain::locator::Generation;
use crate::mailbox::exchange::Trouble;

use super::guard::Guard;
use super::line::{Code, Line, Said};
use super::reply::{Reply, clean, goodbye};
use super::stream::Stream;

/// Longest time a write may take.
const WRITE_TIME: Duration = Duration::from_mins(1);

/// A connection in which commands are given.
pub(super) struct Talk {
    client: Client<Guard<Stream>>,
    last_tag: u32,
    /// Commands not yet written.
    unsent: Vec<u8>,
    /// Tags of commands not yet answered, oldest first.
    running: VecDeque<String>,
    /// The IDLE command, once the server agreed.
    idle: Option<Idle>,
    /// The source folder's generation while it is selected.
    selected: Option<Generation>,
    /// How many messages the selected folder holds.
    exists: u32,
    /// Whether the source folder changed since it was listed last.
    news: bool,
}

/// An IDLE the server agreed to (RFC 2177).
#[derive(Debug)]
struct Idle {
    tag: String,
    since: Instant,
    /// Whether DONE was said.
    done: bool,
}

impl Talk {
    /// Talks over `stream`; the greeting is not read yet.
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            client: Client::new(Guard::new(stream)),
            last_tag: 0,
            unsent: Vec::new(),
            running: VecDeque::new(),
            idle: None,
            selected: None,
            exists: 0,
            news: false,
        }
    }

    /// Gives the bare connection back, to make it TLS.
    ///
    /// # Errors
    /// [`Trouble::Lost`] when the server said more than was answered so far: in front of TLS that
    /// can only be injected.
    pub(super) fn into_stream(self) -> Result<Stream, Trouble> {
        let guard = self.client.into_inner();
        if guard.pending() > 0 {
            let why = "bytes came between STARTTLS and TLS; somebody may be in the connection";
            return Err(Trouble::Lost(why.into()));
        }
        Ok(guard.into_inner())
    }

    /// Puts a command behind those not yet written and gives its tag. Ends an IDLE first, in the
    /// same write.
    pub(super) fn queue(&mut self, command: &str) -> String {
        self.queue_done();
        self.last_tag += 1;
        let tag = format!("T{}", self.last_tag);
        for part in [tag.as_str(), " ", command, "\r\n"] {
            self.unsent.extend_from_slice(part.as_bytes());
        }
        self.running.push_back(tag.clone());
        tag
    }

    /// Puts bytes behind what is not yet written: the rest of a command after a continuation.
    pub(super) fn queue_bytes(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Puts DONE behind what is not yet written, if the server idles.
    pub(super) fn queue_done(&mut self) {
        if let Some(idle) = self.idle.as_mut().filter(|i| !i.done) {
            idle.done = true;
            self.unsent.extend_from_slice(b"DONE\r\n");
        }
    }

    /// Writes what was queued, in one write.
    pub(super) async fn flush(&mut self) -> Result<(), Trouble> {
        let stream = self.client.get_mut();
        let written = timeout(WRITE_TIME, async {
            stream.write_all(&self.unsent).await?;
            stream.flush().await
        })
        .await;
        // What was written may hold a password.
        self.unsent.fill(0);
        self.unsent.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Trouble::Lost(format!("writing failed: {error}"))),
            Err(_) => Err(Trouble::Lost("the server takes no more commands".into())),
        }
    }

    /// The next response, at the latest at `until`. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Trouble::Lost`] for a deadline, the end of the connection, BYE, or what is no IMAP;
    /// [`Trouble::Throttled`] for a BYE that asks for patience; [`Trouble::Rebuilt`] when the
    /// source folder has got another UIDVALIDITY.
    pub(super) async fn hear(&mut self, until: Instant) -> Result<Said, Trouble> {
        loop {
            let said = match timeout_at(until, self.client.read_response()).await {
                Ok(Ok(Some(response))) => Said::read(response.parsed()),
                Ok(Ok(None)) => {
                    return Err(Trouble::Lost("the server closed the connection".into()));
                }
                Ok(Err(error)) => return Err(Trouble::Lost(failure(&error))),
                Err(_) => return Err(Trouble::Lost("the server did not answer in time".into())),
            };
            match said {
                Said::Done { ref tag, .. } if self.idle.as_ref().is_some_and(|i| i.tag == *tag) => {
                    self.running.retain(|t| t != tag);
                    self.idle = None;
                    return Ok(said);
                }
                Said::Done { ref tag, .. } => {
                    let before = self.running.len();
                    self.running.retain(|t| t != tag);
                    // A tag that is not ours answers nothing.
                    if self.running.len() < before {
                        return Ok(said);
                    }
                }
                Said::Line(line) => {
                    self.note(&line)?;
                    return Ok(Said::Line(line));
                }
                Said::Continue => return Ok(Said::Continue),
            }
        }
    }

    /// Keeps up with what any response says about the session as a whole.
    fn note(&mut self, line: &Line) -> Result<(), Trouble> {
        match line {
            Line::Bye(words) => return Err(goodbye(words)),
            Line::Exists(count) => {
                if self.selected.is_some() && *count > self.exists {
                    self.news = true;
                }
                self.exists = *count;
            }
            Line::Expunge => self.exists = self.exists.saturating_sub(1),
            Line::Ok { code, words } => match (code, self.selected) {
                (Code::Alert, _) => tracing::warn!(alert = %words, "the IMAP server has an alert"),
                (Code::UidValidity(is), Some(was)) if was.0 != *is => {
                    let is = Generation(*is);
                    return Err(Trouble::Rebuilt { was, is });
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// Gives one command and hears it out, showing each untagged response to `each`.
    pub(super) async fn ask(
        &mut self,
        command: &str,
        patience: Duration,
        mut each: impl FnMut(Line),
    ) -> Result<Reply, Trouble> {
        let tag = self.queue(command);
        self.flush().await?;
        let until = Instant::now() + patience;
        loop {
            match self.hear(until).await? {
                Said::Line(line) => each(line),
                Said::Done { tag: of, reply } if of == tag => return Ok(reply),
                Said::Done { .. } | Said::Continue => {}
            }
        }
    }

    /// The certificate the server showed, where the connection is protected.
    pub(super) fn certificate(&mut self) -> Option<CertificateDer<'static>> {
        let Stream::Tls(stream) = self.client.get_mut().get_ref() else {
            return None;
        };
        let shown = stream.get_ref().1.peer_certificates()?;
        shown.first().cloned()
    }

    /// Lines that were kept from the parser, for the command that waits for one of them.
    pub(super) fn take_strays(&mut self) -> VecDeque<String> {
        self.client.get_mut().take_strays()
    }

    /// From now on the source folder of this generation is selected; or none is.
    pub(super) fn set_selected(&mut self, generation: Option<Generation>) {
        self.selected = generation;
    }

    /// Whether the source folder changed since [`Talk::forget_news`].
    pub(super) fn has_news(&self) -> bool {
        self.news
    }

    /// How many messages the selected folder holds.
    pub(super) fn exists(&self) -> u32 {
        self.exists
    }

    /// What is announced from now on counts as news.
    pub(super) fn forget_news(&mut self) {
        self.news = false;
    }

    /// The source folder may have changed unseen.
    pub(super) fn assume_news(&mut self) {
        self.news = true;
    }

    /// The server agreed to idle under `tag`.
    pub(super) fn set_idle(&mut self, tag: String) {
        let since = Instant::now();
        let done = false;
        self.idle = Some(Idle { tag, since, done });
    }

    /// Since when the server idles.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.idle.as_ref().map(|i| i.since)
    }
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is not yet written may hold a password.
        f.debug_struct("Talk")
            .field("running", &self.running)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

/// What a failed read is called. The parser's own text holds the whole buffer, hence mail.
fn failure(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other => "the server sent what is no IMAP response".into(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            format!(
                "the server broke the protocol: {}",
                clean(&error.to_string())
            )
        }
        _ => format!("reading failed: {}", clean(&error.to_string())),
    }
}
