//! Layer 4: the stages.

pub mod hand;
