//! Layer 1: the products, who publishes and supports them, the customers who have them, and which
//! of them a ticket is about.
//!
//! [`Registry::resolve`](resolve) never guesses: a message that names two products now has several,
//! and a person decides.
//!
//! - [`product`]: what is known of a product.
//! - [`contact`]: whom to ask about it.
//! - [`calendar`]: when they work.
//! - [`customer`]: who has it.

pub mod calendar;
pub mod contact;
pub mod customer;
mod endings;
mod names;
pub mod product;
mod resolve;
mod variants;

#[cfg(test)]
mod tests;

pub use resolve::{Clues, ProductTold, Registry, Told};
