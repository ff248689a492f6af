//! What the engine is told of each thing, read from the tables: one of a kind, or all.

mod network;
mod port;
mod router;
mod security_group;

pub(super) use network::networks;
pub(super) use port::ports;
pub(super) use router::routers;
pub(super) use security_group::security_groups;
