//! Placeholder door of `mail`; its first commit replaces it.
