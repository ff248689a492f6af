//! Why something can't be done, in Neutron's words, and how that is answered.

use std::fmt::Display;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contracts::CallError;
use platform::{db::owned::Denied, http::Fault};
use sea_orm::DbErr;

/// Why something can't be done.
///
/// `Refused` is for whoever asked: its text says only what they may know. `Database` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule of Neutron's speaks against it.
    #[error("{message}")]
    Refused {
        /// The status that it is answered with.
        status: StatusCode,
        /// Neutron's name for it (`NetworkNotFound`).
        name: &'static str,
        /// For whoever asked.
        message: String,
    },
    /// The platform refused already (bodies, paging, tokens).
    #[error("{}", .0.message)]
    Fault(Fault),
    /// The database can't do it.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { status, name, message } => Self::new(status, message).named(name),
            Error::Fault(fault) => fault,
            Error::Database(error) => match error.sql_err() {
                Some(sea_orm::SqlErr::ForeignKeyConstraintViolation(_)) => {
                    Self::conflict("It is in use, or what it belongs to is being deleted.")
                }
                _ => Self::from(error),
            },
        }
    }
}

impl From<Denied<Self>> for Error {
    fn from(denied: Denied<Self>) -> Self {
        match denied {
            Denied::Missing(error) => error,
            Denied::Refused(rule) => Self::forbidden(rule),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Fault::from(self).into_response()
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        let fault = Fault::from(error);
        let text = fault.message;
        match fault.status.as_u16() {
            404 => Self::NotFound(text),
            403 => Self::Forbidden(text),
            409 if fault.name.as_deref() == Some("OverQuota") => Self::OverQuota(text),
            409 => Self::Conflict(text),
            400..=499 => Self::Invalid(text),
            _ => Self::unavailable("network", text),
        }
    }
}

impl Error {
    pub(crate) fn refused(status: StatusCode, name: &'static str, message: impl Display) -> Self {
        Self::Refused { status, name, message: message.to_string() }
    }

    /// 400, of a value of a body.
    pub(crate) fn bad_value(attribute: &str, reason: impl Display) -> Self {
        Self::bad_request(format!("Invalid input for {attribute}. Reason: {reason}."))
    }

    /// Whether it is a unique key that another writer took.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(error) if platform::db::is_duplicate(error))
    }
}

/// One line for each of Neutron's errors: how it is made, its status, its name, its words.
macro_rules! refusals {
    ($($make:ident($($part:ident),*) $status:ident $name:literal $text:literal;)*) => {
        impl Error {$(
            pub(crate) fn $make($($part: impl Display),*) -> Self {
                Self::refused(StatusCode::$status, $name, format!($text))
            }
        )*}
    };
}

