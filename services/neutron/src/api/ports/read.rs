//! The structures in a port's body: addresses, groups, pairs, DHCP options.

use std::net::IpAddr;

use ipnet::IpNet;
use platform::{http::Cx, policy::Target};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::attributes::{Given, only};
use crate::{
    Neutron,
    address::normal_mac,
    change::Change,
    error::Error,
    model::{
        group,
        json::{DhcpOpt, DhcpOpts, Pair, Pairs},
    },
    port::{Addresses, Wanted},
};

/// The most pairs and options that a port has.
const MOST_PAIRS: usize = 10;
const MOST_OPTIONS: usize = 32;

fn objects(given: &Given, name: &'static str) -> Result<Option<Vec<Map<String, Value>>>, Error> {
    match given.value(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Vec::new())),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::Object(map) => Ok(map.clone()),
                other => Err(Error::bad_value(name, format!("'{other}' is not a dictionary"))),
            })
            .collect::<Result<_, _>>()
            .map(Some),
        Some(other) => Err(Error::bad_value(name, format!("'{other}' is not a list"))),
    }
}

/// The addresses that are asked for; `None` when nothing is said of them.
pub(super) fn addresses(given: &Given) -> Result<Option<Addresses>, Error> {
    if matches!(given.value("fixed_ips"), Some(Value::Null)) {
        return Ok(Some(Addresses::Automatic));
    }
    let Some(items) = objects(given, "fixed_ips")? else { return Ok(None) };
    wanted(&items, "fixed_ips").map(|wanted| Some(Addresses::These(wanted)))
}

/// Addresses with their subnets, as routers have them too.
pub(crate) fn wanted(items: &[Map<String, Value>], name: &str) -> Result<Vec<Wanted>, Error> {
    let mut all: Vec<Wanted> = Vec::new();
    for item in items {
        only(item, name, &["ip_address", "subnet_id"])?;
        let subnet = match item.get("subnet_id") {
            None | Some(Value::Null) => None,
            Some(value) => Some(
                value
                    .as_str()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| Error::bad_value(name, format!("{value} is not a valid UUID")))?,
            ),
        };
        let address = match item.get("ip_address") {
            None | Some(Value::Null) => None,
            Some(value) => Some(
                value
                    .as_str()
                    .and_then(|text| text.parse::<IpAddr>().ok())
                    .ok_or_else(|| Error::bad_value(name, format!("{value} is not a valid IP address")))?,
            ),
        };
        if let Some(address) = address
            && all.iter().any(|other| other.address == Some(address))
        {
            return Err(Error::bad_value(name, format!("Duplicate IP address '{address}'")));
        }
        all.push(Wanted { subnet, address });
    }
    Ok(all)
}

/// The caller may ask for such addresses. Else 403.
pub(super) fn allow_addresses(
    cx: &Cx<Neutron>,
    action: &str,
    asked: &Addresses,
    target: &Target<'_>,
) -> Result<(), Error> {
    let Addresses::These(wanted) = asked else { return Ok(()) };
    for (part, said) in [
        ("ip_address", wanted.iter().any(|one| one.address.is_some())),
        ("subnet_id", wanted.iter().any(|one| one.subnet.is_some())),
    ] {
        let rule = format!("{action}:fixed_ips:{part}");
        if said && !cx.may(&rule, target) {
            return Err(Error::forbidden(rule));
        }
    }
    Ok(())
}

/// The security groups that are asked for, which must be the port's project's own. `None` when nothing is said.
pub(super) async fn groups(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    given: &Given,
    project: &str,
) -> Result<Option<Vec<Uuid>>, Error> {
    let texts: Vec<String> = match given.value("security_groups") {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(Vec::new())),
        Some(_) => given.read("security_groups")?.unwrap_or_default(),
    };
    let mut ids: Vec<Uuid> = Vec::new();
    for text in &texts {
        let id = text.parse().map_err(|_| {
            Error::bad_value("security_groups", format!("'{text}' is not an integer or uuid"))
        })?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let known = group::nameable(&**change, &ids, project, cx.is_admin()).await?;
    match ids.iter().find(|id| !known.contains(id)) {
        Some(other) => Err(Error::group_missing(other)),
        None => Ok(Some(ids)),
    }
}

