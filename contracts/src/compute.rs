//! What others ask of Nova.

use std::net::IpAddr;

use async_trait::async_trait;
use uuid::Uuid;

use crate::CallResult;

/// An answer of the metadata service.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct MetadataAnswer {
    /// HTTP status.
    pub status: u16,
    /// `text/plain`, `application/json`, ...
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A guest's question. Who the guest is follows from the network and the source address that the proxy saw, never from a
/// header (OSSN-0074).
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct MetadataRequest {
    /// The network on which it was asked.
    pub network: Uuid,
    /// The address that it came from.
    pub source: IpAddr,
    /// `GET`, or `POST` for the guest's own password.
    pub method: String,
    /// The path.
    pub path: String,
    /// The body; bounded by the proxy.
    pub body: Vec<u8>,
}

/// Nova's metadata service, asked by the proxy of a network on a host.
#[async_trait]
pub trait Metadata: Send + Sync {
    /// Answers a guest's request. `host` is the host that asks: it is answered only for machines that it runs.
    async fn answer(&self, host: &str, request: MetadataRequest) -> CallResult<MetadataAnswer>;
}

/// Nova, told by other services of what concerns servers.
#[async_trait]
pub trait ServerEvents: Send + Sync {
    /// Addresses, floating addresses or security groups of a server's ports have changed, or a port was wired.
    async fn network_changed(&self, server: Uuid);
    /// A volume of the server's changed.
    async fn volume_changed(&self, server: Uuid);
}

/// Consistent copies of volumes that machines write to, asked for by Cinder.
#[async_trait]
pub trait DiskCopies: Send + Sync {
    /// Copies a volume that the server has, as it is at one moment, into a new qcow2 file at that absolute path.
    /// `NotFound` when no machine has the volume (any longer): then nobody writes to it. Idempotent: the newer copy stays.
    async fn copy_volume(&self, server: Uuid, volume: Uuid, to: &str) -> CallResult<()>;
}
