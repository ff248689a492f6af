//! The HTTP interface: one file for each resource, its routes beside its handlers.

mod access_rules;
mod application_credentials;
mod auth;
mod bearer;
mod consumers;
mod credentials;
mod domain_config;
mod domain_options;
mod domains;
mod ec2_credentials;
mod endpoint_filters;
mod endpoint_groups;
mod endpoints;
mod extra;
mod grants;
mod groups;
mod guard;
mod implied_roles;
mod limits;
mod listing;
mod policies;
mod project_tags;
mod project_tree;
mod projects;
mod regions;
mod registered_limits;
mod role_assignments;
mod roles;
mod services;
mod signed_tokens;
mod trusts;
mod user_password;
mod users;
mod versions;

use platform::http::Routes;

pub(crate) use grants::assign;

use crate::Keystone;

/// A request with a valid token.
type Cx = platform::http::Cx<Keystone>;
/// A request on an open route.
type OpenCx = platform::http::OpenCx<Keystone>;

/// All routes.
pub(crate) fn routes() -> Routes<Keystone> {
    Routes::new()
        .merge(versions::routes())
        .merge(auth::routes())
        .merge(users::routes())
        .merge(user_password::routes())
        .merge(projects::routes())
        .merge(project_tags::routes())
        .merge(domains::routes())
        .merge(groups::routes())
        .merge(roles::routes())
        .merge(implied_roles::routes())
        .merge(grants::routes())
        .merge(role_assignments::routes())
        .merge(application_credentials::routes())
        .merge(access_rules::routes())
        .merge(regions::routes())
        .merge(services::routes())
        .merge(endpoints::routes())
        .merge(endpoint_groups::routes())
        .merge(endpoint_filters::routes())
        .merge(registered_limits::routes())
        .merge(limits::routes())
        .merge(credentials::routes())
        .merge(ec2_credentials::routes())
        .merge(signed_tokens::routes())
        .merge(trusts::routes())
        .merge(policies::routes())
        .merge(domain_config::routes())
        .merge(consumers::routes())
}
