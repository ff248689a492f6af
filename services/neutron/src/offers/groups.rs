//! Security groups as Nova shows them: with their rules for incoming packets.

use std::collections::HashMap;

use contracts::{
    identity::Caller,
    network::{SecurityGroupRuleView, SecurityGroupView},
    network_proxy::{NewSecurityGroupRule, SecurityGroupPage},
};
use ipnet::IpNet;
use platform::{db::owned::Owned, http::Base};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{NOVA, asker::Asker};
use crate::{
    Neutron,
    error::Error,
    group as domain,
    model::{default_group, group, group_rule, port},
    port as ports, rule as rules,
};

const INGRESS: &str = "ingress";

/// Groups with their rules: three queries, whatever their number.
async fn views(
    db: &impl ConnectionTrait,
    groups: Vec<group::Model>,
) -> Result<Vec<SecurityGroupView>, Error> {
    let mut found = group_rule::of(db, &groups).await?;
    found.retain(|rule| rule.direction == INGRESS);
    let remotes = group::named_by(db, &found).await?;
    let mut of: HashMap<Uuid, Vec<SecurityGroupRuleView>> = HashMap::new();
    for rule in found {
        of.entry(rule.group_id).or_default().push(view(rule, &remotes));
    }
    Ok(groups
        .into_iter()
        .map(|group| SecurityGroupView {
            rules: of.remove(&group.id).unwrap_or_default(),
            id: group.id,
            name: group.name,
            description: group.description,
            project_id: group.project_id,
        })
        .collect())
}

/// A rule in Nova's form, which always says which ports and from where.
fn view(rule: group_rule::Model, remotes: &HashMap<Uuid, group::Model>) -> SecurityGroupRuleView {
    let remote_group = rule
        .remote_group_id
        .and_then(|id| remotes.get(&id))
        .map(|group| (group.name.clone(), group.project_id.clone()));
    let (from_port, to_port) = match (rule.protocol.as_deref(), rule.port_min, rule.port_max) {
        (Some("tcp" | "udp"), None, None) => (Some(1), Some(65_535)),
        (Some(_), None, None) => (Some(-1), Some(-1)),
        (_, from, to) => (from, to),
    };
    let everywhere = || "0.0.0.0/0".to_owned();
    SecurityGroupRuleView {
        id: rule.id,
        protocol: rule.protocol,
        from_port,
        to_port,
        cidr: remote_group.is_none().then(|| rule.remote_ip_prefix.unwrap_or_else(everywhere)),
        remote_group,
    }
}

async fn one(db: &impl ConnectionTrait, group: group::Model) -> Result<SecurityGroupView, Error> {
    let id = group.id;
    views(db, vec![group]).await?.pop().ok_or_else(|| Error::group_missing(id))
}

async fn find(
    asker: &Asker<'_>,
    db: &impl ConnectionTrait,
    id: Uuid,
    rule: &str,
) -> Result<group::Model, Error> {
    asker.open(rule, group::find(db, id).await?)
}

/// A page of groups.
pub(super) async fn list(
    asker: &Asker<'_>,
    page: SecurityGroupPage,
) -> Result<Vec<SecurityGroupView>, Error> {
    let project = asker.project("get_security_group")?;
    let db = asker.neutron.db.read();
    if default_group::id_of(db, project).await?.is_none() {
        let mut change = asker.neutron.change().await?;
        domain::ensure_default(&mut change, project).await?;
        change.commit().await?;
    }
    let eyes = asker.eyes();
    let own = asker.own();
    let scope = if page.all_projects { eyes.scope() } else { &own };
    views(db, group::page(db, scope, page.offset, page.limit).await?).await
}

/// A group.
pub(super) async fn show(asker: &Asker<'_>, id: Uuid) -> Result<SecurityGroupView, Error> {
    let db = asker.neutron.db.read();
    one(db, find(asker, db, id, "get_security_group").await?).await
}

/// Makes a group.
pub(super) async fn create(
    asker: &Asker<'_>,
    name: &str,
    description: &str,
) -> Result<SecurityGroupView, Error> {
    let project = asker.project("create_security_group")?;
    let mut change = asker.neutron.change().await?;
    let group = domain::create(&mut change, project, name, description, true).await?;
    change.emit(asker.event("security_group.create.end", group.id));
    let view = one(&*change, group).await?;
    change.commit().await?;
    Ok(view)
}

/// Renames a group.
pub(super) async fn update(
    asker: &Asker<'_>,
    id: Uuid,
    name: &str,
    description: &str,
) -> Result<SecurityGroupView, Error> {
    let mut change = asker.neutron.change().await?;
    let mut group = find(asker, &*change, id, "update_security_group").await?;
    domain::check_name(&group, name)?;
    (group.name, group.description) = (name.to_owned(), description.to_owned());
    domain::save(&mut change, &mut group).await?;
    change.emit(asker.event("security_group.update.end", group.id));
    let view = one(&*change, group).await?;
    change.commit().await?;
    Ok(view)
}

