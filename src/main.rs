//! The `keywright` program.

fn main() {}
