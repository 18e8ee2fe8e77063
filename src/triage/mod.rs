//! The one pure decision: `decide(message, policy, key) -> Decision`.
//!
//! No I/O, no clock, no async. The daemon, `explain`, `check` and every later tool call the same
//! function, so that they cannot disagree.
//!
//! - [`acknowledge`]: whether a message may be acknowledged.
//! - [`clock`]: what is to be done about a publisher that is silent.
//! - [`case`]: messages with what must become of them, kept beside the rules.
//! - [`policy`]: everything the operator's files say, compiled; swapped as one.
//! - [`routing`]: where each category and kind goes.
//! - [`decide`]: kind, then case, then category, then product, then owner.
//! - [`letter`]: mail beside the forward.
//! - [`leaving`]: what of a message leaves with a forward.
//! - [`mixed`]: the technical part of a mail that is about something else, too.
//! - [`plan`]: the forward that follows from a decision.
//! - [`senders`]: whether a sender is who it says.
//! - [`shift`]: messages that change their destination.
//! - [`suggest`]: keywords that labelled mail speaks for.
//! - [`thread`], [`turn`]: to which ticket a later message belongs, and what it makes of it.
//! - [`template`]: the operator's words for letters.
//! - [`whatif`]: what would have to change for another decision.

pub mod acknowledge;
pub mod case;
pub mod circle;
pub mod clock;
pub mod decide;
pub mod leaving;
pub mod letter;
pub mod mixed;
pub mod plan;
pub mod policy;
pub mod routing;
pub mod senders;
pub mod shift;
pub mod suggest;
pub mod template;
pub mod thread;
pub mod turn;
mod way;
pub mod whatif;

pub use decide::{Reading, decide, decide_in};
pub use policy::Policy;
