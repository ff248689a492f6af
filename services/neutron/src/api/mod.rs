//! The API: one file for each resource.

mod agents;
mod attributes;
mod availability;
mod extensions;
mod floatingips;
mod group_rules;
mod groups;
mod listing;
mod networks;
mod ports;
mod quotas;
mod rbac;
mod routers;
mod shown;
mod subnetpools;
mod subnets;
mod tags;
mod versions;

use platform::{
    db::owned::Scope,
    http::{Cx, Routes},
    policy::Target,
};
use uuid::Uuid;

use crate::{Neutron, error::Error, policy::SEES_ALL};

pub(crate) use attributes::is_hostname;

/// All routes.
pub(crate) fn routes() -> Routes<Neutron> {
    Routes::new()
        .merge(versions::routes())
        .merge(extensions::routes())
        .merge(networks::routes())
        .merge(subnets::routes())
        .merge(subnetpools::routes())
        .merge(ports::routes())
        .merge(routers::routes())
        .merge(floatingips::routes())
        .merge(groups::routes())
        .merge(group_rules::routes())
        .merge(rbac::routes())
        .merge(quotas::routes())
        .merge(tags::routes())
        .merge(agents::routes())
        .merge(availability::routes())
}

/// The caller may make this. Else 403.
fn permit_making(cx: &Cx<Neutron>, target: &Target<'_>) -> Result<(), Error> {
    cx.allow_on(target).map_err(|_| Error::forbidden(cx.route.policy.unwrap_or_default()))
}

/// Everybody's rows, for a route that only administrators and other services may take. Else 403.
fn everything(cx: &Cx<Neutron>) -> Result<Scope, Error> {
    let rule = cx.route.policy.unwrap_or_default();
    cx.scope_of_all(rule).map_err(|_| Error::forbidden(rule))
}

/// Whether the caller is an administrator, or another service.
fn sees_all(cx: &Cx<Neutron>) -> bool {
    SEES_ALL.iter().any(|rule| cx.may(rule, &Target::none()))
}

/// An id in a path; what is none is missing.
fn id<'t>(text: &'t str, missing: impl FnOnce(&'t str) -> Error) -> Result<Uuid, Error> {
    text.parse().map_err(|_| missing(text))
}
