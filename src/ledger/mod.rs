//! The ledger: what is known of every ticket, on the disk before anything is done about it.
//!
//! Its charge: to keep tickets, mailboxes and the audit log in one `SQLite` file, to write them in
//! groups, and to answer what pipeline and people ask. It leaves to others which life follows
//! which ([`crate::domain::life::step`] says it, the ledger only compares and stores), what an
//! audit line looks like ([`crate::audit`]), and when to try again.
//!
//! # The stages of a ticket, and when each is on the disk
//!
//! | stage | what is known | committed before | found at a start |
//! |---|---|---|---|
//! | `seen(tries)` | place and size; `tries` counts readings begun | the first byte is parsed | read again; quarantined once the tries are spent |
//! | `decided(next)` | digest, decision, folder; the plan if it is to be sent | the move, or the wait for a lane | goes on under the *recorded* decision |
//! | `sending(attempt)` | the attempt's number | connecting | may have been accepted: `decided` again, same Message-ID, counted |
//! | `delivered` | the next host has taken it | the move | moved |
//! | `deferred(until)` | when it may be tried again | waiting | waits on |
//! | `held(reason)` | why a person must act; it stays in the source folder | nothing is done | waits on |
//! | `settled` | it lies in its folder, and how that is known | — (after the move) | nothing |
//! | `quarantined` | it lies in the quarantine folder | — (after the move) | nothing |
//! | `withdrawn` | the source copy was taken away before anything was sent | — | nothing |
//!
//! A letter, which is mail beside the forward, goes through `decided`, `sending`, `deferred` and
//! `delivered` in a row of its own, under the same commits; `held` is one that was given up. It waits
//! until its ticket is settled, and never changes that ticket.
//!
//! So the instants of commit are: *found*, *try begun*, *decided*, *attempt begun*, *attempt
//! ended*, *moved*. Between two of them a crash can only repeat what is harmless to repeat: a
//! reading, a move of what has moved, and, in `sending` alone, a forward with the same Message-ID.
//! When the whole file is lost, the source folder still holds all that is unfinished.
//!
//! # What holds
//! - [`Ledger::record`] answers after the commit: WAL with `synchronous = FULL`, one sync a group.
//! - Every change of a ticket comes with its audit line, in the same transaction, in one chain that
//!   the daemon and people at the command line share.
//! - A change names the stage it starts from and when that was reached; if somebody was faster, the
//!   verdict is [`Verdict::Stale`] and nothing of it is written.
//! - The daemon writes under a [`Lease`]; after another took it over, [`LedgerError::Fenced`].
//! - After a failed write or sync nothing is written any more, and nothing is tried twice.
//! - What the daemon asks costs the same beside ten thousand or a million settled tickets.
//!
//! # The files in the state directory (mode 0700, files 0600)
//! `ledger.sqlite` with its `-wal` and `-shm`; `lock`, held by the daemon; `audit.jsonl`, the copy
//! of the audit log, appended after each commit and synced when nothing was written for a second.
//!
//! A ledger on a database server can join as a second implementation of the same calls: epochs are
//! in every write already, and each statement takes its rows as one list.

mod aside;
mod audit_file;
mod change;
mod edits;
mod error;
mod fault;
mod group;
mod incidents;
mod learn;
mod lease;
mod letters;
mod loops;
mod open;
mod people;
mod place;
mod prepare;
pub mod privacy;
mod retention;
mod row;
mod schema;
mod statement;
mod threads;
mod verify;
mod work;
mod writer;

pub use change::{
    Baseline, Change, FolderMark, Lease, MailboxPatch, MailboxRecord, NewTicket, NoStage, Patch,
    Pen, StageKey, StageName, Verdict,
};
pub use error::LedgerError;
pub use letters::Outgoing;
pub use loops::MadeFor;
pub use open::{CHANGES_MAX, Ledger, Mode, Posting};
pub use people::{Counts, Event, EventFilter, MailboxCount, TicketFilter};
pub use retention::Forgotten;
pub use verify::Verified;
pub use work::{Cursor, Earlier};

pub use crate::audit::chain::Head;

#[cfg(test)]
mod tests;
