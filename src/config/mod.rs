//! Layer 2: TOML turned into checked values; the only place that knows file shapes.
//!
//! [`load`] reads a configuration directory: `triaged.toml`, `rules/*.toml` and
//! `registry/*.toml`. It gives either a [`Config`], of which every name exists, every
//! number lies in its bounds and every address parses, or all [`findings`] at once. No value
//! holds a secret: a [`secret::Secret`] says where one is read, at the moment it is needed.
//! Loading touches no path a value names; that is for those who use it. [`examine()`] goes on where
//! [`load`] ends: it lints the rules and runs the cases of `cases/*.toml`.

pub mod alarm;
pub mod audit;
mod case_files;
pub mod delivery;
mod edition;
pub mod edits;
pub mod examine;
mod file;
pub mod findings;
pub mod import;
mod last_good;
pub mod limits;
mod load;
pub mod log;
pub mod login;
pub mod mailbox;
pub mod metrics;
pub mod net;
pub mod partner;
mod read;
pub mod secret;
pub mod settings;
mod shadow;
pub mod suggested;

pub use case_files::{case_files, load_cases};
pub use edition::Edition;
pub use examine::{Examined, examine, examine_registry};
pub use last_good::{keep, load_last_good};
pub use load::{Config, Outline, digest, load, outline, registry_files, with_registry};
pub use read::toml_files;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod shipped;
