"""Networking: networks, subnets, ports, routers, floating IPs, security groups, quotas and the rest."""
SERVICE = "network"
NOBODY = "00000000-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


def cases(ask):
    versions(ask)
    networks(ask)
    subnets(ask)
    ports(ask)
    routers(ask)
    groups(ask)
    floating(ask)
    pools(ask)
    others(ask)
    delete(ask)


def versions(ask):
    ask("GET /")
    ask("GET /", who="nobody")
    ask("GET /v2.0", loose=("resources",))
    ask("GET /v2.0/", loose=("resources",))
    ask("HEAD /")
    ask("GET /v3")
    ask("GET /nothing")
    ask("GET /v2.0/nothing")
    ask("GET /v2.0/nothing", who="nobody")
    ask("GET /v2.0/extensions")
    ask("GET /v2.0/extensions/router")
    ask("GET /v2.0/extensions/nothing")
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        ask(f"{method} /v2.0/networks")
    for method in ("POST", "PATCH", "HEAD", "OPTIONS"):
        ask(f"{method} /v2.0/networks/{NOBODY}")
    for path in ("networks", "ports", "quotas", "extensions"):
        ask(f"GET /v2.0/{path}", who="nobody")
        ask(f"GET /v2.0/{path}", who="torn")
    ask("GET /v2.0/networks.json?name={run}", exact=True)
    ask("GET /v2.0/networks/?name={run}", exact=True)
    ask("GET /v2.0/networks?name={run}", headers={"Accept": "text/html"}, exact=True)
    ask("GET /v2.0/networks?name={run}", headers={"Accept": "application/xml"}, exact=True)


def wrong_bodies(ask, path, wrapper):
    for body in ("", "{", "[]", "null", "{}", '{"x": {}}', '{"%s": null}' % wrapper, '{"%s": []}' % wrapper, '{"%s": {}}' % wrapper, '{"%s": {"nothing": 1}}' % wrapper):
        ask(f"POST {path}", body, headers=JSON, who="member")
    ask(f"POST {path}", '{"%s": {}}' % wrapper, headers={"Content-Type": "text/plain"}, who="member")
    for who in ("reader", "nobody"):
        ask(f"POST {path}", '{"%s": {}}' % wrapper, headers=JSON, who=who)


def wrong_ids(ask, path, wrapper):
    for wrong in (NOBODY, "nothing"):
        ask(f"GET {path}/{wrong}", who="member")
        ask(f"DELETE {path}/{wrong}", who="member")
        ask(f"PUT {path}/{wrong}", {wrapper: {"description": "x"}}, who="member")


def others_people(ask, path, wrapper):
    """What is another project's."""
    for who in ("reader", "stranger"):
        ask(f"GET {path}", who=who)
        ask(f"PUT {path}", {wrapper: {"description": "x"}}, who=who)
        ask(f"DELETE {path}", who=who)
    ask(f"GET {path}", who="admin")
    ask(f"GET {path}", who="nobody")


def paging(ask, path):
    for query in ("limit=x", "limit=-1", "limit=0", "limit=1", f"limit=1&marker={NOBODY}", "marker=nothing", "sort_key=nothing", "sort_key=name&sort_dir=nothing", "sort_key=name", "sort_dir=asc",
                  "fields=id&fields=name&name={run}", "fields=nothing", "nothing=x", "admin_state_up=x", "id=nothing", "page_reverse=True&limit=1"):
        ask(f"GET {path}?{query}", who="member")