/// Deletes a group.
pub(super) async fn delete(asker: &Asker<'_>, id: Uuid) -> Result<(), Error> {
    let mut change = asker.neutron.change().await?;
    let group = find(asker, &*change, id, "delete_security_group").await?;
    domain::remove(&mut change, &group, asker.is_admin()).await?;
    change.emit(asker.event("security_group.delete.end", group.id));
    change.commit().await
}

/// Adds a rule for incoming packets.
pub(super) async fn add_rule(
    asker: &Asker<'_>,
    new: NewSecurityGroupRule,
) -> Result<SecurityGroupRuleView, Error> {
    let mut change = asker.neutron.change().await?;
    let group = find(asker, &*change, new.group_id, "get_security_group").await?;
    if !asker.may("create_security_group_rule", &group.target()) {
        return Err(Error::forbidden("create_security_group_rule"));
    }
    let mut remotes = HashMap::new();
    if let Some(id) = new.remote_group_id {
        let other = find(asker, &*change, id, "get_security_group").await?;
        remotes.insert(id, other);
    }
    let six = new.cidr.as_deref().is_some_and(|cidr| matches!(cidr.parse(), Ok(IpNet::V6(_))));
    let mut rule = domain::blank_rule(&group, INGRESS, if six { "IPv6" } else { "IPv4" });
    rule.protocol = new.protocol.map(|name| name.to_ascii_lowercase());
    rule.port_min = new.from_port.filter(|port| *port >= 0);
    rule.port_max = new.to_port.filter(|port| *port >= 0);
    rule.remote_ip_prefix = new.cidr;
    rule.remote_group_id = new.remote_group_id;
    if let Some(name) = rule.protocol.as_deref().filter(|name| domain::protocol_number(name).is_none()) {
        return Err(Error::rule_bad_protocol(name));
    }
    rules::check_ports(&rule)?;
    rules::add(&mut change, group, &rule, asker.is_admin()).await?;
    change.emit(asker.event("security_group_rule.create.end", rule.id));
    change.commit().await?;
    Ok(view(rule, &remotes))
}

/// Takes a rule out.
pub(super) async fn remove_rule(asker: &Asker<'_>, id: Uuid) -> Result<(), Error> {
    let mut change = asker.neutron.change().await?;
    let rule = asker.open("delete_security_group_rule", group_rule::find(&*change, id).await?)?;
    rules::remove(&mut change, &rule).await?;
    change.emit(asker.event("security_group_rule.delete.end", rule.id));
    change.commit().await
}

/// The groups of a server's ports.
pub(super) async fn of_device(neutron: &Neutron, device: Uuid) -> Result<Vec<SecurityGroupView>, Error> {
    let db = neutron.db.read();
    views(db, group::of_device(db, &NOVA, device).await?).await
}

/// Puts a server's ports into a group of the caller's project, or takes them out.
pub(super) async fn change_device(
    neutron: &Neutron,
    caller: &Caller,
    device: Uuid,
    name: &str,
    member: bool,
) -> Result<(), Error> {
    let project = caller.project_id().unwrap_or_default();
    let mut change = neutron.change().await?;
    if name == domain::DEFAULT && !project.is_empty() {
        domain::ensure_default(&mut change, project).await?;
    }
    let own = Base::own_scope(caller);
    let named = group::named(&*change, &own, &[name]).await?;
    let group = match named.iter().find(|group| group.id.to_string() == name) {
        Some(group) => group,
        None => match named.as_slice() {
            [] => return Err(Error::group_missing(name)),
            [group] => group,
            _ => return Err(Error::group_ambiguous(name)),
        },
    };
    let of_device = port::of_devices(&*change, &NOVA, &[device]).await?;
    let mut applied = false;
    for mut full in port::load(&*change, of_device).await? {
        if full.port.device_owner.starts_with("network:") {
            continue;
        }
        let is_in = full.groups.contains(&group.id);
        if member && (!full.port.port_security_enabled || full.addresses.is_empty()) {
            continue;
        }
        applied |= member || is_in;
        if is_in == member {
            continue;
        }
        let mut groups = full.groups.clone();
        if member {
            groups.push(group.id);
        } else {
            groups.retain(|id| *id != group.id);
        }
        ports::set_groups(&change, &mut full, groups).await?;
        let before = full.port.clone();
        ports::save(&mut change, &before, &mut full.port).await?;
    }
    if !applied {
        return Err(if member {
            Error::bad_request("The server has no port with an address and port security to apply it to")
        } else {
            Error::group_missing(name)
        });
    }
    change.commit().await
}
