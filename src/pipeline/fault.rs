//! Why a crew's work was broken off.

use crate::domain::life::Illegal;
use crate::ledger::LedgerError;
use crate::mailbox::exchange::Trouble;

/// What went wrong; whose fault it is decides how it goes on.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The mailbox: it is opened anew after a pause.
    #[error(transparent)]
    Mailbox(#[from] Trouble),
    /// The ledger: no side effect may begin until it writes again.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A step that cannot be; the ticket is let go and read anew from the ledger.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// An edit names folders that this session has not made sure of: the next one does.
    #[error("an edit names other folders")]
    OtherFolders,
    /// A task of ours ended without an answer.
    #[error("internal: {0}")]
    Internal(String),
}

impl Fault {
    /// Whether the same work may succeed later in this process.
    pub const fn is_passing(&self) -> bool {
        match self {
            // A failed fsync or a server without safe filing does not get better by itself.
            Self::Mailbox(Trouble::Unsafe(_)) => false,
            Self::Mailbox(_) | Self::Illegal(_) | Self::OtherFolders => true,
            Self::Ledger(error) => error.is_passing(),
            Self::Internal(_) => false,
        }
    }
}
