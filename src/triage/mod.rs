//! Placeholder door of `triage`; its first commit replaces it.
