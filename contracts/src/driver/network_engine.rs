//! Logical networks, as Neutron wants them and an engine (OVN) carries them out.
//!
//! Neutron describes; the engine compares with what it has and changes only the difference. Every part is known by its
//! Neutron id, so that asking twice makes one, and a full comparison ([`NetworkEngine::converge`]) finds what is missing,
//! changed or left over.

use std::{collections::BTreeMap, net::IpAddr};

use async_trait::async_trait;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::DriverResult;

/// A network: one logical switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalNetwork {
    /// The id.
    pub id: Uuid,
    /// The name, for operators who look into the engine.
    pub name: String,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// The physical network that it is on (flat), for an external network: the engine makes a `localnet` port.
    pub physical_network: Option<String>,
    /// Its subnets.
    pub subnets: Vec<LogicalSubnet>,
    /// Names that the network's DNS answers, each with its addresses.
    pub names: BTreeMap<String, Vec<IpAddr>>,
}

/// A subnet, with what its DHCP answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalSubnet {
    /// The id.
    pub id: Uuid,
    /// The range.
    pub cidr: IpNet,
    /// What DHCP answers, or `None` when it does not.
    pub dhcp: Option<DhcpOptions>,
}

/// What DHCP answers on a subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// The router.
    pub gateway: Option<IpAddr>,
    /// Name servers; when there are none the engine answers names itself where it can.
    pub dns: Vec<IpAddr>,
    /// The domain of names.
    pub domain: Option<String>,
    /// Routes for the guest besides the default one.
    pub routes: Vec<StaticRoute>,
    /// The metadata proxy's address on the subnet: the guest is given a route to 169.254.169.254 by it.
    pub metadata_via: Option<IpAddr>,
    /// Seconds that a lease holds.
    pub lease: u32,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaticRoute {
    /// To here.
    pub destination: IpNet,
    /// By this hop.
    pub next_hop: IpAddr,
}

/// What a port is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PortKind {
    /// A machine's card (or anything that is plugged on a host).
    Machine,
    /// The metadata proxy: the same port on every host.
    Metadata,
    /// A router's leg: the other end is the router's interface of the same id.
    Router {
        /// The router.
        router: Uuid,
    },
}

/// A port: one logical switch port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalPort {
    /// The id: also `iface-id` on the host.
    pub id: Uuid,
    /// Its network.
    pub network: Uuid,
    /// What it is for.
    pub kind: PortKind,
    /// The name, for operators who look into the engine.
    pub name: String,
    /// The MAC address.
    pub mac: String,
    /// Its addresses, each with its subnet.
    pub addresses: Vec<(Uuid, IpAddr)>,
    /// Further addresses that may be used as source (`address/prefix`, and the MAC if another).
    pub allowed_pairs: Vec<(Option<String>, String)>,
    /// Whether spoofing is prevented and security groups apply. Off: everything goes.
    pub port_security: bool,
    /// Its security groups.
    pub security_groups: Vec<Uuid>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The host that it is bound to.
    pub host: Option<String>,
    /// Extra DHCP options by the names of DHCP option registries (validated by Neutron).
    pub dhcp_options: BTreeMap<String, String>,
}

/// A security group: the engine keeps its members' addresses for rules that name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// The id.
    pub id: Uuid,
    /// The name, for operators who look into the engine.
    pub name: String,
    /// Whether answers to allowed packets are allowed by themselves.
    pub stateful: bool,
    /// Its rules.
    pub rules: Vec<LogicalRule>,
}

/// A rule of a security group: what is allowed. All else is dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalRule {
    /// The id.
    pub id: Uuid,
    /// To or from the port.
    pub direction: Direction,
    /// IPv4 or IPv6.
    pub ethertype: Ethertype,
    /// Protocol number, if only one.
    pub protocol: Option<u8>,
    /// Ports from and to (TCP, UDP, SCTP), or ICMP type and code.
    pub port_min: Option<u16>,
    /// See `port_min`.
    pub port_max: Option<u16>,
    /// The other end must be in this range.
    pub remote_cidr: Option<IpNet>,
    /// The other end must be a member of this group.
    pub remote_group: Option<Uuid>,
}

