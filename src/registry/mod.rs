//! Layer 1: the products, who publishes and supports them, and which of them a ticket is about.
//!
//! [`Registry::resolve`](resolve) never guesses: a message that names two products on the same
//! level of evidence has several, and a person decides.

mod endings;
pub mod product;
mod resolve;

pub use resolve::{ProductTold, Registry};
