//! Layer 1: the products, who publishes and supports them, and which of them a ticket is about.
//!
//! [`Registry::resolve`](resolve) never guesses: a message that names two products on the same
//! level of evidence has several, and a person decides.
//!
//! - [`product`]: what is known of a product.
//! - [`contact`]: whom to ask about it.
//! - [`calendar`]: when they work.

pub mod calendar;
pub mod contact;
mod endings;
pub mod product;
mod resolve;

pub use resolve::{ProductTold, Registry};
