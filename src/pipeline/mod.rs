//! Layer 4: the stages of a ticket, performed.
//!
//! ```text
//! mailbox ─list─▶ intake ─fetch─▶ read ─▶ decide ─┬─ keep ─────────────▶ file ─move─▶ folder
//!                 (try)           (pure)  (record) └─ forward ─▶ lane ──▲
//!                                                               (send)
//!                 recover: looks everything over, at every start and from time to time
//! ```
//!
//! - [`crew`]: one mailbox, from session to session.
//! - [`session`]: one open connection: look over, work off, wait.
//! - [`recover`]: what lies in the folder against what the ledger knows.
//! - [`resync`]: the same after the folder was rebuilt.
//! - [`rebuild`]: what the folders tell a ledger that was lost.
//! - [`intake`], [`read`], [`decide`]: from a listed message to a recorded decision.
//! - [`apart`]: a message that was alone and not survived is read in a process of its own first.
//! - [`threads`]: what is known of a message's thread, and what becomes of it.
//! - [`circle`]: what loops are told by, when only a history tells.
//! - [`dispatch`], [`job`], [`lane`], [`traffic`]: the queue of forwards, one of them, the
//!   connections that send them and the state of the way out.
//! - [`caps`]: bounds on what is written to customers.
//! - [`letters`]: mail beside the forward, from the ledger to the lanes.
//! - [`rounds`], [`original`]: threads whose publisher is silent, and their messages found again.
//! - [`file`]: moves and their proof.
//! - [`standing`]: the only place where a ticket's life goes a step on.
//! - [`trial`]: decides and changes nothing.
//! - [`hand`], [`works`], [`fault`]: what is in hand, what is shared, what goes wrong.
//! - [`meters`]: what is counted.
//! - [`pulse`]: whether a loop still turns; [`hindrance`]: what keeps work from being done.
//!
//! What holds throughout: a step is on the disk before its effect begins, and what is not in hand
//! is in the ledger.

pub mod apart;
pub mod archive;
mod caps;
mod circle;
pub mod crew;
mod decide;
pub mod dispatch;
pub mod fault;
pub mod file;
pub mod hand;
pub mod hindrance;
mod intake;
mod job;
mod lane;
mod letters;
pub mod meters;
mod original;
pub mod pulse;
pub mod read;
pub mod rebuild;
mod recover;
mod resync;
mod rounds;
pub mod session;
mod standing;
mod threads;
mod traffic;
pub mod trial;
pub mod works;
