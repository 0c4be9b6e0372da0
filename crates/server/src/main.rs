//! The `vouchkey` program.

fn main() {}
