//! Pileus.
fn main() {}
