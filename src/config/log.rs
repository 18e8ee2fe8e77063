//! `[log]`: what is said while the daemon runs, and in which form.

/// The least that is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What a person must look at.
    Error,
    /// And what goes wrong and is tried again.
    Warn,
    /// And what matters of what goes well.
    #[default]
    Info,
    /// And every step of every ticket.
    Debug,
}

impl LogLevel {
    /// All of them, by their words.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// The form of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// The journal's fields where standard error is the journal, else a line for people.
    #[default]
    Auto,
    /// Entries of the journal with a field for ticket, mailbox and so on.
    Journald,
    /// A line for people on standard error.
    Human,
    /// A JSON object a line on standard error.
    Json,
}

impl LogFormat {
    /// All of them, by their words.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("auto", Self::Auto),
        ("journald", Self::Journald),
        ("human", Self::Human),
        ("json", Self::Json),
    ];
}

/// The table `[log]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Log {
    /// The least that is said; read again with the rules.
    pub level: LogLevel,
    /// The form.
    pub format: LogFormat,
}
