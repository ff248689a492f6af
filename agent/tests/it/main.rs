//! The agent as a controller sees it: asked over the real protocol, with engines in memory.

// Clippy allows these in tests, and what tests call is the same.
#![allow(clippy::unwrap_used)]

mod devices;
mod images;
mod lifecycle;
mod metadata;
mod real;
mod restart;
mod services;
mod slow;
mod wiring;
mod world;
