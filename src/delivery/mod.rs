//! Placeholder door of `delivery`; its first commit replaces it.
