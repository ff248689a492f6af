//! Who may: Keystone's manners of refusing, and what its rules ask about a target.

use contracts::identity::Scope;
use http::StatusCode;
use platform::{
    http::{Fault, Service},
    policy::Target,
};

use super::Cx;
use crate::{
    error::Error,
    model::{group, project, role, user},
};

pub(super) trait Guard {
    /// The caller may do what this route does, to this. Else 403 in Keystone's words.
    fn permit(&self, target: &Target<'_>) -> Result<(), Fault>;

    /// Looking a thing up and being allowed to are one step. Who may not is told so (403) whether the thing is there or
    /// not: only who could see it learns that it isn't.
    fn present<T>(
        &self,
        thing: Option<T>,
        target: impl for<'t> Fn(&'t T) -> Target<'t>,
        what: &'static str,
        id: &str,
    ) -> Result<T, Fault>;

    /// The domain of a domain-scoped token: lists show it that domain only.
    fn domain_scope(&self) -> Option<&str>;

    /// The domain of what is created without naming one.
    fn default_domain(&self) -> String;
}

impl Guard for Cx {
    fn permit(&self, target: &Target<'_>) -> Result<(), Fault> {
        self.allow_on(target).map_err(|fault| match fault.status {
            StatusCode::FORBIDDEN => forbidden(self.route.policy.unwrap_or_default()),
            _ => fault,
        })
    }

    fn present<T>(
        &self,
        thing: Option<T>,
        target: impl for<'t> Fn(&'t T) -> Target<'t>,
        what: &'static str,
        id: &str,
    ) -> Result<T, Fault> {
        match thing {
            Some(thing) => {
                self.permit(&target(&thing))?;
                Ok(thing)
            }
            None => {
                self.permit(&Target::none())?;
                Err(Error::missing(what, id).into())
            }
        }
    }

    fn domain_scope(&self) -> Option<&str> {
        match &self.caller.scope {
            Scope::Domain(domain) => Some(&domain.id),
            _ => None,
        }
    }

    fn default_domain(&self) -> String {
        match &self.caller.scope {
            Scope::Domain(domain) => domain.id.clone(),
            Scope::Project(project) => project.domain.id.clone(),
            Scope::Unscoped | Scope::System => self.caller.user.domain.id.clone(),
        }
    }
}

/// 403 in Keystone's words.
pub(super) fn forbidden(action: &str) -> Fault {
    Fault::forbidden(format!("You are not authorized to perform the requested action: {action}."))
}

/// What rules ask about a user.
pub(super) fn about_user(user: &user::Model) -> Target<'_> {
    Target::none()
        .with("user_id", user.id.as_str())
        .with("target.user.id", user.id.as_str())
        .with("target.user.domain_id", user.domain_id.as_str())
}

/// What rules ask about a project or, where it is one, a domain.
pub(super) fn about_project(project: &project::Model) -> Target<'_> {
    let target = Target::none().with("target.project.id", project.id.as_str());
    match project.is_domain {
        true => target.with("target.domain.id", project.id.as_str()),
        false => target.with("target.project.domain_id", project.domain_id.as_str()),
    }
}

/// What rules ask about a group.
pub(super) fn about_group(group: &group::Model) -> Target<'_> {
    Target::none()
        .with("target.group.id", group.id.as_str())
        .with("target.group.domain_id", group.domain_id.as_str())
}

/// What rules ask about a role. A role of the whole cloud has no domain.
pub(super) fn about_role(role: &role::Model) -> Target<'_> {
    let target = Target::none().with("target.role.name", role.name.as_str());
    match role.domain_id.as_str() {
        "" => target,
        domain => target.with("target.role.domain_id", domain),
    }
}

/// The target of a list: the domain that a domain-scoped token may list.
pub(super) fn about_list(cx: &Cx) -> Target<'_> {
    match cx.domain_scope() {
        Some(domain) => {
            let mut target = Target::none();
            for name in ["target.domain_id", "target.domain.id", "target.group.domain_id"] {
                target = target.with(name, domain);
            }
            target
        }
        None => Target::none(),
    }
}

/// Whether a rule other than the route's allows.
pub(super) fn may(cx: &Cx, rule: &str, target: &Target<'_>) -> bool {
    cx.service.base().policy.allows(rule, &cx.caller, target)
}
