//! `[audit]`: what of a person's data the audit log may hold.

/// How sender and subject appear in the audit log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PersonalPolicy {
    /// As they are.
    #[default]
    Plain,
    /// The sender as a keyed hash, no subject.
    Pseudonym,
    /// Neither.
    Omit,
}
