//! Placeholder door of `system`; its first commit replaces it.
