//! The ledger.

mod change;
mod copy;
mod error;
mod fault;
mod group;
mod lease;
mod open;
mod people;
mod place;
mod prepare;
mod row;
mod schema;
mod statement;
mod verify;
mod work;
mod writer;

pub use change::{
    Baseline, Change, FolderMark, Lease, MailboxPatch, MailboxRecord, NewTicket, NoStage, Patch,
    Pen, StageKey, StageName, Verdict,
};
pub use error::LedgerError;
pub use open::{Ledger, Mode};
pub use people::{Counts, Event, EventFilter, MailboxCount, TicketFilter};
pub use verify::Verified;
pub use work::{Cursor, Earlier};

pub use crate::audit::chain::Head;

#[cfg(test)]
mod tests;
