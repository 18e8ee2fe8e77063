//! The bytes of one SMTP connection: whole replies in, whole writes out.
//!
//! The client library's own connection is not used: it keeps its read buffer across STARTTLS (so
//! that words injected in clear text would be taken for the protected server's), reads a line
//! without bound, fails on words that are not UTF-8, and cannot tell how much of a message was
//! written when a write fails. Which command to say when is [`super::session`]'s and
//! [`super::transaction`]'s.

use std::io::{self, IoSlice};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::dots::Pieces;
use super::reply::{LINE_BYTES_MAX, NoReply, Partial, Reply};

/// Pieces handed to the kernel in one call.
const PIECES_MAX: usize = 64;

/// A stream that may lie below a [`Wire`].
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How an exchange ended without a reply. The connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// End of the stream.
    #[error("the server closed the connection")]
    Closed,
    /// A step took longer than it may.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The bytes of a message did not all leave in time.
    #[error("the message was not taken within {} s", .0.as_secs_f32())]
    Slow(Duration),
    /// The network.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The server does not speak SMTP.
    #[error(transparent)]
    NoReply(#[from] NoReply),
}

impl Broken {
    /// Whether the other side is gone, as happens to a connection that was idle for long.
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Closed | Self::Io(_))
    }
}

/// A connection and the bytes read from it that are no complete line yet.
pub(super) struct Wire<S> {
    stream: S,
    held: Vec<u8>,
}

impl<S: Stream> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            held: Vec::with_capacity(LINE_BYTES_MAX),
        }
    }

    /// The stream, when the server has said nothing beyond the replies read; `None` when it has.
    pub fn into_stream(self) -> Option<S> {
        self.held.is_empty().then_some(self.stream)
    }

    /// Reads the next reply.
    pub async fn reply(&mut self, limit: Duration) -> Result<Reply, Broken> {
        timeout(limit, self.read_reply())
            .await
            .map_err(|_| Broken::TimedOut(limit))?
    }

    async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut partial = Partial::default();
        let mut searched = 0;
        loop {
            let Some(end) = self.held.iter().skip(searched).position(|b| *b == b'\n') else {
                searched = self.held.len();
                if searched >= LINE_BYTES_MAX {
                    return Err(NoReply::Endless.into());
                }
                self.read_some().await?;
                continue;
            };
            let line = searched + end + 1;
            let reply = partial.line(self.held.get(..line).unwrap_or_default());
            self.held.drain(..line);
            searched = 0;
            if let Some(reply) = reply? {
                return Ok(reply);
            }
        }
    }

    async fn read_some(&mut self) -> Result<(), Broken> {
        // What is held is less than a line, so there is always room for at least a byte.
        let room = (LINE_BYTES_MAX - self.held.len()) as u64;
        let read = (&mut self.stream)
            .take(room)
            .read_buf(&mut self.held)
            .await?;
        if read == 0 {
            return Err(Broken::Closed);
        }
        Ok(())
    }

    /// Writes commands in one go.
    pub async fn say(&mut self, commands: &str, limit: Duration) -> Result<(), Broken> {
        let writing = async {
            self.stream.write_all(commands.as_bytes()).await?;
            self.stream.flush().await
        };
        timeout(limit, writing)
            .await
            .map_err(|_| Broken::TimedOut(limit))?
            .map_err(Broken::Io)
    }

    /// Writes a command and reads its reply.
    pub async fn ask(&mut self, command: &str, limit: Duration) -> Result<Reply, Broken> {
        self.say(command, limit).await?;
        self.reply(limit).await
    }

    /// Writes a message. `left` holds the bytes that the connection has not taken yet, also when
    /// this fails: as long as it is above zero the server cannot have seen the end.
    pub async fn write_message(
        &mut self,
        pieces: Pieces<'_>,
        left: &mut usize,
        block: Duration,
    ) -> Result<(), Broken> {
        *left = pieces.len();
        let mut pieces = pieces.peekable();
        while pieces.peek().is_some() {
            let mut slices = [IoSlice::new(&[]); PIECES_MAX];
            let mut filled = 0;
            for (slot, piece) in slices.iter_mut().zip(&mut pieces) {
                *slot = IoSlice::new(piece);
                filled += 1;
            }
            let mut slices = slices.get_mut(..filled).unwrap_or_default();
            while !slices.is_empty() {
                let taken = timeout(block, self.stream.write_vectored(slices))
                    .await
                    .map_err(|_| Broken::Slow(block))??;
                if taken == 0 {
                    return Err(Broken::Closed);
                }
                *left = left.saturating_sub(taken);
                IoSlice::advance_slices(&mut slices, taken);
            }
        }
        timeout(block, self.stream.flush())
            .await
            .map_err(|_| Broken::Slow(block))?
            .map_err(Broken::Io)
    }

    /// Whether nothing has come in since the last reply, not even the end of the stream. Does not
    /// wait.
    pub fn is_quiet(&mut self) -> bool {
        self.held.is_empty() && self.read_some().now_or_never().is_none()
    }

    /// Says QUIT if the connection takes it at once, and closes. A lost QUIT does no harm.
    pub fn part(mut self, quit: &str) {
        let _ = self.stream.write_all(quit.as_bytes()).now_or_never();
        let _ = self.stream.flush().now_or_never();
    }
}
