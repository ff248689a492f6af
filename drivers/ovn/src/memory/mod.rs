//! The network without packets, for tests of scale: both traits, kept in memory.

mod engine;
mod wiring;

pub use engine::MemoryNetworkEngine;
pub use wiring::MemoryWiring;
