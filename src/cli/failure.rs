//! How a command ends badly: a kind that sets the exit code, a message, and a hint.

use std::fmt;

/// The meaning of an exit code; the numbers stand in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// 1: it was tried and failed.
    Failed,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: a check found something.
    Found,
    /// 70: a fault of this program.
    Internal,
    /// 78: the configuration is wrong.
    Config,
}

impl FailureKind {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Found => 3,
            Self::Internal => 70,
            Self::Config => 78,
        }
    }
}

/// A bad end.
#[derive(Debug)]
pub struct Failure {
    /// What the exit code says.
    pub kind: FailureKind,
    /// What happened, in one sentence; empty when it has been printed already.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// It was tried and failed.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self {
            kind: FailureKind::Failed,
            message: message.to_string(),
            hint: None,
        }
    }

    /// The command line makes no sense.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            kind: FailureKind::Usage,
            message: message.to_string(),
            hint: None,
        }
    }

    /// The findings were printed already.
    pub const fn shown(kind: FailureKind) -> Self {
        Self {
            kind,
            message: String::new(),
            hint: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            // Nobody reads on (`| head`): that is no failure.
            std::process::exit(0);
        }
        Self::failed(error)
    }
}