/// Seen from the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the port.
    Ingress,
    /// From the port.
    Egress,
}

/// The family of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ethertype {
    /// IPv4.
    IPv4,
    /// IPv6.
    IPv6,
}

/// A router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalRouter {
    /// The id.
    pub id: Uuid,
    /// The name, for operators who look into the engine.
    pub name: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Its legs on networks inside.
    pub interfaces: Vec<RouterInterface>,
    /// Its leg outside.
    pub gateway: Option<ExternalGateway>,
    /// Extra routes.
    pub routes: Vec<StaticRoute>,
    /// Floating addresses that it translates.
    pub nat: Vec<NatRule>,
}

/// A router's leg on a network inside. Its logical switch port is a [`LogicalPort`] of the same id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouterInterface {
    /// The port.
    pub port: Uuid,
    /// The network.
    pub network: Uuid,
    /// The MAC address.
    pub mac: String,
    /// The router's addresses there.
    pub addresses: Vec<IpNet>,
    /// Largest packet, in bytes.
    pub mtu: u32,
}

/// A router's leg on an external network. Its logical switch port is a [`LogicalPort`] of the same id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExternalGateway {
    /// The leg.
    pub interface: RouterInterface,
    /// The next hop for everything else.
    pub next_hop: Vec<IpAddr>,
    /// Whether machines without a floating address go out by the router's own.
    pub snat: bool,
}

/// A floating address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatRule {
    /// The floating IP's id.
    pub id: Uuid,
    /// Outside.
    pub external: IpAddr,
    /// Inside.
    pub internal: IpAddr,
    /// The port inside.
    pub port: Uuid,
    /// The MAC that answers for the outside address when the translation is distributed.
    pub external_mac: String,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is as described, from now on.
    Ensure,
    /// It is no more.
    Remove,
}

/// Everything there should be, for a full comparison.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    /// All networks.
    pub networks: Vec<LogicalNetwork>,
    /// All ports.
    pub ports: Vec<LogicalPort>,
    /// All security groups.
    pub security_groups: Vec<SecurityGroup>,
    /// All routers.
    pub routers: Vec<LogicalRouter>,
}

/// What the engine noticed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// A port was wired on a host (`true`) or is no longer (`false`).
    PortUp(Uuid, bool),
    /// The engine lost its state or the connection to it came back: compare everything.
    Reset,
}

/// A network engine. Every call is idempotent, and returns when the engine has recorded the change (not when packets flow:
/// see [`EngineEvent::PortUp`]).
#[async_trait]
pub trait NetworkEngine: Send + Sync {
    /// The network is so.
    async fn ensure_network(&self, network: &LogicalNetwork) -> DriverResult<()>;
    /// The network is no more, with all that belonged to it.
    async fn remove_network(&self, id: Uuid) -> DriverResult<()>;
    /// The port is so. Its network and security groups must be there.
    async fn ensure_port(&self, port: &LogicalPort) -> DriverResult<()>;
    /// The port is no more.
    async fn remove_port(&self, id: Uuid) -> DriverResult<()>;
    /// The security group is so.
    async fn ensure_security_group(&self, group: &SecurityGroup) -> DriverResult<()>;
    /// The security group is no more.
    async fn remove_security_group(&self, id: Uuid) -> DriverResult<()>;
    /// The router is so.
    async fn ensure_router(&self, router: &LogicalRouter) -> DriverResult<()>;
    /// The router is no more.
    async fn remove_router(&self, id: Uuid) -> DriverResult<()>;
    /// Compares all there is with all there should be, and mends the difference. Returns how many parts differed.
    async fn converge(&self, topology: &Topology) -> DriverResult<usize>;
    /// Whether the port is wired on a host.
    async fn port_is_up(&self, id: Uuid) -> DriverResult<bool>;
    /// What the engine notices by itself.
    fn events(&self) -> broadcast::Receiver<EngineEvent>;
}
