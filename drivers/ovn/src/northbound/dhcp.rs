//! What DHCP answers, in OVN's notation.
//!
//! OVN puts option values into the language of its logical flows, so nothing that a user typed may get there unread: a
//! value is parsed for what it should be and written anew, or left out.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use contracts::driver::{DhcpOptions, LogicalSubnet};
use ipnet::IpNet;
use uuid::Uuid;

/// Options by OVN's names.
pub(super) type Options = BTreeMap<String, String>;

const METADATA: &str = "169.254.169.254/32";

/// What a subnet's DHCP answers, or `None` when it does not.
pub(super) fn subnet_options(mtu: u32, subnet: &LogicalSubnet) -> Option<Options> {
    let dhcp = subnet.dhcp.as_ref()?;
    let options = match subnet.cidr {
        IpNet::V4(_) => v4(mtu, subnet, dhcp),
        IpNet::V6(_) => v6(subnet, dhcp),
    };
    Some(options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn v4(mtu: u32, subnet: &LogicalSubnet, dhcp: &DhcpOptions) -> BTreeMap<&'static str, String> {
    let gateway = dhcp.gateway.filter(IpAddr::is_ipv4);
    let metadata = dhcp.metadata_via.filter(IpAddr::is_ipv4);
    let server = gateway.or(metadata).or_else(|| subnet.cidr.hosts().next()).unwrap_or(subnet.cidr.addr());
    let mut options = BTreeMap::from([
        ("server_id", server.to_string()),
        ("server_mac", server_mac(subnet.id)),
        ("lease_time", dhcp.lease.to_string()),
        ("mtu", mtu.to_string()),
    ]);
    if let Some(gateway) = gateway {
        options.insert("router", gateway.to_string());
    }
    let dns: Vec<IpAddr> = dhcp.dns.iter().copied().filter(IpAddr::is_ipv4).collect();
    // Without a name server the guest asks the DHCP server's address: OVN answers the network's own names on the way there.
    options.insert("dns_server", list(if dns.is_empty() { vec![server] } else { dns }));
    if let Some(domain) = dhcp.domain.as_deref().and_then(quoted) {
        options.insert("domain_name", domain);
    }
    let mut routes: Vec<String> = metadata.map(|via| format!("{METADATA},{via}")).into_iter().collect();
    let given =
        dhcp.routes.iter().filter(|route| route.destination.addr().is_ipv4() && route.next_hop.is_ipv4());
    routes.extend(given.map(|route| format!("{},{}", route.destination.trunc(), route.next_hop)));
    if !routes.is_empty() {
        // A client that is given classless routes ignores the router option (RFC 3442).
        routes.extend(gateway.map(|gateway| format!("0.0.0.0/0,{gateway}")));
        options.insert("classless_static_route", format!("{{{}}}", routes.join(", ")));
    }
    options
}

fn v6(subnet: &LogicalSubnet, dhcp: &DhcpOptions) -> BTreeMap<&'static str, String> {
    let mut options = BTreeMap::from([("server_id", server_mac(subnet.id))]);
    let dns: Vec<IpAddr> = dhcp.dns.iter().copied().filter(IpAddr::is_ipv6).collect();
    if !dns.is_empty() {
        options.insert("dns_server", list(dns));
    }
    if let Some(domain) = dhcp.domain.as_deref().and_then(quoted) {
        options.insert("domain_search", domain);
    }
    options
}

/// The MAC that DHCP answers come from: of the locally administered range, told from the subnet's id.
fn server_mac(subnet: Uuid) -> String {
    let bytes = subnet.as_bytes();
    format!("0e:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[14], bytes[15])
}

fn list(addresses: Vec<IpAddr>) -> String {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("{{{}}}", addresses.join(", "))
}

fn quoted(text: &str) -> Option<String> {
    let plain = !text.is_empty() && !text.chars().any(|c| c == '"' || c == '\\' || c.is_control());
    plain.then(|| format!("\"{text}\""))
}

/// What the value of an option is.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Address,
    Addresses,
    Host,
    Number,
    Switch,
    Routes,
}

