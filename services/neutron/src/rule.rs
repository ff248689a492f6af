//! Rules of security groups: what one may say, and that each is there once.

use chrono::Utc;
use ipnet::IpNet;

use crate::{
    change::{Change, Kind},
    error::Error,
    group::{protocol_number, same_protocol},
    model::{group, group_rule},
    quota::{Counted, admit},
};

/// Adds a rule to its group, within the project's quota. Groups of other projects can be named by who is privileged.
pub(crate) async fn add(
    change: &mut Change<'_>,
    mut group: group::Model,
    rule: &group_rule::Model,
    privileged: bool,
) -> Result<(), Error> {
    if let Some(remote) = rule.remote_group_id {
        let known = group::nameable(&**change, &[remote], &group.project_id, privileged).await?;
        if known.is_empty() {
            return Err(Error::group_missing(remote));
        }
    }
    let others = group_rule::of(&**change, std::slice::from_ref(&group)).await?;
    if let Some(other) = others.iter().find(|other| same(other, rule)) {
        return Err(Error::rule_exists(other.id));
    }
    admit(change, &group.project_id, Counted::GroupRule, 1).await?;
    change.insert(rule).await?;
    group.revision += 1;
    group.updated_at = Utc::now();
    change.touch(Kind::SecurityGroup, group.id);
    change.save(&group).await?;
    Ok(())
}

/// Takes a rule out of its group.
pub(crate) async fn remove(change: &mut Change<'_>, rule: &group_rule::Model) -> Result<(), Error> {
    change.delete(rule).await?;
    change.touch(Kind::SecurityGroup, rule.group_id);
    Ok(())
}

/// Whether two rules allow the same.
pub(crate) fn same(one: &group_rule::Model, two: &group_rule::Model) -> bool {
    let whole = |rule: &group_rule::Model| match rule.remote_ip_prefix.as_deref() {
        // Everything, however it is said.
        Some("0.0.0.0/0" | "::/0") | None => None,
        Some(other) => other.parse::<IpNet>().ok().map(|net| net.trunc()),
    };
    one.direction == two.direction
        && one.ethertype == two.ethertype
        && same_protocol(one.protocol.as_deref(), two.protocol.as_deref(), &one.ethertype)
        && (one.port_min, one.port_max) == (two.port_min, two.port_max)
        && one.remote_group_id == two.remote_group_id
        && whole(one) == whole(two)
}

/// Refuses ports that make no sense with the protocol.
pub(crate) fn check_ports(rule: &group_rule::Model) -> Result<(), Error> {
    let Some(name) = rule.protocol.clone() else {
        let ports = rule.port_min.is_some() || rule.port_max.is_some();
        return if ports { Err(Error::rule_needs_protocol()) } else { Ok(()) };
    };
    let number = protocol_number(&name).unwrap_or_default();
    let six_only = [58, 41, 43, 44, 59, 60].contains(&number);
    if six_only && rule.ethertype == "IPv4" && number != 41 {
        return Err(Error::rule_ethertype_protocol(&rule.ethertype, name));
    }
    match number {
        1 | 58 => {
            for (field, attribute, value) in
                [("type", "port_range_min", rule.port_min), ("code", "port_range_max", rule.port_max)]
            {
                if let Some(value) = value.filter(|value| *value > 255) {
                    return Err(Error::rule_bad_icmp(field, attribute, value));
                }
            }
            match (rule.port_min, rule.port_max) {
                (None, Some(code)) => Err(Error::rule_no_icmp_type(code)),
                _ => Ok(()),
            }
        }
        6 | 17 | 33 | 132 | 136 => match (rule.port_min, rule.port_max) {
            (None, None) => Ok(()),
            (Some(0), _) | (_, Some(0)) => Err(Error::rule_bad_port(0)),
            (Some(min), Some(max)) if min <= max => Ok(()),
            _ => Err(Error::rule_bad_range()),
        },
        _ if rule.port_min.is_some() || rule.port_max.is_some() => Err(Error::rule_no_ports(name)),
        _ => Ok(()),
    }
}
