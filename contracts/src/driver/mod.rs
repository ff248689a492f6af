//! The traits behind which real engines sit. Each has a fast in-memory twin in the same crate as the real one.

mod hypervisor;
mod network_engine;
mod wiring;

pub use hypervisor::{Card, Console, Disk, Hypervisor, HypervisorEvent, Machine};
pub use network_engine::{
    Action, DhcpOptions, Direction, EngineEvent, Ethertype, ExternalGateway, LogicalNetwork, LogicalPort,
    LogicalRouter, LogicalRule, LogicalSubnet, NatRule, NetworkEngine, PortKind, RouterInterface,
    SecurityGroup, StaticRoute, Topology,
};
pub use wiring::Wiring;

/// What went wrong in an engine. For the log and for a fault that an administrator sees; never shown to a user as it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DriverError {
    /// The engine does not have it.
    #[error("{0} is not there")]
    NotFound(String),
    /// The engine refused, and would refuse again.
    #[error("{0}")]
    Refused(String),
    /// The engine can't be reached or was too busy: the same call may succeed later.
    #[error("{0}")]
    Unavailable(String),
}

/// The outcome of a call to an engine.
pub type DriverResult<T> = Result<T, DriverError>;