def networks(ask):
    path = "/v2.0/networks"
    wrong_bodies(ask, path, "network")
    wrong_ids(ask, path, "network")
    ask(f"POST {path}", {"network": {}}, who="member", keep={"bare_net": "network.id"}, undo=f"{path}/{{bare_net}}")
    ask(f"POST {path}", {"network": {"name": "{run}-net", "admin_state_up": True, "description": "d", "port_security_enabled": True}}, who="member", keep={"net": "network.id"}, undo=f"{path}/{{net}}")
    ask(f"POST {path}", {"networks": [{"name": "{run}-bulk-1"}, {"name": "{run}-bulk-2"}]}, who="member", keep={"bulk1": "networks.0.id", "bulk2": "networks.1.id"}, undo=f"{path}/{{bulk1}}", exact=True)
    ask(f"POST {path}", {"networks": []}, who="member")
    ask(f"POST {path}", {"networks": [{"name": "x"}, {"name": 5}]}, who="member")
    ask(f"POST {path}", {"network": {"name": "{run}-ext", "router:external": True, "shared": False}}, keep={"ext": "network.id"}, undo=f"{path}/{{ext}}")
    ask(f"POST {path}", {"network": {"name": "{run}-shared", "shared": True}}, keep={"shared": "network.id"}, undo=f"{path}/{{shared}}")
    for more in ({"name": 5}, {"name": None}, {"name": "x" * 256}, {"admin_state_up": "x"}, {"admin_state_up": 5}, {"admin_state_up": "true"}, {"shared": True}, {"router:external": True}, {"tenant_id": "{other_project}"},
                 {"project_id": "{own_project}", "tenant_id": "{other_project}"}, {"description": 5}, {"description": "x" * 256}, {"id": NOBODY}, {"status": "ACTIVE"}, {"subnets": []}, {"mtu": -1}, {"mtu": "x"}, {"mtu": 1400},
                 {"port_security_enabled": "x"}, {"provider:network_type": "geneve"}, {"availability_zone_hints": ["nothing"]}, {"availability_zone_hints": "x"}, {"dns_domain": "x"}, {"qos_policy_id": NOBODY}, {"tags": ["x"]}, {"vlan_transparent": True}):
        ask(f"POST {path}", {"network": more}, who="member", keep={"accident": "network.id"}, undo=f"{path}/{{accident}}")
    for more in ({"provider:network_type": "nothing"}, {"provider:network_type": "vlan"}, {"provider:network_type": "flat"}, {"provider:segmentation_id": 5}, {"provider:network_type": "geneve", "provider:physical_network": "x"},
                 {"tenant_id": ""}, {"is_default": True}):
        ask(f"POST {path}", {"network": more}, keep={"accident": "network.id"}, undo=f"{path}/{{accident}}")
    ask(f"GET {path}/{{net}}", who="member")
    ask(f"GET {path}/{{net}}?fields=id", who="member")
    others_people(ask, f"{path}/{{net}}", "network")
    ask(f"GET {path}/{{ext}}", who="member")
    ask(f"GET {path}/{{shared}}", who="stranger")
    ask(f"PUT {path}/{{shared}}", {"network": {"name": "x"}}, who="stranger")
    ask(f"DELETE {path}/{{shared}}", who="stranger")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}?name={{run}}-net&fields=id&fields=name", who="member", exact=True)
    ask(f"GET {path}?sort_key=name&sort_dir=desc&name={{run}}-net&name={{run}}-bulk-1&fields=name", who="member", exact=True)
    ask(f"GET {path}?sort_key=name&sort_dir=asc&limit=1&project_id={{own_project}}&shared=False&fields=name", who="member", exact=True)
    ask(f"GET {path}?router:external=True&name={{run}}-ext&fields=name", who="member", exact=True)
    paging(ask, path)
    for more in ({}, {"name": "{run}-new"}, {"name": None}, {"admin_state_up": False}, {"admin_state_up": "x"}, {"shared": True}, {"tenant_id": "{other_project}"}, {"id": NOBODY}, {"nothing": 1}, {"status": "x"}, {"provider:network_type": "x"}, {"mtu": 1300}):
        ask(f"PUT {path}/{{net}}", {"network": more}, who="member")
    ask(f"PUT {path}/{{net}}", "{", headers=JSON, who="member")
    ask(f"PUT {path}/{{net}}", {"network": {"name": "{run}-net"}}, who="admin", headers={"If-Match": "revision_number=99"})


