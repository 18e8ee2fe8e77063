//! Placeholder door of `mailbox`; its first commit replaces it.
