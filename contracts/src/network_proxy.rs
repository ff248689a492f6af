//! What Nova's old API (microversions up to 2.35, floating IPs of servers up to 2.43) shows of Neutron: security groups,
//! their rules for incoming packets, floating IPs, networks. Neutron's own policy, ownership and quotas hold.

use std::net::IpAddr;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    CallResult,
    identity::Caller,
    network::{Network, SecurityGroupRuleView, SecurityGroupView},
};

/// A rule for incoming packets to be made.
#[derive(Debug, Clone)]
pub struct NewSecurityGroupRule {
    /// In this group.
    pub group_id: Uuid,
    /// `tcp`, `udp`, `icmp`, ...
    pub protocol: Option<String>,
    /// First port, or ICMP type.
    pub from_port: Option<i32>,
    /// Last port, or ICMP code.
    pub to_port: Option<i32>,
    /// From this range, as it was written.
    pub cidr: Option<String>,
    /// From members of this group.
    pub remote_group_id: Option<Uuid>,
}

/// Which security groups are asked for.
#[derive(Debug, Clone, Copy)]
pub struct SecurityGroupPage {
    /// Those of all projects, for whom Neutron shows them.
    pub all_projects: bool,
    /// So many are skipped.
    pub offset: u64,
    /// And at most so many are told.
    pub limit: u64,
}

/// A floating IP.
#[derive(Debug, Clone)]
pub struct FloatingIp {
    /// The id.
    pub id: Uuid,
    /// The address.
    pub address: IpAddr,
    /// The external network's name, or its id where it has none.
    pub pool: String,
    /// The address that it leads to.
    pub fixed_ip: Option<IpAddr>,
    /// The device whose port it leads to.
    pub device_id: Option<String>,
}

/// Neutron, to Nova's old API.
#[async_trait]
pub trait NetworkProxy: Send + Sync {
    /// Security groups by project and name; the caller's project has its default one from now on.
    async fn security_groups(
        &self,
        caller: &Caller,
        page: SecurityGroupPage,
    ) -> CallResult<Vec<SecurityGroupView>>;

    /// A security group.
    async fn security_group(&self, caller: &Caller, id: Uuid) -> CallResult<SecurityGroupView>;

    /// Makes a security group in the caller's project.
    async fn create_security_group(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
    ) -> CallResult<SecurityGroupView>;

    /// Renames a security group.
    async fn update_security_group(
        &self,
        caller: &Caller,
        id: Uuid,
        name: &str,
        description: &str,
    ) -> CallResult<SecurityGroupView>;

    /// Deletes a security group. `Conflict` when ports are in it, or when it is the default one.
    async fn delete_security_group(&self, caller: &Caller, id: Uuid) -> CallResult<()>;

    /// Makes a rule. `Conflict` when it is there.
    async fn create_security_group_rule(
        &self,
        caller: &Caller,
        new: NewSecurityGroupRule,
    ) -> CallResult<SecurityGroupRuleView>;

    /// Deletes a rule.
    async fn delete_security_group_rule(&self, caller: &Caller, id: Uuid) -> CallResult<()>;

    /// Floating IPs of the caller's project.
    async fn floating_ips(&self, caller: &Caller) -> CallResult<Vec<FloatingIp>>;

    /// A floating IP.
    async fn floating_ip(&self, caller: &Caller, id: Uuid) -> CallResult<FloatingIp>;

    /// The floating IP with that address, if the caller may see one. `Conflict` when there are several.
    async fn floating_ip_at(&self, caller: &Caller, address: IpAddr) -> CallResult<Option<FloatingIp>>;

    /// Takes a floating IP from the external network of that name or id, or from the only one. `NotFound` when there is
    /// no such network, `Conflict` when it has no more, `OverQuota`.
    async fn create_floating_ip(&self, caller: &Caller, pool: Option<&str>) -> CallResult<FloatingIp>;

    /// Lets a floating IP lead to an address of a port, or nowhere.
    async fn point_floating_ip(
        &self,
        caller: &Caller,
        id: Uuid,
        lead: Option<(Uuid, IpAddr)>,
    ) -> CallResult<()>;

    /// Deletes a floating IP.
    async fn delete_floating_ip(&self, caller: &Caller, id: Uuid) -> CallResult<()>;

    /// External networks that the caller sees.
    async fn external_networks(&self, caller: &Caller) -> CallResult<Vec<Network>>;

    /// Networks that the caller sees, external ones included.
    async fn visible_networks(&self, caller: &Caller) -> CallResult<Vec<Network>>;

    /// Gives a device's port on that network one address more. For who may change the device. `NotFound` when it has no port there.
    async fn add_fixed_ip(&self, device_id: Uuid, network: Uuid) -> CallResult<()>;

    /// Takes an address from a device's port. `NotFound` when none has it.
    async fn remove_fixed_ip(&self, device_id: Uuid, address: IpAddr) -> CallResult<()>;
}
