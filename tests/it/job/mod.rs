//! The whole job, by the real program: mail comes in, is decided, sent on and filed; nothing is
//! lost, doubled or altered, whatever kills the program in between.

mod maildir;
pub mod sample;
pub mod servers;
pub mod world;
