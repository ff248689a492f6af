//! `/v2.0/security-group-rules`

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use ipnet::IpNet;
use platform::http::{Body, Cx, Query, Routes};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Given, Is, read_create},
    listing::page,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    group::{self as groups, protocol_number},
    model::{Eyes, group, group_rule},
    rule as rules,
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("security_group_id", Is::Id).fixed().required(),
    Attribute::new("direction", Is::OneOf(&["ingress", "egress"])).fixed().required(),
    Attribute::new("ethertype", Is::MaybeText(16)).fixed(),
    Attribute::new("protocol", Is::Any).fixed(),
    Attribute::new("port_range_min", Is::Any).fixed(),
    Attribute::new("port_range_max", Is::Any).fixed(),
    Attribute::new("remote_ip_prefix", Is::MaybeRange).fixed(),
    Attribute::new("remote_group_id", Is::MaybeId).fixed(),
    Attribute::shown("normalized_cidr"),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/security-group-rules", "get_security_group_rule", list)
        .list(&group_rule::LIST)
        .post("/v2.0/security-group-rules", "create_security_group_rule", create)
        .get("/v2.0/security-group-rules/{id}", "get_security_group_rule", show)
        .delete("/v2.0/security-group-rules/{id}", "delete_security_group_rule", delete)
}

/// A rule as it is shown.
pub(super) fn view(rule: group_rule::Model) -> Shown {
    let normalized = rule.remote_ip_prefix.as_deref().and_then(|text| text.parse::<IpNet>().ok());
    Shown::new()
        .with("security_group_id", rule.group_id.to_string())
        .with("direction", rule.direction)
        .with("ethertype", rule.ethertype)
        .with("protocol", rule.protocol)
        .with("port_range_min", rule.port_min)
        .with("port_range_max", rule.port_max)
        .with("remote_ip_prefix", rule.remote_ip_prefix)
        .with("normalized_cidr", normalized.map(|net| net.trunc().to_string()))
        .with("remote_group_id", rule.remote_group_id.map(|id| id.to_string()))
        .with("remote_address_group_id", Value::Null)
        .standard(
            rule.id,
            &rule.project_id,
            &rule.description,
            (rule.created_at, rule.updated_at, rule.revision),
        )
}

/// The rule, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<group_rule::Model, Error> {
    Ok(cx.open(group_rule::find(cx.service.db.read(), id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = group_rule::visible(&Eyes::of(&cx)?);
    let page = page(&cx.service, select, &group_rule::LIST, &query, &[]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|rule| rule.id).collect();
    let shown = page.items.into_iter().map(view).collect();
    listed(&cx, "security_group_rules", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let rule = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "security_group_rule", &view(rule).only(&query))
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "security_group_rule", "security_group_rules", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut made_now: Vec<group_rule::Model> = Vec::new();
    for given in &bodies.given {
        let rule = create_one(&cx, &mut change, given, &made_now).await?;
        made_now.push(rule);
    }
    change.commit().await?;
    let shown = made_now.into_iter().map(view).collect();
    made(bodies.bulk, "security_group_rule", "security_group_rules", shown)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
    before: &[group_rule::Model],
) -> Result<group_rule::Model, Error> {
    let group_id: Uuid = given.parsed("security_group_id").unwrap_or_default();
    let group = cx.open(group::find(&**change, group_id).await?)?;
    if before.iter().any(|other| other.group_id != group.id) {
        return Err(Error::rule_groups_differ());
    }
    let rule = read_rule(given, &group)?;
    if before.iter().any(|other| rules::same(other, &rule)) {
        return Err(Error::rule_twice());
    }
    rules::add(change, group, &rule, cx.is_admin()).await?;
    change.emit(cx.event("security_group_rule.create.end", rule.id));
    Ok(rule)
}

/// A number that may be given as a text.
fn port(given: &Given, name: &str) -> Result<Option<i32>, Error> {
    match given.value(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            match number.and_then(|number| i32::try_from(number).ok()) {
                Some(number) if (-1..=65_535).contains(&number) => Ok((number >= 0).then_some(number)),
                _ => Err(Error::rule_bad_port(value.to_string().trim_matches('"'))),
            }
        }
    }
}

fn protocol(given: &Given) -> Result<Option<String>, Error> {
    let name = match given.value("protocol") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.to_ascii_lowercase(),
        Some(other) => other.to_string(),
    };
    if ["", "any", "ip", "0", "-1"].contains(&name.as_str()) {
        return Ok(if name == "ip" || name == "0" { Some(name) } else { None });
    }
    match protocol_number(&name) {
        Some(_) => Ok(Some(if name == "icmpv6" { "ipv6-icmp".to_owned() } else { name })),
        None => Err(Error::rule_bad_protocol(name)),
    }
}

/// Reads a rule and refuses what makes no sense.
fn read_rule(given: &Given, group: &group::Model) -> Result<group_rule::Model, Error> {
    let ethertype = match given.text("ethertype") {
        None => "IPv4",
        Some(text) if text.eq_ignore_ascii_case("ipv4") => "IPv4",
        Some(text) if text.eq_ignore_ascii_case("ipv6") => "IPv6",
        Some(other) => {
            return Err(Error::refused(
                StatusCode::BAD_REQUEST,
                "SecurityGroupRuleInvalidEtherType",
                format!(
                    "Security group rule for ethertype '{other}' not supported. Allowed values are ['IPv4', 'IPv6']."
                ),
            ));
        }
    };
    let mut rule = groups::blank_rule(group, &given.text_or("direction", ""), ethertype);
    rule.protocol = protocol(given)?.filter(|name| name != "ip" && name != "0");
    rule.port_min = port(given, "port_range_min")?;
    rule.port_max = port(given, "port_range_max")?;
    rule.description = given.text_or("description", "");
    rule.remote_group_id = given.parsed("remote_group_id");
    rule.remote_ip_prefix = given.text("remote_ip_prefix").map(str::to_owned);
    if rule.remote_group_id.is_some() && rule.remote_ip_prefix.is_some() {
        return Err(Error::rule_two_remotes());
    }
    if let Some(net) = given.parsed::<IpNet>("remote_ip_prefix")
        && matches!(net, IpNet::V4(_)) != (ethertype == "IPv4")
    {
        return Err(Error::rule_ethertype_cidr(ethertype, net));
    }
    rules::check_ports(&rule)?;
    Ok(rule)
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let rule = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    rules::remove(&mut change, &rule).await?;
    change.emit(cx.event("security_group_rule.delete.end", rule.id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
