//! Placeholder door of `config`; its first commit replaces it.
