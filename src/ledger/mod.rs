//! Placeholder door of `ledger`; its first commit replaces it.
