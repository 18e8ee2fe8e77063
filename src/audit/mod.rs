//! Placeholder door of `audit`; its first commit replaces it.
