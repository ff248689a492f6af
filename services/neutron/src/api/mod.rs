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
    http::{Cx, Routes},
    policy::Target,
};
use uuid::Uuid;

use crate::{Neutron, error::Error};

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

/// The caller may do to this what the route does. What it may not even see is missing (404), else it is forbidden (403).
fn permit(
    cx: &Cx<Neutron>,
    seeing: &str,
    target: &Target<'_>,
    missing: impl FnOnce() -> Error,
) -> Result<(), Error> {
    if cx.allow_on(target).is_ok() {
        Ok(())
    } else if cx.may(seeing, target) {
        Err(Error::forbidden(cx.route.policy.unwrap_or_default()))
    } else {
        Err(missing())
    }
}

/// The caller may make this. Else 403.
fn permit_making(cx: &Cx<Neutron>, target: &Target<'_>) -> Result<(), Error> {
    cx.allow_on(target).map_err(|_| Error::forbidden(cx.route.policy.unwrap_or_default()))
}

/// An id in a path; what is none is missing.
fn id<'t>(text: &'t str, missing: impl FnOnce(&'t str) -> Error) -> Result<Uuid, Error> {
    text.parse().map_err(|_| missing(text))
}
