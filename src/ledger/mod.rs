//! The ledger: what is known of every ticket, on the disk before anything is done about it.

mod change;
mod error;
mod open;
mod people;
mod work;

pub use change::{
    Baseline, Change, FolderMark, Lease, MailboxPatch, MailboxRecord, NewTicket, NoStage, Patch,
    Pen, StageKey, StageName, Verdict,
};
pub use error::LedgerError;
pub use open::{Ledger, Mode};
pub use people::{Counts, Event, EventFilter, Head, MailboxCount, TicketFilter};
pub use work::{Cursor, Earlier};
