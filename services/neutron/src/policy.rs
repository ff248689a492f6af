//! Who may do what: Neutron's names with today's defaults.

use platform::policy::Rule;

pub(crate) static DEFAULTS: &[&[Rule]] =
    &[NAMES, NETWORKS, SUBNETS, PORTS, ROUTERS, FLOATING, GROUPS, OTHERS, TAGS];

/// Rules that show what is everybody's in lists: to administrators, and to other services.
pub(crate) const SEES_ALL: &[&str] = &["context_is_admin", "service_api"];

const MEMBER: &str = "rule:admin_only or (role:member and project_id:%(project_id)s)";
const READER: &str = "rule:admin_only or (role:reader and project_id:%(project_id)s)";
const MANAGER: &str = "rule:admin_only or (role:manager and project_id:%(project_id)s)";
const ADMIN: &str = "rule:admin_only";
const NETWORK_OWNER: &str = "rule:admin_only or (role:member and rule:network_owner)";
const MEMBER_OR_NETWORK_OWNER: &str =
    "rule:admin_only or (role:member and project_id:%(project_id)s) or (role:member and rule:network_owner)";
const SERVICE: &str = "rule:admin_only or rule:service_api";
const SERVICE_OR_OWNER: &str = "rule:admin_only or rule:service_api or (role:member and rule:network_owner)";
const SERVICE_OR_MEMBER: &str =
    "rule:admin_only or rule:service_api or (role:member and project_id:%(project_id)s)";
const SERVICE_OR_OWNER_OR_SHARED: &str = "rule:admin_only or rule:service_api or (role:member and rule:network_owner) or (role:member and rule:shared)";

macro_rules! rules {
    ($table:ident: $($name:literal = $default:expr;)*) => {
        const $table: &[Rule] = &[$(Rule { name: $name, default: $default, doc: $name },)*];
    };
}

