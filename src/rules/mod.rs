//! Placeholder door of `rules`; its first commit replaces it.
