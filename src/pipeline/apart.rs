//! Reads a message that was tried before in a process of its own first, within bounds on memory
//! and time.
//!
//! A message that brings the program down, by a stack that overflows, memory that runs out or a
//! loop without end, has its try on the disk before. The second time it is read alone; from the
//! third on, what it does to a reader is found out here, where it costs one process, and only what
//! the other one survives is read in this one. Mail that is read at once pays nothing.
//!
//! The other process is this same program (`triaged read-apart`), with the message on its standard
//! input; it reads as [`super::read::Reader`] does, on a smaller stack. Only that it lives matters.
//! Where it dies of a harmless message, too, it is no message's fault, and nothing is known.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::domain::ids::MailboxName;

/// What a program exits with that broke down: 101 by a panic, 70 by our own account of one.
const BROKE_DOWN: [i32; 2] = [101, 70];

/// The program that runs, also after its file was replaced by a newer one.
const OURSELVES: &str = "/proc/self/exe";

/// What no reader dies of.
const HARMLESS: &[u8] = b"Subject: harmless\r\n\r\nharmless\r\n";

/// Bounds on the other process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of memory it may write to, beside room for the message.
    pub memory: u64,
    /// Time on a processor, at least a second.
    pub processor: Duration,
    /// Time in all.
    pub time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            memory: 192 << 20,
            processor: Duration::from_secs(20),
            time: Duration::from_mins(1),
        }
    }
}

/// Times its own size that a message may take in memory.
const SIZE_FACTOR: u64 = 4;

/// The other process, not yet started.
#[derive(Debug, Clone)]
pub struct Apart {
    /// The program.
    pub program: PathBuf,
    /// The configuration it reads.
    pub directory: PathBuf,
    /// Its bounds.
    pub bounds: Bounds,
}

/// How much of a message there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Its header section.
    Head,
}

/// How a message was survived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Survival {
    /// It can be read here.
    Lived,
    /// It must not be read here.
    Died {
        /// What happened to the other process.
        how: String,
    },
    /// The other process could not be used: nothing is known.
    Untold {
        /// Why.
        why: String,
    },
}

impl Apart {
    /// This program itself, with the configuration in `directory`.
    pub fn own(directory: PathBuf) -> Self {
        Self {
            program: PathBuf::from(OURSELVES),
            directory,
            bounds: Bounds::default(),
        }
    }

    /// Whether a reader of `mailbox` survives `message`.
    pub async fn read(&self, mailbox: &MailboxName, message: &[u8], part: Part) -> Survival {
        let survival = self.once(mailbox, message, part).await;
        let Survival::Died { how } = &survival else {
            return survival;
        };
        match self.once(mailbox, HARMLESS, Part::Whole).await {
            Survival::Died { .. } => Survival::Untold {
                why: format!("a harmless message breaks it, too: {how}"),
            },
            _ => survival,
        }
    }

    async fn once(&self, mailbox: &MailboxName, message: &[u8], part: Part) -> Survival {
        match self.run(mailbox, message, part).await {
            Ok(Some(status)) => told(status),
            Ok(None) => Survival::Died {
                how: format!("it took more than {} s", self.bounds.time.as_secs()),
            },
            Err(error) => Survival::Untold {
                why: error.to_string(),
            },
        }
    }

    /// `None` when it did not end in time.
    async fn run(
        &self,
        mailbox: &MailboxName,
        message: &[u8],
        part: Part,
    ) -> std::io::Result<Option<ExitStatus>> {
        let mut child = Command::new(&self.program)
            .arg("--config")
            .arg(&self.directory)
            .args(["read-apart", mailbox.as_str()])
            .args((part == Part::Head).then_some("--head"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        // It is bounded before it sees a byte of the message.
        self.bound(&child, message.len())?;
        let stdin = child.stdin.take();
        let talk = async {
            if let Some(mut stdin) = stdin {
                // It may end before it has read all: then its end tells.
                let _broken = stdin.write_all(message).await;
            }
            child.wait().await
        };
        timeout(self.bounds.time, talk).await.ok().transpose()
    }

    fn bound(&self, child: &Child, size: usize) -> std::io::Result<()> {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.and_then(Pid::from_raw);
        let room = SIZE_FACTOR.saturating_mul(size as u64);
        let limits = [
            (Resource::Data, self.bounds.memory.saturating_add(room)),
            (Resource::Cpu, self.bounds.processor.as_secs().max(1)),
            (Resource::Core, 0),
        ];
        for (resource, most) in limits {
            let both = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            prlimit(id, resource, both)?;
        }
        Ok(())
    }
}

fn told(status: ExitStatus) -> Survival {
    use std::os::unix::process::ExitStatusExt as _;
    if let Some(signal) = status.signal() {
        let how = format!("the process that read it was ended by signal {signal}");
        return Survival::Died { how };
    }
    match status.code() {
        Some(code) if BROKE_DOWN.contains(&code) => Survival::Died {
            how: "the process that read it broke down".to_owned(),
        },
        Some(0) => Survival::Lived,
        other => Survival::Untold {
            why: format!("the process that read it ended with {other:?}"),
        },
    }
}
