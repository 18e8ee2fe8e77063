//! Placeholder door of `cli`; its first commit replaces it.
