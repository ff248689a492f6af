//! Security groups with their rules.

use std::collections::HashMap;

use contracts::driver::{Direction, Ethertype, LogicalRule, SecurityGroup};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    engine::ENGINE,
    error::Error,
    group::protocol_number,
    model::{group, group_rule},
};

/// The group of that id, or all.
pub(crate) async fn security_groups(
    db: &impl ConnectionTrait,
    id: Option<Uuid>,
) -> Result<Vec<SecurityGroup>, Error> {
    let groups = group::all(db, &ENGINE, id).await?;
    let mut by_group: HashMap<Uuid, Vec<LogicalRule>> = HashMap::new();
    for rule in group_rule::all(db, &ENGINE, id).await? {
        match logical(&rule) {
            Some(logical) => by_group.entry(rule.group_id).or_default().push(logical),
            // What can't be carried out allows nothing, and stands in no other rule's way.
            None => {
                tracing::error!(rule = %rule.id, "this security group rule can't be read and allows nothing")
            }
        }
    }
    Ok(groups
        .into_iter()
        .map(|group| SecurityGroup {
            id: group.id,
            rules: by_group.remove(&group.id).unwrap_or_default(),
            stateful: group.stateful,
            name: group.name,
        })
        .collect())
}

/// The rule as the engine is told of it, or `None` when it makes no sense: then it must allow nothing.
pub(super) fn logical(rule: &group_rule::Model) -> Option<LogicalRule> {
    let direction = match rule.direction.as_str() {
        "ingress" => Direction::Ingress,
        "egress" => Direction::Egress,
        _ => return None,
    };
    let ethertype = match rule.ethertype.as_str() {
        "IPv4" => Ethertype::IPv4,
        "IPv6" => Ethertype::IPv6,
        _ => return None,
    };
    let protocol = match rule.protocol.as_deref() {
        None => None,
        Some(name) => match protocol_number(name)? {
            1 if ethertype == Ethertype::IPv6 => Some(58),
            number => Some(number),
        },
    };
    let port = |number: Option<i32>| number.map(u16::try_from).transpose().ok();
    Some(LogicalRule {
        id: rule.id,
        direction,
        ethertype,
        protocol,
        port_min: port(rule.port_min)?,
        port_max: port(rule.port_max)?,
        remote_cidr: rule.remote_ip_prefix.as_deref().map(str::parse).transpose().ok()?,
        remote_group: rule.remote_group_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{blank_rule, new_group};

    #[test]
    fn ossn_0095_a_rule_that_cannot_be_read_allows_nothing() {
        let group = new_group("p1", "g", "");
        let good = blank_rule(&group, "ingress", "IPv4");
        assert!(logical(&good).is_some());
        for spoil in [
            |rule: &mut group_rule::Model| rule.protocol = Some("nonsense".into()),
            |rule: &mut group_rule::Model| rule.direction = "sideways".into(),
            |rule: &mut group_rule::Model| rule.ethertype = "IPX".into(),
            |rule: &mut group_rule::Model| rule.port_min = Some(70_000),
            |rule: &mut group_rule::Model| rule.remote_ip_prefix = Some("10.0.0.0/99".into()),
        ] {
            let mut rule = good.clone();
            spoil(&mut rule);
            assert!(logical(&rule).is_none(), "{rule:?}");
        }
    }

    #[test]
    fn icmp_means_icmpv6_under_ipv6() {
        let mut rule = blank_rule(&new_group("p1", "g", ""), "ingress", "IPv6");
        rule.protocol = Some("icmp".into());
        assert_eq!(logical(&rule).unwrap().protocol, Some(58));
    }
}