/// Further addresses that the port may use. `mac` is the port's own.
pub(super) fn pairs(given: &Given, mac: &str) -> Result<Option<Pairs>, Error> {
    let name = "allowed_address_pairs";
    let Some(items) = objects(given, name)? else { return Ok(None) };
    if items.len() > MOST_PAIRS {
        return Err(Error::too_many_pairs(MOST_PAIRS));
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for item in items {
        only(&item, name, &["ip_address", "mac_address", "active"])?;
        let address = match item.get("ip_address") {
            None | Some(Value::Null) => return Err(Error::pair_without_address()),
            Some(value) => value.as_str().unwrap_or_default(),
        };
        let canonical = address
            .parse::<IpAddr>()
            .map(|address| address.to_string())
            .or_else(|_| address.parse::<IpNet>().map(|net| net.to_string()))
            .map_err(|_| Error::bad_value(name, format!("'{address}' is not a valid IP subnet")))?;
        let other = match item.get("mac_address") {
            None | Some(Value::Null) => mac.to_owned(),
            Some(value) => value
                .as_str()
                .and_then(normal_mac)
                .ok_or_else(|| Error::bad_value(name, format!("{value} is not a valid MAC address")))?,
        };
        let pair = Pair { ip_address: canonical, mac_address: other };
        if pairs.contains(&pair) {
            return Err(Error::pair_twice(&pair.mac_address, &pair.ip_address));
        }
        pairs.push(pair);
    }
    Ok(Some(Pairs(pairs)))
}

/// Extra DHCP options: those given replace those of the same name and family, and `null` removes them.
pub(super) fn dhcp_opts(given: &Given, now: &DhcpOpts) -> Result<Option<DhcpOpts>, Error> {
    let name = "extra_dhcp_opts";
    let Some(items) = objects(given, name)? else { return Ok(None) };
    let mut options = now.0.clone();
    for item in items {
        only(&item, name, &["opt_name", "opt_value", "ip_version"])?;
        let option = item.get("opt_name").and_then(Value::as_str).unwrap_or_default();
        if !is_option_name(option) {
            return Err(Error::bad_value(
                name,
                format!("'{}' is not a valid option", option.escape_default()),
            ));
        }
        let version = match item.get("ip_version") {
            None | Some(Value::Null) => 4,
            Some(value) => match value.as_u64().or_else(|| value.as_str()?.parse().ok()) {
                Some(4) => 4,
                Some(6) => 6,
                _ => return Err(Error::bad_value(name, format!("{value} is not in [4, 6]"))),
            },
        };
        options.retain(|known| known.opt_name != option || known.ip_version != version);
        match item.get("opt_value") {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) if is_option_value(value) => {
                options.push(DhcpOpt {
                    opt_name: option.to_owned(),
                    opt_value: value.clone(),
                    ip_version: version,
                });
            }
            Some(_) => {
                return Err(Error::bad_value(name, format!("the value of '{option}' is not a valid string")));
            }
        }
    }
    if options.len() > MOST_OPTIONS {
        return Err(Error::bad_value(name, format!("more than {MOST_OPTIONS} options")));
    }
    Ok(Some(DhcpOpts(options)))
}

/// Names of options are words or numbers: nothing that ends a line or a value in any engine's configuration.
fn is_option_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || [b'-', b'_', b'.', b':'].contains(&byte))
}

/// Values are one line of visible text.
fn is_option_value(value: &str) -> bool {
    !value.trim().is_empty() && value.len() <= 255 && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ossa_2021_005_options_cannot_carry_a_second_line() {
        for value in ["x\ny", "x\r", "\0", "", " ", "a\u{85}b"] {
            assert!(!is_option_value(value), "{value:?}");
        }
        for name in ["", "a\nb", "tag:a,b", "a=b", "a b", "\"a"] {
            assert!(!is_option_name(name), "{name:?}");
        }
        assert!(is_option_name("bootfile-name") && is_option_name("150") && is_option_name("tftp-server"));
        assert!(is_option_value("http://10.0.0.1/boot?a=b"));
    }
}
