//! Getting tokens, checking them, and finding out where one may go with them.

mod login;
mod request;
mod scopes;
mod tokens;

use platform::http::Routes;

pub(super) use scopes::list_projects_of;
pub(super) use tokens::answer;

use crate::Keystone;

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new().merge(tokens::routes()).merge(scopes::routes())
}
