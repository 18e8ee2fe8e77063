//! The `triaged` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    triaged::cli::main()
}
