//! Plugging machines into the network on one host.

use std::net::TcpListener;

use async_trait::async_trait;
use uuid::Uuid;

use super::DriverResult;
use crate::{machine::NicSpec, network::MetadataPort};

/// The host's side of the network: taps, the integration bridge, namespaces of metadata proxies. Idempotent throughout.
#[async_trait]
pub trait Wiring: Send + Sync {
    /// Makes the card's tap and puts it on the integration bridge under the port's id.
    async fn plug(&self, nic: &NicSpec) -> DriverResult<()>;

    /// Takes the port's tap away.
    async fn unplug(&self, port: Uuid) -> DriverResult<()>;

    /// Ports that are plugged.
    async fn plugged(&self) -> DriverResult<Vec<Uuid>>;

    /// Makes the namespace of a network's metadata proxy and returns a socket that listens in it on 169.254.169.254:80
    /// (non-blocking), or `None` when the wiring has no packets.
    async fn open_metadata(&self, port: &MetadataPort) -> DriverResult<Option<TcpListener>>;

    /// Takes that namespace away.
    async fn close_metadata(&self, network: Uuid) -> DriverResult<()>;

    /// Networks that have such a namespace.
    async fn metadata_networks(&self) -> DriverResult<Vec<Uuid>>;
}
