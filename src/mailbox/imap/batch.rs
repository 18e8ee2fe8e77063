//! Several commands in flight at once, so that the wire does not idle between them.
//!
//! The window is bounded in commands and in bytes: a server that stops reading while it writes
//! its answers must never find us stuck in a write.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::mailbox::exchange::Trouble;

use super::line::{Line, Said};
use super::reply::Reply;
use super::talk::Talk;

/// Most commands in flight.
const COMMANDS_MAX: usize = 8;
/// Most bytes of commands in flight, unless it is a single one.
const BYTES_MAX: usize = 16 << 10;

/// Commands, in the order they are given.
#[derive(Debug)]
pub(super) struct Batch<I> {
    commands: I,
    given: usize,
    running: VecDeque<Running>,
    bytes: usize,
    patience: Duration,
    until: Instant,
    stopped: bool,
}

#[derive(Debug)]
struct Running {
    tag: String,
    index: usize,
    bytes: usize,
}

/// What a server says to a batch.
#[derive(Debug)]
pub(super) enum Step {
    /// An untagged response, and which command was the oldest then: servers work in order, so it
    /// is most likely that one's.
    Line { line: Line, oldest: usize },
    /// The end of a command.
    Done { index: usize, reply: Reply },
}

impl<I: Iterator<Item = String>> Batch<I> {
    /// Will give `commands`; without any progress for `patience` the connection counts as lost.
    pub(super) fn new(commands: I, patience: Duration) -> Self {
        Self {
            commands,
            given: 0,
            running: VecDeque::new(),
            bytes: 0,
            patience,
            until: Instant::now() + patience,
            stopped: false,
        }
    }

    /// The next step; `None` when every command has ended.
    pub(super) async fn next(&mut self, talk: &mut Talk) -> Result<Option<Step>, Trouble> {
        self.fill(talk).await?;
        while let Some(oldest) = self.running.front().map(|r| r.index) {
            match talk.hear(self.until).await? {
                Said::Line(line) => return Ok(Some(Step::Line { line, oldest })),
                Said::Done { tag, reply } => {
                    self.progress();
                    if let Some(at) = self.running.iter().position(|r| r.tag == tag)
                        && let Some(ended) = self.running.remove(at)
                    {
                        self.bytes -= ended.bytes;
                        let index = ended.index;
                        return Ok(Some(Step::Done { index, reply }));
                    }
                }
                Said::Continue => {}
            }
        }
        Ok(None)
    }

    async fn fill(&mut self, talk: &mut Talk) -> Result<(), Trouble> {
        let before = self.given;
        while !self.stopped
            && (self.running.is_empty()
                || (self.running.len() < COMMANDS_MAX && self.bytes < BYTES_MAX))
        {
            let Some(command) = self.commands.next() else {
                break;
            };
            let tag = talk.queue(&command);
            self.running.push_back(Running {
                tag,
                index: self.given,
                bytes: command.len(),
            });
            self.bytes += command.len();
            self.given += 1;
        }
        if self.given > before {
            self.progress();
            talk.flush().await?;
        }
        Ok(())
    }

    /// Gives no further command; those in flight are still heard out.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Something was achieved: the time to wait begins anew.
    pub(super) fn progress(&mut self) {
        self.until = Instant::now() + self.patience;
    }
}
