//! Placeholder door of `daemon`; its first commit replaces it.
