//! Security groups: the default one of each project, and what a rule may say.

use chrono::Utc;
use uuid::Uuid;

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{default_group, group, group_rule, port_group, tag},
    quota::{Counted, admit},
};

/// The name of the group that each project has from the beginning.
pub(crate) const DEFAULT: &str = "default";

/// Protocols by their names, and their numbers.
const NUMBERS: &[(&str, u8)] = &[
    ("ah", 51),
    ("dccp", 33),
    ("egp", 8),
    ("esp", 50),
    ("gre", 47),
    ("hopopt", 0),
    ("icmp", 1),
    ("icmpv6", 58),
    ("igmp", 2),
    ("ipip", 4),
    ("ipv6-encap", 41),
    ("ipv6-frag", 44),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("ipv6-route", 43),
    ("ospf", 89),
    ("pgm", 113),
    ("rsvp", 46),
    ("sctp", 132),
    ("tcp", 6),
    ("udp", 17),
    ("udplite", 136),
    ("vrrp", 112),
];

/// The number of a protocol that is named or numbered; `None` for one that is not known.
pub(crate) fn protocol_number(name: &str) -> Option<u8> {
    let known = NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    known.or_else(|| name.parse().ok())
}

/// Whether both mean the same protocol (`tcp` and `6`).
pub(crate) fn same_protocol(one: Option<&str>, two: Option<&str>, ethertype: &str) -> bool {
    let number = |name: Option<&str>| match name.and_then(protocol_number) {
        // Under IPv6, `icmp` is ICMPv6.
        Some(1) if ethertype == "IPv6" => Some(58),
        number => number,
    };
    number(one) == number(two)
}

/// The default group of the project, made when it has none.
pub(crate) async fn ensure_default(change: &mut Change<'_>, project: &str) -> Result<Uuid, Error> {
    if let Some(found) = default_group::id_of(&**change, project).await? {
        return Ok(found);
    }
    let group = new_group(project, DEFAULT, "Default security group");
    let mut rules = outward(&group);
    for ethertype in ["IPv4", "IPv6"] {
        let mut rule = blank_rule(&group, "ingress", ethertype);
        rule.remote_group_id = Some(group.id);
        rules.push(rule);
    }
    insert(change, &group, rules).await?;
    change.insert(&default_group::Model { project_id: project.to_owned(), group_id: group.id }).await?;
    Ok(group.id)
}

/// Makes a group with the rules that every new group has, within the project's quotas.
pub(crate) async fn create(
    change: &mut Change<'_>,
    project: &str,
    name: &str,
    description: &str,
    stateful: bool,
) -> Result<group::Model, Error> {
    if name == DEFAULT {
        return Err(Error::group_default_exists());
    }
    ensure_default(change, project).await?;
    admit(change, project, Counted::Group, 1).await?;
    let group = group::Model { stateful, ..new_group(project, name, description) };
    let rules = outward(&group);
    admit(change, project, Counted::GroupRule, rules.len()).await?;
    insert(change, &group, rules).await?;
    Ok(group)
}

/// The default group keeps its name, and no other takes it.
pub(crate) fn check_name(group: &group::Model, name: &str) -> Result<(), Error> {
    if name != group.name && (name == DEFAULT || group.name == DEFAULT) {
        return Err(Error::group_default_named());
    }
    Ok(())
}

/// Writes a group that was changed.
pub(crate) async fn save(change: &mut Change<'_>, group: &mut group::Model) -> Result<(), Error> {
    group.updated_at = Utc::now();
    group.revision += 1;
    change.save(group).await?;
    change.touch(Kind::SecurityGroup, group.id);
    Ok(())
}

/// A new group of the project.
pub(crate) fn new_group(project: &str, name: &str, description: &str) -> group::Model {
    let now = Utc::now();
    group::Model {
        id: Uuid::new_v4(),
        project_id: project.to_owned(),
        name: name.to_owned(),
        stateful: true,
        description: description.to_owned(),
        created_at: now,
        updated_at: now,
        revision: 1,
    }
}

/// A rule that allows all of a direction and family.
pub(crate) fn blank_rule(group: &group::Model, direction: &str, ethertype: &str) -> group_rule::Model {
    let now = Utc::now();
    group_rule::Model {
        id: Uuid::new_v4(),
        group_id: group.id,
        project_id: group.project_id.clone(),
        direction: direction.to_owned(),
        ethertype: ethertype.to_owned(),
        protocol: None,
        port_min: None,
        port_max: None,
        remote_ip_prefix: None,
        remote_group_id: None,
        description: String::new(),
        created_at: now,
        updated_at: now,
        revision: 1,
    }
}

/// What every new group allows: everything outward.
pub(crate) fn outward(group: &group::Model) -> Vec<group_rule::Model> {
    ["IPv4", "IPv6"].map(|ethertype| blank_rule(group, "egress", ethertype)).into()
}

/// Writes a group with its rules.
pub(crate) async fn insert(
    change: &mut Change<'_>,
    group: &group::Model,
    rules: Vec<group_rule::Model>,
) -> Result<(), Error> {
    change.insert(group).await?;
    change.insert_all(&rules).await?;
    change.touch(Kind::SecurityGroup, group.id);
    Ok(())
}

/// Removes a group that no port is in, with rules of other groups that named it. The default one goes only when who is
/// privileged says so.
pub(crate) async fn remove(
    change: &mut Change<'_>,
    group: &group::Model,
    privileged: bool,
) -> Result<(), Error> {
    if !privileged && default_group::is_default(&**change, group).await? {
        return Err(Error::group_default_kept());
    }
    if port_group::has_ports(&**change, group).await? {
        return Err(Error::group_in_use(group.id));
    }
    for rule in group_rule::naming(&**change, group).await? {
        change.touch(Kind::SecurityGroup, rule.group_id);
    }
    group_rule::delete_of(change, group).await?;
    default_group::forget(change, group).await?;
    tag::clear(change, group).await?;
    change.delete(group).await?;
    change.touch(Kind::SecurityGroup, group.id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_the_same_by_name_and_by_number() {
        assert!(same_protocol(Some("tcp"), Some("6"), "IPv4"));
        assert!(same_protocol(Some("icmp"), Some("ipv6-icmp"), "IPv6"));
        assert!(!same_protocol(Some("icmp"), Some("ipv6-icmp"), "IPv4"));
        assert!(!same_protocol(None, Some("tcp"), "IPv4"));
        assert_eq!(protocol_number("256"), None);
        assert_eq!(protocol_number("tcp; drop"), None);
    }
}
