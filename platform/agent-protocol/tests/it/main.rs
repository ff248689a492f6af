//! The protocol, spoken between both of its ends.

// Clippy allows these in tests, and what tests call is the same.
#![allow(clippy::unwrap_used)]

mod content;
mod fakes;
mod session;
mod tls;