def subnets(ask):
    path = "/v2.0/subnets"
    wrong_bodies(ask, path, "subnet")
    wrong_ids(ask, path, "subnet")
    good = {"network_id": "{net}", "cidr": "10.77.0.0/24", "ip_version": 4}
    ask(f"POST {path}", {"subnet": good}, who="member", keep={"subnet": "subnet.id"}, undo=f"{path}/{{subnet}}")
    ask(f"POST {path}", {"subnet": good}, who="member", note="overlaps")
    ask(f"POST {path}", {"subnet": {**good, "cidr": "10.78.0.0/24", "name": "{run}-full", "gateway_ip": "10.78.0.254", "enable_dhcp": False, "dns_nameservers": ["10.0.0.2", "10.0.0.1"],
        "host_routes": [{"destination": "10.9.0.0/24", "nexthop": "10.78.0.9"}], "allocation_pools": [{"start": "10.78.0.10", "end": "10.78.0.20"}], "description": "d"}}, who="member", keep={"full_subnet": "subnet.id"}, undo=f"{path}/{{full_subnet}}")
    ask(f"POST {path}", {"subnet": {**good, "network_id": "{ext}", "cidr": "198.51.100.0/24"}}, keep={"ext_subnet": "subnet.id"}, undo=f"{path}/{{ext_subnet}}")
    ask(f"POST {path}", {"subnet": {"network_id": "{net}", "cidr": "fd77::/64", "ip_version": 6, "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}}, who="member", keep={"v6": "subnet.id"}, undo=f"{path}/{{v6}}")
    for more in ({"cidr": "x"}, {"cidr": 5}, {"cidr": "10.79.0.0/33"}, {"cidr": "10.79.0.5/24"}, {"cidr": "10.79.0.0/32"}, {"cidr": "0.0.0.0/0"}, {"cidr": "224.0.0.0/24"}, {"ip_version": 5}, {"ip_version": "x"}, {"ip_version": 6}, {"network_id": NOBODY}, {"network_id": "x"},
                 {"gateway_ip": "x"}, {"gateway_ip": "10.80.0.1"}, {"gateway_ip": "10.79.0.0"}, {"gateway_ip": None}, {"allocation_pools": "x"}, {"allocation_pools": [{"start": "10.79.0.9", "end": "10.79.0.2"}]},
                 {"allocation_pools": [{"start": "10.80.0.2", "end": "10.80.0.9"}]}, {"allocation_pools": [{"start": "10.79.0.2", "end": "10.79.0.9"}, {"start": "10.79.0.5", "end": "10.79.0.12"}]},
                 {"allocation_pools": [{"start": "10.79.0.1", "end": "10.79.0.9"}], "gateway_ip": "10.79.0.1"}, {"allocation_pools": [{"start": "x"}]}, {"dns_nameservers": ["x"]}, {"dns_nameservers": "x"}, {"dns_nameservers": ["10.0.0.1", "10.0.0.1"]},
                 {"host_routes": ["x"]}, {"host_routes": [{"destination": "x", "nexthop": "y"}]}, {"enable_dhcp": "x"}, {"ipv6_ra_mode": "slaac"}, {"name": 5}, {"name": "x" * 256}, {"tenant_id": "{other_project}"}, {"subnetpool_id": NOBODY}, {"prefixlen": 24}, {"service_types": ["x"]}):
        ask(f"POST {path}", {"subnet": {**good, "cidr": "10.79.0.0/24", **more}}, who="member", keep={"accident": "subnet.id"})
        if ask.answers[list(ask.answers)[-1]]["status"] == 201:
            ask.quietly("network", f"DELETE {path}/{{accident}}", who="member")
    for key in good:
        ask(f"POST {path}", {"subnet": {name: value for name, value in good.items() if name != key}}, who="member", note=f"without {key}")
    ask(f"POST {path}", {"subnet": {**good, "network_id": "{shared}", "cidr": "10.81.0.0/24"}}, who="stranger")
    ask(f"POST {path}", {"subnet": {"network_id": "{net}", "cidr": "fd78::/64", "ip_version": 6, "ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateful"}}, who="member")
    ask(f"GET {path}/{{subnet}}", who="member")
    others_people(ask, f"{path}/{{subnet}}", "subnet")
    ask(f"GET {path}?network_id={{net}}&sort_key=cidr&fields=cidr", who="member", exact=True)
    ask(f"GET {path}", who="member")
    for more in ({}, {"name": "{run}-new"}, {"gateway_ip": "10.77.0.254"}, {"gateway_ip": "10.99.0.1"}, {"cidr": "10.82.0.0/24"}, {"allocation_pools": [{"start": "10.77.0.50", "end": "10.77.0.99"}]}, {"dns_nameservers": ["10.0.0.9"]}, {"ip_version": 6}, {"network_id": "{ext}"}, {"enable_dhcp": False}, {"host_routes": None}):
        ask(f"PUT {path}/{{subnet}}", {"subnet": more}, who="member")


def ports(ask):
    path = "/v2.0/ports"
    wrong_bodies(ask, path, "port")
    wrong_ids(ask, path, "port")
    ask(f"POST {path}", {"port": {"network_id": "{net}"}}, who="member", keep={"port": "port.id"}, undo=f"{path}/{{port}}")
    ask(f"POST {path}", {"port": {"network_id": "{net}", "name": "{run}-full", "admin_state_up": False, "fixed_ips": [{"subnet_id": "{subnet}", "ip_address": "10.77.0.60"}], "security_groups": [], "device_id": "d", "description": "d",
        "allowed_address_pairs": [{"ip_address": "10.77.0.70"}], "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400"}], "binding:vnic_type": "normal"}}, who="member", keep={"full_port": "port.id"}, undo=f"{path}/{{full_port}}")
    ask(f"POST {path}", {"port": {"network_id": "{net}"}}, keep={"admin_port": "port.id"}, undo=f"{path}/{{admin_port}}")
    for more in ({"network_id": NOBODY}, {"network_id": "x"}, {"network_id": "{ext}"}, {"fixed_ips": "x"}, {"fixed_ips": [{"ip_address": "x"}]}, {"fixed_ips": [{"ip_address": "10.99.0.1"}]}, {"fixed_ips": [{"subnet_id": NOBODY}]}, {"fixed_ips": [{"subnet_id": "{ext_subnet}"}]},
                 {"fixed_ips": [{"subnet_id": "{subnet}", "ip_address": "10.77.0.60"}]}, {"fixed_ips": [{"subnet_id": "{subnet}", "ip_address": "10.77.0.0"}]}, {"fixed_ips": [{"nothing": 1}]}, {"fixed_ips": []}, {"security_groups": [NOBODY]}, {"security_groups": "x"}, {"security_groups": ["x"]},
                 {"mac_address": "x"}, {"mac_address": "fa:16:3e:00:00:01"}, {"device_owner": "network:dhcp"}, {"device_id": 5}, {"admin_state_up": "x"}, {"name": "x" * 256}, {"name": 5}, {"allowed_address_pairs": "x"}, {"allowed_address_pairs": [{"ip_address": "x"}]}, {"allowed_address_pairs": [{}]},
                 {"port_security_enabled": False}, {"port_security_enabled": "x"}, {"binding:host_id": "x"}, {"binding:vnic_type": "nothing"}, {"binding:profile": {"x": 1}}, {"extra_dhcp_opts": "x"}, {"extra_dhcp_opts": [{"opt_name": ""}]}, {"tenant_id": "{other_project}"}, {"status": "ACTIVE"}, {"dns_name": "x"}, {"propagate_uplink_status": True}, {"qos_policy_id": NOBODY}):
        ask(f"POST {path}", {"port": {"network_id": "{net}", **more}}, who="member", keep={"accident": "port.id"}, undo=f"{path}/{{accident}}")
    ask(f"POST {path}", {"port": {"network_id": "{net}"}}, who="stranger")
    ask(f"POST {path}", {"port": {"network_id": "{shared}"}}, who="stranger", keep={"their_port": "port.id"}, undo=f"{path}/{{their_port}}")
    ask(f"POST {path}", {"ports": [{"network_id": "{net}"}, {"network_id": NOBODY}]}, who="member")
    ask(f"GET {path}/{{port}}", who="member")
    others_people(ask, f"{path}/{{port}}", "port")
    ask(f"GET {path}/{{their_port}}", who="member")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}?fixed_ips=ip_address%3D10.77.0.60&fields=name", who="member", exact=True)
    ask(f"GET {path}?fixed_ips=x", who="member")
    ask(f"GET {path}?device_id=d&fields=name&fields=device_id", who="member", exact=True)
    ask(f"GET {path}?mac_address=x", who="member")
    for more in ({}, {"name": "{run}-new"}, {"fixed_ips": [{"ip_address": "10.99.0.1"}]}, {"fixed_ips": [{"subnet_id": "{subnet}", "ip_address": "10.77.0.60"}]}, {"mac_address": "fa:16:3e:00:00:02"}, {"network_id": "{ext}"}, {"security_groups": []}, {"security_groups": [NOBODY]}, {"device_owner": "compute:nova"},
                 {"admin_state_up": "x"}, {"port_security_enabled": False}, {"binding:host_id": "x"}, {"allowed_address_pairs": []}, {"nothing": 1}):
        ask(f"PUT {path}/{{port}}", {"port": more}, who="member")
    ask("DELETE /v2.0/subnets/{subnet}", who="member", note="with ports")
    ask("DELETE /v2.0/networks/{net}", who="member", note="with ports")
    ask(f"GET {path}/{{port}}/allowed_address_pairs", who="member")


