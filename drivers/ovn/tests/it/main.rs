//! The driver on real daemons, in network namespaces that each test makes for itself.

// Everything here is a test, though clippy sees only the functions that are marked.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod daemons;
mod lab;
mod northbound;
mod packets;
mod topology;
mod wiring;
