//! OVN and Open vSwitch, for Pileus.
//!
//! * [`ovsdb`]: a client of OVSDB, the protocol by which both are configured.
//! * [`daemons`]: starts, adopts and supervises the daemons of a controller (databases, northd) and of a host.
//! * [`northbound`]: carries out [`contracts::driver::NetworkEngine`] in OVN's Northbound database.
//! * [`wiring`]: plugs machines into the integration bridge of a host.
//! * [`memory`]: both traits without a network, for tests of scale.

mod binary;
pub mod daemons;
mod iproute;
mod isolation;
mod local_database;
pub mod memory;
pub mod northbound;
pub mod ovsdb;
pub mod wiring;
