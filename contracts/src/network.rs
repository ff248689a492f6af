//! What Nova asks of Neutron.

use std::net::IpAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallResult, identity::Caller};

/// A network as far as a server's birth needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Network {
    /// The id.
    pub id: Uuid,
    /// The name, which is the key in a server's `addresses`.
    pub name: String,
    /// The project that owns it.
    pub project_id: String,
    /// Whether other projects may use it.
    pub shared: bool,
    /// Whether it leads outside.
    pub external: bool,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// Whether it has a subnet.
    pub has_subnet: bool,
}

/// An address of a port.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FixedIp {
    /// The subnet.
    pub subnet_id: Uuid,
    /// The address.
    pub address: IpAddr,
    /// Length of the subnet's prefix.
    pub prefix_len: u8,
    /// The subnet's gateway.
    pub gateway: Option<IpAddr>,
    /// The subnet's name servers.
    pub dns: Vec<IpAddr>,
    /// Whether the subnet answers DHCP.
    pub dhcp: bool,
    /// The floating address that leads here.
    pub floating: Option<IpAddr>,
}

/// A port, with what a server shows of it and what a host needs to plug it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Port {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The project that owns it.
    pub project_id: String,
    /// The MAC address, in lower case with colons.
    pub mac: String,
    /// Its network.
    pub network: Network,
    /// Its addresses.
    pub fixed_ips: Vec<FixedIp>,
    /// `ACTIVE` once the host has wired it, `DOWN` before.
    pub status: String,
    /// The server (or router, ...) that it belongs to; empty for none.
    pub device_id: String,
    /// `compute:nova`, `network:router_interface`, ...
    pub device_owner: String,
    /// The host that it is bound to.
    pub host: Option<String>,
    /// Names of its security groups.
    pub security_groups: Vec<String>,
    /// The port of the network's metadata proxy, which each host with a machine on that network runs.
    pub metadata: Option<MetadataPort>,
}

/// The port by which the metadata proxy of a network is reached on each host (OVN `localport`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataPort {
    /// The network.
    pub network_id: Uuid,
    /// The port: also the name of the logical switch port, by which the host's interface is bound.
    pub port_id: Uuid,
    /// The MAC address.
    pub mac: String,
    /// Its addresses with their prefix lengths; the proxy also answers on 169.254.169.254.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Largest packet, in bytes.
    pub mtu: u32,
}

/// A port to be made for a server.
#[derive(Debug, Clone)]
pub struct NewPort {
    /// The id it is to have, chosen by the caller so that asking twice makes one port.
    pub id: Uuid,
    /// On this network.
    pub network_id: Uuid,
    /// For this server.
    pub device_id: Uuid,
    /// The host's name in the network's DNS: the server's hostname.
    pub dns_name: String,
    /// With this address, if said.
    pub fixed_ip: Option<IpAddr>,
    /// Names or ids of security groups; empty means the project's `default`.
    pub security_groups: Vec<String>,
    /// `compute:` and the availability zone.
    pub device_owner: String,
}

/// Neutron, to Nova.
#[async_trait]
pub trait Networks: Send + Sync {
    /// A network that the caller may use.
    async fn network(&self, caller: &Caller, id: Uuid) -> CallResult<Network>;

    /// Networks on which a server of the caller's is put when none is named: the project's own, else shared ones (external ones never).
    async fn default_networks(&self, caller: &Caller) -> CallResult<Vec<Network>>;

    /// A port that the caller may use.
    async fn port(&self, caller: &Caller, id: Uuid) -> CallResult<Port>;

    /// Whether the caller's project has a security group of that name or id.
    async fn security_group_exists(&self, caller: &Caller, name_or_id: &str) -> CallResult<bool>;

    /// How many more ports the caller's project may have; `None` for no limit.
    async fn ports_left(&self, project_id: &str) -> CallResult<Option<u64>>;

    /// Makes a port for a server of that project. Idempotent by `new.id`.
    async fn create_port(&self, project_id: &str, new: &NewPort) -> CallResult<Port>;

    /// Gives an existing port to a server. `Conflict` when another has it. Idempotent.
    async fn claim_port(
        &self,
        port: Uuid,
        device_id: Uuid,
        device_owner: &str,
        dns_name: &str,
    ) -> CallResult<Port>;

    /// Takes a port from a server, unbound, and leaves it to its owner. Does nothing when it is not that server's.
    async fn release_port(&self, port: Uuid, device_id: Uuid) -> CallResult<()>;

    /// Deletes a port that Nova made. Does nothing when it is gone.
    async fn delete_port(&self, port: Uuid) -> CallResult<()>;

    /// Binds a port to a host, so that the network engine expects it there. Idempotent.
    async fn bind_port(&self, port: Uuid, host: &str) -> CallResult<Port>;

    /// Ports of each of these servers, in the order in which they were made. One query, whatever the number.
    async fn ports_of(&self, devices: &[Uuid]) -> CallResult<Vec<Port>>;

    /// The server that has this address on this network: for the metadata service.
    async fn device_at(&self, network: Uuid, address: IpAddr) -> CallResult<Option<Uuid>>;

    /// Puts the ports of a server into a security group of the caller's project (by name or id), or takes them out.
    /// `NotFound` when there is no such group.
    async fn change_security_group(
        &self,
        caller: &Caller,
        device_id: Uuid,
        group: &str,
        member: bool,
    ) -> CallResult<()> {
        let _ = (caller, device_id, group, member);
        Err(crate::CallError::unavailable("network", "changing security groups of servers is not offered"))
    }

    /// The security groups of a server's ports, each once.
    async fn security_groups_of(&self, device_id: Uuid) -> CallResult<Vec<SecurityGroupView>> {
        let _ = device_id;
        Err(crate::CallError::unavailable("network", "security groups of servers are not offered"))
    }
}

/// A security group as a server's list of them shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecurityGroupView {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// Words about it.
    pub description: String,
    /// Whose.
    pub project_id: String,
    /// Its rules for incoming packets.
    pub rules: Vec<SecurityGroupRuleView>,
}

/// A rule for incoming packets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecurityGroupRuleView {
    /// The id.
    pub id: Uuid,
    /// `tcp`, `udp`, `icmp`, ...
    pub protocol: Option<String>,
    /// First port, or ICMP type.
    pub from_port: Option<i32>,
    /// Last port, or ICMP code.
    pub to_port: Option<i32>,
    /// From this range.
    pub cidr: Option<String>,
    /// From members of this group: its name, and the project that owns it.
    pub remote_group: Option<(String, String)>,
}
