//! What columns of a server's row hold in JSON.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use contracts::identity::Caller;
use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

/// On whose behalf.
#[derive(Debug, Clone, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Origin(pub Caller);

impl Eq for Origin {}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.0.user == other.0.user && self.0.scope == other.0.scope
    }
}

/// Particulars of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct TaskDetails {
    /// Hosts that were tried and failed.
    pub tried: Vec<String>,
    /// The only host that may be taken.
    pub forced_host: Option<String>,
    /// Only hosts of these servers may be taken.
    pub same_host: Vec<Uuid>,
    /// Hosts of these servers may not be taken.
    pub different_host: Vec<Uuid>,
    /// The image that a snapshot fills: whoever asked for it has its id.
    pub snapshot: Option<Uuid>,
    /// When the machine was started: ports are waited for a while from here.
    pub started: Option<DateTime<Utc>>,
    /// The state to go back to.
    pub resume: Option<String>,
    /// The image that a rescue boots from: its owner's.
    pub rescue_image: Option<Uuid>,
    /// The image that shelving takes: of no use once the server runs again, or is deleted.
    pub shelved: Option<Uuid>,
    /// Which backups a new one makes superfluous.
    pub rotation: Option<Rotation>,
}

/// How many backups of a kind are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// `daily`, `weekly`, or what the user calls it.
    pub kind: String,
    /// That many, the newest.
    pub keep: usize,
    /// On whose behalf older ones are deleted.
    pub origin: Origin,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ServerFault {
    /// As an HTTP status.
    pub code: u16,
    /// Fit for the owner.
    pub message: String,
    /// For administrators.
    pub details: String,
    /// When.
    pub created: DateTime<Utc>,
}

/// What a machine must know of its image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ImageSnapshot {
    /// The image.
    pub id: Uuid,
    /// As recorded by Glance, never detected.
    pub disk_format: String,
    /// SHA-512 of the content.
    pub sha512: String,
    /// In GiB.
    pub min_disk: u64,
    /// In MiB.
    pub min_ram: u64,
    /// `hw_*` and the like.
    pub properties: std::collections::BTreeMap<String, String>,
}

/// Cards, as they are remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Cards(pub Vec<Card>);

/// A port as far as a server shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The port.
    pub port: Uuid,
    /// The network.
    pub network: Uuid,
    /// The network's name.
    pub network_name: String,
    /// The MAC address.
    pub mac: String,
    /// `ACTIVE`, `DOWN`.
    pub status: String,
    /// Addresses: subnet, address, floating address.
    pub ips: Vec<(Uuid, IpAddr, Option<IpAddr>)>,
    /// Largest packet.
    pub mtu: u32,
}

impl From<&contracts::network::Port> for Card {
    fn from(port: &contracts::network::Port) -> Self {
        Self {
            port: port.id,
            network: port.network.id,
            network_name: port.network.name.clone(),
            mac: port.mac.clone(),
            status: port.status.clone(),
            ips: port.fixed_ips.iter().map(|ip| (ip.subnet_id, ip.address, ip.floating)).collect(),
            mtu: port.network.mtu,
        }
    }
}
