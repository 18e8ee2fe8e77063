//! `triaged demo`.

use super::args::DemoArgs;
use super::failure::Failure;

/// x
pub fn demo(_args: &DemoArgs) -> Result<(), Failure> {
    Ok(())
}
