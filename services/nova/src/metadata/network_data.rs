//! `network_data.json`: links, networks and services, as cloud-init reads them.

use contracts::network::{FixedIp, Port};
use serde_json::{Value, json};

/// Of ports in the order of the guest's cards.
pub fn of(ports: &[&Port]) -> Value {
    let mut networks = Vec::new();
    let mut services: Vec<Value> = Vec::new();
    for port in ports {
        for ip in &port.fixed_ips {
            networks.push(network(port, ip, networks.len()));
            for address in &ip.dns {
                let service = json!({"type": "dns", "address": address});
                if !services.contains(&service) {
                    services.push(service);
                }
            }
        }
    }
    let links: Vec<Value> = ports.iter().map(|port| link(port)).collect();
    json!({"links": links, "networks": networks, "services": services})
}

fn link(port: &Port) -> Value {
    let tap = contracts::machine::tap_name(port.id);
    json!({
        "id": tap, "vif_id": port.id, "type": "ovs", "mtu": port.network.mtu,
        "ethernet_mac_address": port.mac,
    })
}

fn network(port: &Port, ip: &FixedIp, number: usize) -> Value {
    let family = if ip.address.is_ipv4() { "ipv4" } else { "ipv6" };
    let mut network = json!({
        "id": format!("network{number}"),
        "type": if ip.dhcp && ip.address.is_ipv4() { "ipv4_dhcp".to_owned() } else { family.to_owned() },
        "link": contracts::machine::tap_name(port.id),
        "network_id": port.network.id,
    });
    if ip.dhcp && ip.address.is_ipv4() {
        return network;
    }
    network["ip_address"] = json!(ip.address);
    network["netmask"] = match ip.address.is_ipv4() {
        true => {
            let bits = u32::MAX.checked_shl(32 - u32::from(ip.prefix_len.min(32))).unwrap_or(0);
            json!(std::net::Ipv4Addr::from(bits))
        }
        false => {
            let bits = u128::MAX.checked_shl(128 - u32::from(ip.prefix_len.min(128))).unwrap_or(0);
            json!(std::net::Ipv6Addr::from(bits))
        }
    };
    let default = if ip.address.is_ipv4() { "0.0.0.0" } else { "::" };
    network["routes"] = match ip.gateway {
        Some(gateway) => json!([{"network": default, "netmask": default, "gateway": gateway}]),
        None => json!([]),
    };
    let dns: Vec<Value> = ip.dns.iter().map(|address| json!({"type": "dns", "address": address})).collect();
    network["services"] = json!(dns);
    network
}
