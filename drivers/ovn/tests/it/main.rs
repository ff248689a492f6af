//! The driver on real daemons, in network namespaces that each test makes for itself.

mod daemons;
mod lab;