/// A port's own options, by the names or numbers of the DHCP option registry, in OVN's notation. Those that OVN does not
/// know, or whose value is none for them, are left out.
pub(super) fn extra_options(given: &BTreeMap<String, String>) -> Options {
    let mut options = Options::new();
    for (name, value) in given {
        match known(name).and_then(|(name, form)| Some((name, write(form, value.trim())?))) {
            Some((name, value)) => drop(options.insert(name.to_owned(), value)),
            None => {
                tracing::warn!(option = name, "DHCP option left out: not known to OVN, or no value for it")
            }
        }
    }
    options
}

fn known(name: &str) -> Option<(&'static str, Form)> {
    Some(match name {
        "netmask" | "1" => ("netmask", Form::Address),
        "router" | "3" => ("router", Form::Address),
        "dns-server" | "6" => ("dns_server", Form::Addresses),
        "log-server" | "7" => ("log_server", Form::Addresses),
        "lpr-server" | "9" => ("lpr_server", Form::Addresses),
        "hostname" | "12" => ("hostname", Form::Text),
        "domain-name" | "15" => ("domain_name", Form::Text),
        "swap-server" | "16" => ("swap_server", Form::Address),
        "ip-forward-enable" | "19" => ("ip_forward_enable", Form::Switch),
        "policy-filter" | "21" => ("policy_filter", Form::Addresses),
        "default-ttl" | "23" => ("default_ttl", Form::Number),
        "mtu" | "26" => ("mtu", Form::Number),
        "router-discovery" | "31" => ("router_discovery", Form::Switch),
        "router-solicitation" | "32" => ("router_solicitation", Form::Address),
        "arp-timeout" | "35" => ("arp_cache_timeout", Form::Number),
        "ethernet-encap" | "36" => ("ethernet_encap", Form::Switch),
        "tcp-ttl" | "37" => ("tcp_ttl", Form::Number),
        "tcp-keepalive" | "38" => ("tcp_keepalive_interval", Form::Number),
        "nis-server" | "41" => ("nis_server", Form::Addresses),
        "ntp-server" | "42" => ("ntp_server", Form::Addresses),
        "lease-time" | "51" => ("lease_time", Form::Number),
        "server-id" | "54" => ("server_id", Form::Address),
        "T1" | "58" => ("T1", Form::Number),
        "T2" | "59" => ("T2", Form::Number),
        "tftp-server" | "66" => ("tftp_server", Form::Host),
        "bootfile-name" | "67" => ("bootfile_name", Form::Text),
        "bootfile-name-alt" => ("bootfile_name_alt", Form::Text),
        "domain-search" | "119" => ("domain_search_list", Form::Text),
        "classless-static-route" | "121" => ("classless_static_route", Form::Routes),
        "tftp-server-address" | "150" => ("tftp_server_address", Form::Addresses),
        "path-prefix" | "210" => ("path_prefix", Form::Text),
        "ms-classless-static-route" | "249" => ("ms_classless_static_route", Form::Routes),
        "wpad" | "252" => ("wpad", Form::Text),
        "server-ip-address" | "255" => ("next_server", Form::Address),
        _ => return None,
    })
}