refusals! {
    bad_request(message) BAD_REQUEST "HTTPBadRequest" "{message}";
    forbidden(rule) FORBIDDEN "PolicyNotAuthorized" "rule:{rule} is disallowed by policy";
    invalid(message) BAD_REQUEST "InvalidInput" "Invalid input for operation: {message}.";
    bad_resource(resource, message) BAD_REQUEST "BadRequest" "Bad {resource} request: {message}.";
    over_quota(resource) CONFLICT "OverQuota" "Quota exceeded for resources: ['{resource}'].";
    quota_unknown(resource) BAD_REQUEST "HTTPBadRequest" "Unrecognized attribute(s) '{resource}'";
    network_missing(id) NOT_FOUND "NetworkNotFound" "Network {id} could not be found.";
    network_in_use(id) CONFLICT "NetworkInUse" "Unable to complete operation on network {id}. There are one or more ports still in use on the network.";
    sharing_in_use(id) CONFLICT "InvalidSharedSetting" "Unable to reconfigure sharing settings for network {id}. Multiple projects are using it.";
    flat_in_use(name) CONFLICT "FlatNetworkInUse" "Unable to create the flat network. Physical network {name} is in use.";
    tunnel_in_use(number) CONFLICT "TunnelIdInUse" "Unable to create the network. The tunnel ID {number} is in use.";
    no_tunnel() SERVICE_UNAVAILABLE "NoNetworkAvailable" "Unable to create the network. No project network is available for allocation.";
    mtu_too_small(id, least) CONFLICT "NetworkMTUSubnetConflict" "MTU of {id} is not valid, subnet requires a minimum of {least}";
    external_in_use(id) CONFLICT "ExternalNetworkInUse" "External network {id} cannot be updated to be made non-external, since it has existing gateway ports.";
    subnet_missing(id) NOT_FOUND "SubnetNotFound" "Subnet {id} could not be found.";
    subnet_in_use(id) CONFLICT "SubnetInUse" "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet.";
    pool_of_subnet_invalid(pool) BAD_REQUEST "InvalidAllocationPool" "The allocation pool {pool} is not valid.";
    pool_out_of_bounds(pool, cidr) BAD_REQUEST "OutOfBoundsAllocationPool" "The allocation pool {pool} spans beyond the subnet cidr {cidr}.";
    pools_overlap(one, two, cidr) CONFLICT "OverlappingAllocationPools" "Found overlapping allocation pools: {one} {two} for subnet {cidr}.";
    gateway_in_pool(address, pool) CONFLICT "GatewayConflictWithAllocationPools" "Gateway ip {address} conflicts with allocation pool {pool}.";
    gateway_in_use(address, port) CONFLICT "GatewayIpInUse" "Current gateway ip {address} already in use by port {port}. Unable to update.";
    too_many_dns(id, most) BAD_REQUEST "DNSNameServersExhausted" "Unable to complete operation for {id}. The number of DNS nameservers exceeds the limit {most}.";
    too_many_host_routes(id, most) BAD_REQUEST "HostRoutesExhausted" "Unable to complete operation for {id}. The number of host routes exceeds the limit {most}.";
    subnetpool_missing(id) NOT_FOUND "SubnetPoolNotFound" "Subnet pool {id} could not be found.";
    subnetpool_in_use(reason) CONFLICT "SubnetPoolDeleteError" "Unable to delete subnet pool: {reason}.";
    subnetpool_mixed() BAD_REQUEST "PrefixVersionMismatch" "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.";
    subnetpool_empty() BAD_REQUEST "EmptySubnetPoolPrefixList" "Empty subnet pool prefix list.";
    subnetpool_bounds(one, length, other, other_length) BAD_REQUEST "IllegalSubnetPoolPrefixBounds" "Illegal prefix bounds: {one}={length}, {other}={other_length}.";
    subnetpool_shrinks(reason) BAD_REQUEST "IllegalSubnetPoolPrefixUpdate" "Illegal update to prefixes: {reason}.";
    subnetpool_quota() CONFLICT "SubnetPoolQuotaExceeded" "Per-project subnet pool prefix quota exceeded.";
    subnetpool_affinity() BAD_REQUEST "NetworkSubnetPoolAffinityError" "Subnets hosted on the same network must be allocated from the same subnet pool.";
    prefix_too_long(length, least) BAD_REQUEST "MinPrefixSubnetAllocationError" "Unable to allocate subnet with prefix length {length}, minimum allowed prefix is {least}.";
    prefix_too_short(length, most) BAD_REQUEST "MaxPrefixSubnetAllocationError" "Unable to allocate subnet with prefix length {length}, maximum allowed prefix is {most}.";
    no_prefix(reason) CONFLICT "SubnetAllocationError" "Failed to allocate subnet: {reason}.";
    port_missing(id) NOT_FOUND "PortNotFound" "Port {id} could not be found.";
    port_in_use(id, network, device) CONFLICT "PortInUse" "Unable to complete operation on port {id} for network {network}. Port already has an attached device {device}.";
    service_port(id, reason) CONFLICT "ServicePortInUse" "Port {id} cannot be deleted directly via the port API: {reason}.";
    mac_in_use(network, mac) CONFLICT "MacAddressInUse" "Unable to complete operation for network {network}. The mac address {mac} is in use.";
    port_bound(id, old, new) CONFLICT "PortBound" "Unable to complete operation on port {id}, port is already bound, port type: ovs, old_mac {old}, new_mac {new}.";
    address_in_use(network, address) CONFLICT "IpAddressInUse" "Unable to complete operation for network {network}. The IP address {address} is in use.";
    address_elsewhere(address) BAD_REQUEST "InvalidIpForNetwork" "IP address {address} is not a valid IP for any of the subnets on the specified network.";
    address_off_device(address) NOT_FOUND "IpAddressNotFound" "Fixed IP {address} is not on a port of the server.";
    address_off_subnet(address) BAD_REQUEST "InvalidIpForSubnet" "IP address {address} is not a valid IP for the specified subnet.";
    address_automatic(address, subnet) BAD_REQUEST "AllocationOnAutoAddressSubnet" "IPv6 address {address} can not be directly assigned to a port on subnet {subnet} since the subnet is configured for automatic addresses";
    no_address(network) CONFLICT "IpAddressGenerationFailure" "No more IP addresses available on network {network}.";
    no_external_address(network) BAD_REQUEST "ExternalIpAddressExhausted" "Unable to find any IP address on external network {network}.";
    pairs_need_security() CONFLICT "AddressPairAndPortSecurityRequired" "Port Security must be enabled in order to have allowed address pairs on a port.";
    pair_twice(mac, address) BAD_REQUEST "DuplicateAddressPairInRequest" "Request contains duplicate address pair: mac_address {mac} ip_address {address}.";
    pair_without_address() BAD_REQUEST "AllowedAddressPairsMissingIP" "AllowedAddressPair must contain ip_address";
    too_many_pairs(most) BAD_REQUEST "AllowedAddressPairExhausted" "The number of allowed address pair exceeds the maximum {most}.";
    groups_need_security() BAD_REQUEST "PortSecurityAndIPRequiredForSecurityGroups" "Port security must be enabled and port must have an IP address in order to use security groups.";
    security_has_groups() CONFLICT "PortSecurityPortHasSecurityGroup" "Port has security group associated. Cannot disable port security or IP address until security group is removed.";
    device_foreign(id) CONFLICT "DeviceIDNotOwnedByTenant" "The following device_id {id} is not owned by your project or matches another project router.";
    router_missing(id) NOT_FOUND "RouterNotFound" "Router {id} could not be found";
    router_in_use(id) CONFLICT "RouterInUse" "Router {id} still has ports";
    interface_missing(router, port) NOT_FOUND "RouterInterfaceNotFound" "Router {router} does not have an interface with id {port}";
    interface_missing_on(router, subnet) NOT_FOUND "RouterInterfaceNotFoundForSubnet" "Router {router} has no interface on subnet {subnet}";
    interface_has_floating(subnet, router) CONFLICT "RouterInterfaceInUseByFloatingIP" "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or more floating IPs.";
    interface_has_route(subnet, router) CONFLICT "RouterInterfaceInUseByRoute" "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or more routes.";
    subnet_mismatch(port, subnet) BAD_REQUEST "SubnetMismatchForPort" "Subnet on port {port} does not match the requested subnet {subnet}.";
    gateway_has_floating(router, network) CONFLICT "RouterExternalGatewayInUseByFloatingIp" "Gateway cannot be updated for router {router}, since a gateway to external network {network} is required by one or more floating IPs.";
    bad_routes(routes, reason) BAD_REQUEST "InvalidRoutes" "Invalid format for routes: {routes}, {reason}";
    too_many_routes(router, most) BAD_REQUEST "RoutesExhausted" "Unable to complete operation for {router}. The number of routes exceeds the maximum {most}.";
    floatingip_ambiguous(address) CONFLICT "NoUniqueMatch" "Multiple floating IPs are found for address {address}.";
    pool_missing() NOT_FOUND "NetworkNotFound" "Floating IP pool not found.";
    pool_ambiguous(name) CONFLICT "NoUniqueMatch" "Multiple floating IP pools matches found for name '{name}'";
    floatingip_missing(id) NOT_FOUND "FloatingIPNotFound" "Floating IP {id} could not be found";
    unreachable(network, subnet, port) NOT_FOUND "ExternalGatewayForFloatingIPNotFound" "External network {network} is not reachable from subnet {subnet}.  Therefore, cannot associate Port {port} with a Floating IP.";
    port_has_floating(address, id, port, fixed, network) CONFLICT "FloatingIPPortAlreadyAssociated" "Cannot associate floating IP {address} ({id}) with port {port} using fixed IP {fixed}, as that fixed IP already has a floating IP on external network {network}.";
    group_missing(id) NOT_FOUND "SecurityGroupNotFound" "Security group {id} does not exist";
    group_ambiguous(name) CONFLICT "NoUniqueMatch" "Multiple security groups match the name '{name}'; use an id";
    group_in_use(id) CONFLICT "SecurityGroupInUse" "Security Group {id} in use.";
    group_default_kept() CONFLICT "SecurityGroupCannotRemoveDefault" "Insufficient rights for removing default security group.";
    group_default_named() CONFLICT "SecurityGroupCannotUpdateDefault" "Updating default security group not allowed.";
    group_default_exists() CONFLICT "SecurityGroupDefaultAlreadyExists" "Default security group already exists.";
    rule_missing(id) NOT_FOUND "SecurityGroupRuleNotFound" "Security group rule {id} does not exist";
    rule_exists(id) CONFLICT "SecurityGroupRuleExists" "Security group rule already exists. Rule id is {id}.";
    rule_twice() CONFLICT "DuplicateSecurityGroupRuleInPost" "Duplicate Security Group Rule in POST.";
    rule_groups_differ() BAD_REQUEST "SecurityGroupNotSingleGroupRules" "Only allowed to update rules for one security profile at a time";
    rule_two_remotes() BAD_REQUEST "SecurityGroupMultipleRemoteEntites" "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.";
    rule_needs_protocol() BAD_REQUEST "SecurityGroupProtocolRequiredWithPorts" "Must also specify protocol if port range is given.";
    rule_bad_range() BAD_REQUEST "SecurityGroupInvalidPortRange" "For TCP/UDP protocols, port_range_min must be <= port_range_max";
    rule_bad_port(port) BAD_REQUEST "SecurityGroupInvalidPortValue" "Invalid value for port {port}";
    rule_no_ports(protocol) BAD_REQUEST "SecurityGroupInvalidProtocolForPort" "Ports cannot be specified for protocol {protocol}. Ports are only supported for dccp, sctp, tcp, udp, udplite, and their integer representations.";
    rule_bad_icmp(field, attribute, value) BAD_REQUEST "SecurityGroupInvalidIcmpValue" "Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.";
    rule_no_icmp_type(value) BAD_REQUEST "SecurityGroupMissingIcmpType" "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing.";
    rule_bad_protocol(protocol) BAD_REQUEST "SecurityGroupRuleInvalidProtocol" "Security group rule protocol {protocol} not supported. Only protocol values {PROTOCOLS} and integer representations [0 to 255] are supported.";
    rule_ethertype_protocol(ethertype, protocol) BAD_REQUEST "SecurityGroupEthertypeConflictWithProtocol" "Invalid ethertype {ethertype} for protocol {protocol}.";
    rule_ethertype_cidr(ethertype, cidr) BAD_REQUEST "SecurityGroupRuleParameterConflict" "Conflicting value ethertype {ethertype} for CIDR {cidr}";
    rbac_missing(id) NOT_FOUND "RbacPolicyNotFound" "RBAC policy of type network with ID {id} not found";
    rbac_twice() CONFLICT "DuplicateRbacPolicy" "An RBAC policy already exists with those values.";
    rbac_in_use(id) CONFLICT "RbacPolicyInUse" "RBAC policy on object {id} cannot be removed because other objects depend on it.";
    rbac_bad_type(name) BAD_REQUEST "HTTPBadRequest" "Invalid input for object_type. Reason: '{name}' is not in ['network'].";
    rbac_bad_action(name) BAD_REQUEST "InvalidRBACActionValue" "Invalid action '{name}' for object type 'network'. Valid actions: access_as_shared, access_as_external.";
    tag_missing(tag) NOT_FOUND "TagNotFound" "Tag {tag} could not be found.";
    agent_missing(id) NOT_FOUND "AgentNotFound" "Agent {id} could not be found.";
    extension_missing(alias) NOT_FOUND "HTTPNotFound" "Extension with alias {alias} does not exist";
}

const PROTOCOLS: &str = "[None, 'ah', 'dccp', 'egp', 'esp', 'gre', 'hopopt', 'icmp', 'icmpv6', 'igmp', 'ip', 'ipip', 'ipv6-encap', 'ipv6-frag', 'ipv6-icmp', 'ipv6-nonxt', 'ipv6-opts', 'ipv6-route', 'ospf', 'pgm', 'rsvp', 'sctp', 'tcp', 'udp', 'udplite', 'vrrp']";
