//! What the commands about tickets share: the open ledger, and a ticket by what a person typed.

use std::path::Path;

use crate::domain::ids::TicketId;
use crate::domain::ticket::Ticket;
use crate::ledger::{Ledger, LedgerError, Mode};

use super::failure::Failure;

/// Tickets looked at for one typed reference.
const CANDIDATES: u32 = 5;

/// Opens the ledger beside a daemon that may be running.
pub async fn open(dir: &Path) -> Result<Ledger, Failure> {
    Ledger::open(dir, Mode::Person).await.map_err(Into::into)
}

/// The ticket that `typed` stands for.
pub async fn ticket(ledger: &Ledger, typed: &str) -> Result<Ticket, Failure> {
    let prefix = TicketId::prefix(typed).ok_or_else(|| {
        Failure::usage(format!(
            "`{}` is no ticket reference",
            super::print::one_line(typed, 60)
        ))
        .hint("a reference looks like `T-4F7K25QM`; `triaged tickets` lists them")
    })?;
    let mut found = ledger.by_prefix(&prefix, CANDIDATES).await?;
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(|t| format!("`{}`", t.id)).collect();
        return Err(
            Failure::usage(format!("`{typed}` stands for several tickets"))
                .hint(format!("type more of one of: {}", names.join(", "))),
        );
    }
    found.pop().ok_or_else(|| {
        Failure::failed(format!("no ticket `{typed}` in this ledger"))
            .hint("`triaged tickets` lists the newest")
    })
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::failed(error)
    }
}

/// The name of the person at the command line, for the audit log.
pub fn person() -> String {
    std::env::var("SUDO_USER")
        .or_else(|_| std::env::var("USER"))
        .or_else(|_| std::env::var("LOGNAME"))
        .map_or_else(
            |_| format!("uid {}", rustix::process::getuid().as_raw()),
            |name| super::print::one_line(&name, 60),
        )
}