def routers(ask):
    path = "/v2.0/routers"
    wrong_bodies(ask, path, "router")
    wrong_ids(ask, path, "router")
    ask(f"POST {path}", {"router": {}}, who="member", keep={"router": "router.id"}, undo=f"{path}/{{router}}")
    ask(f"POST {path}", {"router": {"name": "{run}-full", "admin_state_up": False, "external_gateway_info": {"network_id": "{ext}"}, "description": "d"}}, who="member", keep={"full_router": "router.id"}, undo=f"{path}/{{full_router}}")
    for more in ({"name": 5}, {"name": "x" * 256}, {"admin_state_up": "x"}, {"external_gateway_info": "x"}, {"external_gateway_info": {}}, {"external_gateway_info": {"network_id": NOBODY}}, {"external_gateway_info": {"network_id": "{net}"}}, {"external_gateway_info": {"network_id": "x"}},
                 {"external_gateway_info": {"network_id": "{ext}", "enable_snat": False}}, {"external_gateway_info": {"network_id": "{ext}", "external_fixed_ips": [{"ip_address": "10.0.0.1"}]}}, {"distributed": True}, {"ha": True}, {"tenant_id": "{other_project}"}, {"routes": []}, {"status": "x"}, {"availability_zone_hints": ["x"]}, {"flavor_id": NOBODY}):
        ask(f"POST {path}", {"router": more}, who="member", keep={"accident": "router.id"}, undo=f"{path}/{{accident}}")
    ask(f"GET {path}/{{router}}", who="member")
    others_people(ask, f"{path}/{{router}}", "router")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}?name={{run}}-full&fields=name", who="member", exact=True)
    for more in ({}, {"name": "{run}-new"}, {"external_gateway_info": {"network_id": "{ext}"}}, {"routes": "x"}, {"routes": [{"destination": "x", "nexthop": "10.77.0.1"}]}, {"routes": [{"destination": "10.1.0.0/24", "nexthop": "10.99.0.1"}]}, {"admin_state_up": "x"}, {"distributed": True}, {"nothing": 1}):
        ask(f"PUT {path}/{{router}}", {"router": more}, who="member")
    add = f"PUT {path}/{{router}}/add_router_interface"
    for body in ("", "{", "[]", "{}", '{"subnet_id": 5}', '{"subnet_id": "x"}', '{"subnet_id": "%s"}' % NOBODY, '{"port_id": "%s"}' % NOBODY, '{"nothing": 1}'):
        ask(add, body, headers=JSON, who="member")
    ask(add, {"subnet_id": "{subnet}", "port_id": "{port}"}, who="member")
    ask(add, {"subnet_id": "{subnet}"}, who="stranger")
    ask(add, {"subnet_id": "{subnet}"}, who="reader")
    ask(add, {"subnet_id": "{subnet}"}, who="member")
    ask(add, {"subnet_id": "{subnet}"}, who="member", note="again")
    ask(f"PUT {path}/{NOBODY}/add_router_interface", {"subnet_id": "{subnet}"}, who="member")
    ask(add, {"port_id": "{port}"}, who="member")
    ask(f"PUT {path}/{{router}}", {"router": {"routes": [{"destination": "10.1.0.0/24", "nexthop": "10.77.0.99"}]}}, who="member")
    ask(f"PUT {path}/{{router}}/add_extraroutes", {"router": {"routes": [{"destination": "10.2.0.0/24", "nexthop": "10.77.0.98"}]}}, who="member")
    ask(f"PUT {path}/{{router}}/remove_extraroutes", {"router": {"routes": [{"destination": "10.2.0.0/24", "nexthop": "10.77.0.98"}]}}, who="member")
    ask(f"DELETE {path}/{{router}}", who="member", note="with an interface")
    ask("DELETE /v2.0/ports/{nobody_port}", who="member")
    ask(f"GET {path}/{{router}}/l3-agents")


