//! Placeholder door of `registry`; its first commit replaces it.