rules! { NAMES:
    "network_owner" = "project_id:%(network:project_id)s";
    "sg_owner" = "project_id:%(security_group:project_id)s";
    "shared" = "True:%(shared)s";
    "external" = "True:%(router:external)s";
    "context_is_advsvc" = "role:advsvc";
    "network_device" = "'network':%(device_kind)s";
    "compute_device" = "'compute':%(device_kind)s";
    "baremetal_device" = "'baremetal':%(device_kind)s";
}
rules! { NETWORKS:
    "create_network" = MEMBER;
    "create_network:shared" = ADMIN;
    "create_network:router:external" = ADMIN;
    "create_network:port_security_enabled" = MEMBER;
    "create_network:provider:network_type" = ADMIN;
    "create_network:provider:physical_network" = ADMIN;
    "create_network:provider:segmentation_id" = ADMIN;
    "get_network" = "rule:admin_only or (role:reader and project_id:%(project_id)s) or rule:service_api or rule:shared or rule:external or rule:context_is_advsvc";
    "get_network:provider:network_type" = ADMIN;
    "update_network" = MEMBER;
    "update_network:shared" = ADMIN;
    "update_network:router:external" = ADMIN;
    "update_network:port_security_enabled" = MEMBER;
    "update_network:provider:network_type" = ADMIN;
    "update_network:provider:physical_network" = ADMIN;
    "update_network:provider:segmentation_id" = ADMIN;
    "delete_network" = MEMBER;
    "get_network_ip_availability" = SERVICE;
    "create_rbac_policy" = MEMBER;
    "create_rbac_policy:target_tenant" = "rule:admin_only or not '*':%(target_tenant)s";
    "update_rbac_policy" = MEMBER;
    "update_rbac_policy:target_tenant" = "rule:admin_only or not '*':%(target_tenant)s";
    "get_rbac_policy" = READER;
    "delete_rbac_policy" = MEMBER;
}
rules! { SUBNETS:
    "create_subnet" = NETWORK_OWNER;
    "create_subnet:service_types" = ADMIN;
    "get_subnet" = "rule:admin_only or (role:reader and project_id:%(project_id)s) or (role:reader and rule:network_owner) or rule:shared or rule:external or rule:service_api";
    "update_subnet" = MEMBER_OR_NETWORK_OWNER;
    "update_subnet:service_types" = ADMIN;
    "delete_subnet" = MEMBER_OR_NETWORK_OWNER;
    "create_subnetpool" = MEMBER;
    "create_subnetpool:shared" = ADMIN;
    "create_subnetpool:is_default" = ADMIN;
    "get_subnetpool" = "rule:admin_only or (role:reader and project_id:%(project_id)s) or rule:shared";
    "update_subnetpool" = MEMBER;
    "update_subnetpool:is_default" = ADMIN;
    "delete_subnetpool" = MEMBER;
}
rules! { PORTS:
    // Neutron asks only for the network here: that the port is for the caller's own project is seen to before.
    "create_port" = SERVICE_OR_OWNER_OR_SHARED;
    "create_port:device_id" = SERVICE_OR_MEMBER;
    "create_port:device_owner" = "not rule:network_device or rule:admin_only or rule:service_api or (role:member and rule:network_owner)";
    "create_port:mac_address" = SERVICE_OR_OWNER;
    "create_port:fixed_ips" = SERVICE_OR_OWNER_OR_SHARED;
    "create_port:fixed_ips:ip_address" = SERVICE_OR_OWNER;
    "create_port:fixed_ips:subnet_id" = SERVICE_OR_OWNER_OR_SHARED;
    "create_port:port_security_enabled" = SERVICE_OR_OWNER;
    "create_port:binding:host_id" = SERVICE;
    "create_port:binding:profile" = "rule:service_api";
    "create_port:binding:vnic_type" = SERVICE_OR_MEMBER;
    "create_port:allowed_address_pairs" = SERVICE_OR_OWNER;
    "get_port" = "rule:admin_only or rule:service_api or (role:reader and rule:network_owner) or (role:reader and project_id:%(project_id)s)";
    "get_port:binding:host_id" = SERVICE;
    "update_port" = SERVICE_OR_MEMBER;
    "update_port:device_id" = SERVICE_OR_MEMBER;
    "update_port:device_owner" = "not rule:network_device or rule:admin_only or rule:service_api or (role:member and rule:network_owner)";
    "update_port:mac_address" = "rule:admin_only or rule:service_api or (role:manager and rule:network_owner)";
    "update_port:fixed_ips" = SERVICE_OR_OWNER;
    "update_port:fixed_ips:ip_address" = SERVICE_OR_OWNER;
    "update_port:fixed_ips:subnet_id" = SERVICE_OR_OWNER_OR_SHARED;
    "update_port:port_security_enabled" = SERVICE_OR_OWNER;
    "update_port:binding:host_id" = SERVICE;
    "update_port:binding:profile" = "rule:service_api";
    "update_port:binding:vnic_type" = SERVICE_OR_MEMBER;
    "update_port:allowed_address_pairs" = SERVICE_OR_OWNER;
    "delete_port" = "rule:admin_only or rule:service_api or (not rule:compute_device and not rule:baremetal_device and (role:member and rule:network_owner or role:member and project_id:%(project_id)s))";
}
rules! { ROUTERS:
    "create_router" = MEMBER;
    "create_router:external_gateway_info" = MEMBER;
    "create_router:external_gateway_info:enable_snat" = ADMIN;
    "create_router:external_gateway_info:external_fixed_ips" = ADMIN;
    "get_router" = READER;
    "update_router" = MEMBER;
    "update_router:external_gateway_info" = MEMBER;
    "update_router:external_gateway_info:enable_snat" = ADMIN;
    "update_router:external_gateway_info:external_fixed_ips" = ADMIN;
    "delete_router" = MEMBER;
    "add_router_interface" = MEMBER;
    "remove_router_interface" = MEMBER;
    "add_extraroutes" = MEMBER;
    "remove_extraroutes" = MEMBER;
}
rules! { FLOATING:
    "create_floatingip" = MEMBER;
    "create_floatingip:floating_ip_address" = MANAGER;
    "get_floatingip" = READER;
    "update_floatingip" = MEMBER;
    "delete_floatingip" = MEMBER;
}
rules! { GROUPS:
    "create_security_group" = MEMBER;
    "get_security_group" = READER;
    "update_security_group" = MEMBER;
    "delete_security_group" = MEMBER;
    "create_security_group_rule" = "rule:admin_only or (role:member and rule:sg_owner)";
    "get_security_group_rule" = "rule:admin_only or (role:reader and rule:sg_owner)";
    "delete_security_group_rule" = "rule:admin_only or (role:member and rule:sg_owner)";
}
rules! { OTHERS:
    "get_quota" = MANAGER;
    "get_quotas" = ADMIN;
    "update_quota" = ADMIN;
    "delete_quota" = ADMIN;
    "get_agent" = ADMIN;
    "update_agent" = ADMIN;
    "delete_agent" = ADMIN;
    "get_availability_zone" = "role:reader";
    "get_service_provider" = "role:reader";
    "get_extension" = "";
}
rules! { TAGS:
    "get_network:tags" = "rule:get_network";
    "update_network:tags" = MEMBER;
    "delete_network:tags" = MEMBER;
    "get_subnet:tags" = "rule:get_subnet";
    "update_subnet:tags" = MEMBER_OR_NETWORK_OWNER;
    "delete_subnet:tags" = MEMBER_OR_NETWORK_OWNER;
    "get_subnetpool:tags" = "rule:get_subnetpool";
    "update_subnetpool:tags" = MEMBER;
    "delete_subnetpool:tags" = MEMBER;
    "get_port:tags" = "rule:get_port";
    "update_port:tags" = MEMBER;
    "delete_port:tags" = "rule:admin_only or (role:member and project_id:%(project_id)s) or (role:member and rule:network_owner)";
    "get_router:tags" = "rule:get_router";
    "update_router:tags" = MEMBER;
    "delete_router:tags" = MEMBER;
    "get_floatingip:tags" = "rule:get_floatingip";
    "update_floatingip:tags" = MEMBER;
    "delete_floatingip:tags" = MEMBER;
    "get_security_group:tags" = "rule:get_security_group";
    "update_security_group:tags" = MEMBER;
    "delete_security_group:tags" = MEMBER;
}
