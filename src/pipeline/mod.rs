//! Placeholder door of `pipeline`; its first commit replaces it.
