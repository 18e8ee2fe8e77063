//! The `triaged` command.

fn main() {}
