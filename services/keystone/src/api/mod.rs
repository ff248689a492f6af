//! The HTTP interface: one file for each resource, its routes beside its handlers.

mod auth;
mod domains;
mod extra;
mod grants;
mod groups;
mod guard;
mod implied_roles;
mod listing;
mod project_tags;
mod project_tree;
mod projects;
mod roles;
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
}