fn write(form: Form, value: &str) -> Option<String> {
    let address = |text: &str| text.trim().parse::<Ipv4Addr>().ok();
    match form {
        Form::Text => quoted(value),
        Form::Address => address(value).map(|address| address.to_string()),
        Form::Addresses => {
            let addresses: Option<Vec<IpAddr>> =
                value.split([',', ';']).map(|each| address(each).map(IpAddr::V4)).collect();
            addresses.map(list)
        }
        Form::Host => address(value).map(|address| address.to_string()).or_else(|| quoted(value)),
        Form::Number => value.parse::<u32>().ok().map(|number| number.to_string()),
        Form::Switch => match value.to_ascii_lowercase().as_str() {
            "1" | "true" => Some("1".to_owned()),
            "0" | "false" => Some("0".to_owned()),
            _ => None,
        },
        Form::Routes => {
            let words: Vec<&str> = value.split(',').map(str::trim).collect();
            let (pairs, []) = words.as_chunks::<2>() else { return None };
            let routes: Option<Vec<String>> = pairs
                .iter()
                .map(|[to, hop]| Some(format!("{},{}", to.parse::<ipnet::Ipv4Net>().ok()?, address(hop)?)))
                .collect();
            routes.map(|routes| format!("{{{}}}", routes.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::driver::StaticRoute;

    use super::*;

    fn subnet(cidr: &str, dhcp: DhcpOptions) -> LogicalSubnet {
        LogicalSubnet {
            id: Uuid::from_u128(0x0102_0304 << 96),
            cidr: cidr.parse().unwrap(),
            dhcp: Some(dhcp),
        }
    }

    fn plain() -> DhcpOptions {
        DhcpOptions {
            gateway: None,
            dns: vec![],
            domain: None,
            routes: vec![],
            metadata_via: None,
            lease: 86400,
        }
    }

    #[test]
    fn classless_routes_bring_the_default_route_and_metadata_with_them() {
        let route = StaticRoute {
            destination: "10.9.0.0/16".parse().unwrap(),
            next_hop: "10.0.0.9".parse().unwrap(),
        };
        let dhcp = DhcpOptions {
            gateway: Some("10.0.0.1".parse().unwrap()),
            dns: vec!["8.8.8.8".parse().unwrap(), "1.1.1.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            domain: Some("example.org".to_owned()),
            routes: vec![route],
            metadata_via: Some("10.0.0.2".parse().unwrap()),
            ..plain()
        };
        let options = subnet_options(1442, &subnet("10.0.0.0/24", dhcp)).unwrap();
        assert_eq!(options["router"], "10.0.0.1");
        assert_eq!(options["server_id"], "10.0.0.1");
        assert_eq!(options["mtu"], "1442");
        assert_eq!(options["dns_server"], "{8.8.8.8, 1.1.1.1}");
        assert_eq!(options["domain_name"], "\"example.org\"");
        assert_eq!(
            options["classless_static_route"],
            "{169.254.169.254/32,10.0.0.2, 10.9.0.0/16,10.0.0.9, 0.0.0.0/0,10.0.0.1}"
        );
    }

    #[test]
    fn a_subnet_without_gateway_still_has_a_server_and_no_default_route() {
        let options = subnet_options(1500, &subnet("10.0.0.0/24", plain())).unwrap();
        assert_eq!(options["server_id"], "10.0.0.1");
        assert_eq!(options["dns_server"], "{10.0.0.1}");
        assert!(!options.contains_key("router") && !options.contains_key("classless_static_route"));
        let mut silent = subnet("10.0.0.0/24", plain());
        silent.dhcp = None;
        assert_eq!(subnet_options(1500, &silent), None);
    }

    #[test]
    fn ipv6_has_options_of_its_own() {
        let options = subnet_options(1500, &subnet("2001:db8::/64", plain())).unwrap();
        assert_eq!(options.keys().collect::<Vec<_>>(), ["server_id"]);
    }

    #[test]
    fn extra_options_cant_inject_into_logical_flows() {
        // OSSA-2021-005.
        let given = [
            ("bootfile-name", "pxelinux.0"),
            ("66", "192.0.2.7"),
            ("ntp-server", "192.0.2.1,192.0.2.2"),
            ("121", "10.0.0.0/8,192.0.2.1"),
            ("domain-name", "x\"); next; (\""),
            ("wpad", "line\nbreak"),
            ("mtu", "1500); drop"),
            ("router", "{1.2.3.4}"),
            ("classless-static-route", "10.0.0.0/8"),
            ("unheard-of", "1"),
        ];
        let given = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let expected = [
            ("bootfile_name", "\"pxelinux.0\""),
            ("classless_static_route", "{10.0.0.0/8,192.0.2.1}"),
            ("ntp_server", "{192.0.2.1, 192.0.2.2}"),
            ("tftp_server", "192.0.2.7"),
        ];
        let expected: Options = expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(extra_options(&given), expected);
    }
}
