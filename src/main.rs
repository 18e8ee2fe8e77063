//! The `triaged` command.

use std::process::ExitCode;

// Messages come and go by the thousand on several threads: the system's allocator spends much of
// that time growing and trimming the heap of each.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    triaged::cli::main()
}