def groups(ask):
    path, rules = "/v2.0/security-groups", "/v2.0/security-group-rules"
    wrong_bodies(ask, path, "security_group")
    wrong_ids(ask, path, "security_group")
    ask(f"POST {path}", {"security_group": {"name": "{run}-group"}}, who="member", keep={"sg": "security_group.id"}, undo=f"{path}/{{sg}}")
    ask(f"POST {path}", {"security_group": {"name": "{run}-stateless", "description": "d", "stateful": False}}, who="member", keep={"sg2": "security_group.id"}, undo=f"{path}/{{sg2}}")
    for more in ({"name": 5}, {"name": ""}, {"name": None}, {"name": "default"}, {"name": "x" * 256}, {"description": 5}, {"stateful": "x"}, {"tenant_id": "{other_project}"}, {"id": NOBODY}):
        ask(f"POST {path}", {"security_group": {"name": "{run}-wrong", **more}}, who="member", keep={"accident": "security_group.id"}, undo=f"{path}/{{accident}}")
    ask(f"GET {path}/{{sg}}", who="member")
    others_people(ask, f"{path}/{{sg}}", "security_group")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}?name=default&project_id={{own_project}}&fields=name", who="member", exact=True)
    ask.cloud.known["default_sg"] = ask.quietly("network", f"GET {path}?name=default&project_id={{own_project}}", who="member").json()["security_groups"][0]["id"]
    ask(f"DELETE {path}/{{default_sg}}", who="member")
    ask(f"PUT {path}/{{default_sg}}", {"security_group": {"name": "x"}}, who="member")
    ask(f"PUT {path}/{{sg}}", {"security_group": {"name": "{run}-new"}}, who="member")
    ask(f"PUT {path}/{{sg}}", {"security_group": {"name": "default"}}, who="member")
    ask(f"PUT {path}/{{sg}}", {"security_group": {}}, who="member")
    wrong_bodies(ask, rules, "security_group_rule")
    for wrong in (NOBODY, "nothing"):
        ask(f"GET {rules}/{wrong}", who="member")
        ask(f"DELETE {rules}/{wrong}", who="member")
    good = {"security_group_id": "{sg}", "direction": "ingress"}
    ask(f"POST {rules}", {"security_group_rule": good}, who="member", keep={"rule": "security_group_rule.id"})
    ask(f"POST {rules}", {"security_group_rule": good}, who="member", note="again")
    ask(f"POST {rules}", {"security_group_rule": {**good, "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "10.0.0.0/8", "description": "d"}}, who="member", keep={"full_rule": "security_group_rule.id"})
    ask(f"POST {rules}", {"security_group_rule": {**good, "remote_group_id": "{sg2}", "protocol": "udp"}}, who="member")
    ask(f"POST {rules}", {"security_group_rule": {**good, "protocol": "icmp", "port_range_min": 8, "port_range_max": 0}}, who="member")
    ask(f"POST {rules}", {"security_group_rule": {**good, "protocol": 47}}, who="member")
    for more in ({"direction": "x"}, {"direction": None}, {"ethertype": "x"}, {"ethertype": "IPv6", "remote_ip_prefix": "10.0.0.0/8"}, {"protocol": "nothing"}, {"protocol": 300}, {"protocol": -1}, {"port_range_min": 5}, {"protocol": "tcp", "port_range_min": 9, "port_range_max": 5}, {"protocol": "tcp", "port_range_min": 0, "port_range_max": 5},
                 {"protocol": "tcp", "port_range_min": 1, "port_range_max": 70000}, {"protocol": "tcp", "port_range_min": "x"}, {"protocol": "tcp", "port_range_max": 5}, {"protocol": "icmp", "port_range_min": 300}, {"protocol": "icmp", "port_range_max": 5}, {"protocol": "icmp", "ethertype": "IPv6"}, {"remote_ip_prefix": "x"},
                 {"remote_ip_prefix": "10.0.0.5/8"}, {"remote_group_id": NOBODY}, {"remote_group_id": "x"}, {"remote_group_id": "{sg}", "remote_ip_prefix": "10.0.0.0/8"}, {"security_group_id": NOBODY}, {"security_group_id": "x"}, {"protocol": "gre", "port_range_min": 5, "port_range_max": 5}):
        ask(f"POST {rules}", {"security_group_rule": {**good, **more}}, who="member", keep={"accident": "security_group_rule.id"}, undo=f"{rules}/{{accident}}")
    ask(f"POST {rules}", {"security_group_rule": good}, who="stranger")
    ask(f"GET {rules}/{{rule}}", who="member")
    ask(f"GET {rules}/{{rule}}", who="stranger")
    ask(f"GET {rules}?security_group_id={{sg}}", who="member")
    ask(f"PUT {rules}/{{rule}}", {"security_group_rule": {"description": "x"}}, who="member")
    ask(f"DELETE {rules}/{{rule}}", who="stranger")
    ask(f"DELETE {rules}/{{rule}}", who="member")
    ask(f"DELETE {rules}/{{rule}}", who="member", note="gone")
    ask("GET /v2.0/default-security-group-rules")


def floating(ask):
    path = "/v2.0/floatingips"
    wrong_bodies(ask, path, "floatingip")
    wrong_ids(ask, path, "floatingip")
    good = {"floating_network_id": "{ext}"}
    ask(f"POST {path}", {"floatingip": good}, who="member", keep={"fip": "floatingip.id", "fip_address": "floatingip.floating_ip_address"}, undo=f"{path}/{{fip}}")
    for more in ({"floating_network_id": NOBODY}, {"floating_network_id": "x"}, {"floating_network_id": "{net}"}, {"floating_ip_address": "198.51.100.77"}, {"floating_ip_address": "x"}, {"floating_ip_address": "10.0.0.1"}, {"port_id": NOBODY}, {"port_id": "x"}, {"port_id": "{port}"}, {"fixed_ip_address": "10.77.0.60"}, {"subnet_id": NOBODY},
                 {"tenant_id": "{other_project}"}, {"description": 5}, {"status": "x"}, {"router_id": "{router}"}):
        ask(f"POST {path}", {"floatingip": {**good, **more}}, who="member", keep={"accident": "floatingip.id"}, undo=f"{path}/{{accident}}")
    ask(f"GET {path}/{{fip}}", who="member")
    others_people(ask, f"{path}/{{fip}}", "floatingip")
    ask(f"GET {path}", who="member")
    ask("PUT /v2.0/routers/{router}", {"router": {"external_gateway_info": {"network_id": "{ext}"}}}, who="member", note="for floating")
    for more in ({}, {"port_id": "{full_port}"}, {"port_id": "{full_port}", "fixed_ip_address": "10.77.0.61"}, {"port_id": NOBODY}, {"port_id": "x"}, {"fixed_ip_address": "10.77.0.60"}, {"floating_network_id": "{net}"}, {"description": "new"}):
        ask(f"PUT {path}/{{fip}}", {"floatingip": more}, who="member")
    ask(f"POST {path}", {"floatingip": {**good, "port_id": "{full_port}"}}, who="member", note="taken", keep={"accident": "floatingip.id"}, undo=f"{path}/{{accident}}")
    ask("PUT /v2.0/routers/{router}", {"router": {"external_gateway_info": {}}}, who="member", note="in use")
    ask("PUT /v2.0/routers/{router}/remove_router_interface", {"subnet_id": "{subnet}"}, who="member", note="in use")
    ask(f"PUT {path}/{{fip}}", {"floatingip": {"port_id": None}}, who="member")
    ask(f"DELETE {path}/{{fip}}", who="member")
    ask(f"DELETE {path}/{{fip}}", who="member", note="gone")
    ask("PUT /v2.0/routers/{router}", {"router": {"external_gateway_info": None}}, who="member", note="cleared")


def pools(ask):
    path = "/v2.0/subnetpools"
    wrong_bodies(ask, path, "subnetpool")
    wrong_ids(ask, path, "subnetpool")
    good = {"name": "{run}-pool", "prefixes": ["10.90.0.0/16"]}
    ask(f"POST {path}", {"subnetpool": good}, who="member", keep={"pool": "subnetpool.id"}, undo=f"{path}/{{pool}}")
    for more in ({"prefixes": []}, {"prefixes": ["x"]}, {"prefixes": "x"}, {"prefixes": ["10.0.0.0/8", "fd00::/8"]}, {"default_prefixlen": 99}, {"min_prefixlen": 28, "max_prefixlen": 20}, {"default_prefixlen": "x"}, {"shared": True}, {"is_default": True}, {"name": 5}, {"default_quota": -1}, {"address_scope_id": NOBODY}):
        ask(f"POST {path}", {"subnetpool": {**good, **more}}, who="member", keep={"accident": "subnetpool.id"}, undo=f"{path}/{{accident}}")
    others_people(ask, f"{path}/{{pool}}", "subnetpool")
    ask("POST /v2.0/subnets", {"subnet": {"network_id": "{bare_net}", "subnetpool_id": "{pool}", "prefixlen": 26, "ip_version": 4}}, who="member", keep={"pooled": "subnet.id"}, undo="/v2.0/subnets/{pooled}")
    ask("POST /v2.0/subnets", {"subnet": {"network_id": "{bare_net}", "subnetpool_id": "{pool}", "prefixlen": 2, "ip_version": 4}}, who="member")
    ask("POST /v2.0/subnets", {"subnet": {"network_id": "{bare_net}", "subnetpool_id": "{pool}", "cidr": "10.91.0.0/24", "ip_version": 4}}, who="member")
    ask(f"PUT {path}/{{pool}}", {"subnetpool": {"prefixes": ["10.95.0.0/24"]}}, who="member")
    ask(f"DELETE {path}/{{pool}}", who="member", note="used")
    ask("GET /v2.0/address-scopes", who="member")
    ask(f"GET /v2.0/address-scopes/{NOBODY}", who="member")
    ask("POST /v2.0/address-scopes", {"address_scope": {"name": "{run}-scope", "ip_version": 4}}, who="member", keep={"scope": "address_scope.id"}, undo="/v2.0/address-scopes/{scope}")


def others(ask):
    ask("GET /v2.0/quotas")
    ask("GET /v2.0/quotas", who="member")
    ask("GET /v2.0/quotas/{own_project}", who="stranger")
    ask("GET /v2.0/quotas/tenant", who="member")
    ask("PUT /v2.0/quotas/{own_project}", {"quota": {"network": 7}}, who="member")
    for quota in ({"network": 7}, {"network": -2}, {"network": "x"}, {"nothing": 1}, {}, {"network": 2**40}):
        ask("PUT /v2.0/quotas/{own_project}", {"quota": quota}, loose=("quota",))
    ask("GET /v2.0/quotas/{own_project}", who="member", loose=("quota",))
    ask("GET /v2.0/quotas/{own_project}/default", who="member", loose=("quota",))
    ask("GET /v2.0/quotas/{own_project}/details.json", loose=("quota",))
    ask("DELETE /v2.0/quotas/{own_project}")
    ask("DELETE /v2.0/quotas/{own_project}", who="member")
    ask("GET /v2.0/agents")
    ask("GET /v2.0/agents", who="member")
    ask(f"GET /v2.0/agents/{NOBODY}")
    ask("GET /v2.0/availability_zones", who="member")
    ask("GET /v2.0/rbac-policies", who="member")
    ask("POST /v2.0/rbac-policies", {"rbac_policy": {"object_type": "network", "object_id": "{net}", "action": "access_as_shared", "target_tenant": "{other_project}"}}, who="member", keep={"rbac": "rbac_policy.id"}, undo="/v2.0/rbac-policies/{rbac}")
    for more in ({"object_type": "nothing"}, {"object_id": NOBODY}, {"action": "nothing"}, {"target_tenant": ""}, {"target_tenant": "{other_project}"}):
        ask("POST /v2.0/rbac-policies", {"rbac_policy": {"object_type": "network", "object_id": "{net}", "action": "access_as_shared", "target_tenant": "x", **more}}, who="member", keep={"accident": "rbac_policy.id"}, undo="/v2.0/rbac-policies/{accident}")
    ask("GET /v2.0/networks/{net}", who="stranger", note="shared with")
    ask(f"GET /v2.0/rbac-policies/{NOBODY}", who="member")
    for kind, thing in (("networks", "{net}"), ("ports", "{port}"), ("networks", NOBODY), ("nothing", "{net}")):
        ask(f"GET /v2.0/{kind}/{thing}/tags", who="member")
        ask(f"PUT /v2.0/{kind}/{thing}/tags/red", who="member")
        ask(f"PUT /v2.0/{kind}/{thing}/tags", {"tags": ["b", "a"]}, who="member")
        ask(f"PUT /v2.0/{kind}/{thing}/tags", {"tags": "x"}, who="member")
        ask(f"GET /v2.0/{kind}/{thing}/tags/a", who="member")
        ask(f"GET /v2.0/{kind}/{thing}/tags/nothing", who="member")
        ask(f"DELETE /v2.0/{kind}/{thing}/tags/nothing", who="member")
        ask(f"DELETE /v2.0/{kind}/{thing}/tags", who="member")
    ask("PUT /v2.0/networks/{net}/tags/" + "x" * 300, who="member")
    ask("GET /v2.0/networks?tags=a,b&fields=id", who="member", exact=True)
    ask("GET /v2.0/service-providers", who="member")
    ask("GET /v2.0/flavors", who="member")
    ask("GET /v2.0/network-ip-availabilities/{net}")
    ask("GET /v2.0/network-ip-availabilities", who="member")
    ask("GET /v2.0/qos/policies", who="member")
    ask("GET /v2.0/trunks", who="member")
    ask("GET /v2.0/metering/metering-labels")


def delete(ask):
    ask("DELETE /v2.0/networks/{bulk2}", who="reader")
    ask("DELETE /v2.0/networks/{bulk2}", who="member")
    ask("DELETE /v2.0/networks/{bulk2}", who="member", note="gone")
    remove = "PUT /v2.0/routers/{router}/remove_router_interface"
    for body in ({}, {"subnet_id": NOBODY}, {"subnet_id": "{ext_subnet}"}, {"port_id": "{admin_port}"}):
        ask(remove, body, who="member")
    ask("PUT /v2.0/routers/{router}", {"router": {"routes": []}}, who="member")
    ask(remove, {"subnet_id": "{subnet}"}, who="member")
    ask("DELETE /v2.0/routers/{full_router}", who="stranger")
    ask("DELETE /v2.0/routers/{full_router}", who="member")
    ask("DELETE /v2.0/routers/{full_router}", who="member", note="gone")
    ask("DELETE /v2.0/ports/{full_port}", who="member")
    ask("DELETE /v2.0/ports/{full_port}", who="member", note="gone")
    ask("DELETE /v2.0/subnets/{full_subnet}", who="member")
    ask("DELETE /v2.0/subnets/{full_subnet}", who="member", note="gone")
    ask("DELETE /v2.0/security-groups/{sg2}", who="member")
