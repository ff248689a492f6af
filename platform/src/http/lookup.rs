//! Opening what was looked up, and seeing whose rows a list may show: both ask the policy.

use contracts::identity::Caller;

use super::{Base, Cx, Fault, Foreign, Service};
use crate::{
    db::owned::{Denied, Owned, Scope, Sealed},
    policy::Target,
};

impl Base {
    /// The row, if it is there and that caller may do to it what the rule is about: for whom another service asks.
    pub fn open<M: Owned>(
        &self,
        caller: &Caller,
        rule: &str,
        sealed: Sealed<M>,
    ) -> Result<M, Denied<M::Missing>> {
        let missing = || Denied::Missing(M::missing(&sealed.id));
        let Some(row) = sealed.row else { return Err(missing()) };
        let target = row.target();
        if !self.policy.allows(rule, caller, &target) {
            let known = match M::SEEN_BY {
                Some(seeing) => self.policy.allows(seeing, caller, &target),
                None => {
                    let owner = target.get("project_id");
                    self.scheme.foreign == Foreign::Forbidden
                        || owner.is_some() && owner == caller.project_id()
                }
            };
            return Err(if known { Denied::Refused(rule.to_owned()) } else { missing() });
        }
        drop(target);
        Ok(row)
    }

    /// What is that caller's own, or its project's: for whom another service asks.
    pub fn own_scope(caller: &Caller) -> Scope {
        Scope::own(caller)
    }

    /// What is everybody's, if that rule allows it to that caller.
    pub fn scope_of_all(&self, caller: &Caller, rule: &str) -> Option<Scope> {
        self.policy.allows(rule, caller, &Target::none()).then(Scope::everybody)
    }
}

impl<S: Service> Cx<S> {
    /// The row, if it is there and the caller may do to it what this route does. What belongs to others is answered as
    /// the service does (404, or 403).
    pub fn open<M: Owned>(&self, sealed: Sealed<M>) -> Result<M, Denied<M::Missing>> {
        self.open_for(self.route.policy.unwrap_or("this"), sealed)
    }

    /// The same, for what another rule than the route's decides.
    pub fn open_for<M: Owned>(&self, rule: &str, sealed: Sealed<M>) -> Result<M, Denied<M::Missing>> {
        self.asking();
        self.service.base().open(&self.caller, rule, sealed)
    }

    /// What is the caller's own, or its project's, if it may do what this route does to that. Else 403.
    pub fn own_scope(&self) -> Result<Scope, Fault> {
        self.allow()?;
        Ok(Scope::own(&self.caller))
    }

    /// The same, for what another rule than the route's decides.
    pub fn own_scope_for(&self, rule: &str) -> Result<Scope, Fault> {
        let project = self.caller.project_id().unwrap_or_default();
        self.allow_rule(rule, &Target::project(project).with("user_id", self.caller.user.id.as_str()))?;
        Ok(Scope::own(&self.caller))
    }

    /// What the caller sees in lists, if it may do what this route does to this (else 403): everybody's, if one of these
    /// rules allows that, and else its own.
    pub fn scope_on(&self, target: &Target<'_>, all_by: &[&str]) -> Result<Scope, Fault> {
        self.allow_on(target)?;
        let base = self.service.base();
        let all = all_by.iter().find_map(|rule| base.scope_of_all(&self.caller, rule));
        Ok(all.unwrap_or_else(|| Scope::own(&self.caller)))
    }

    /// What is that project's, if the caller may do what this route does to that. Else 403.
    pub fn scope_of(&self, project: &str) -> Result<Scope, Fault> {
        self.allow_on(&Target::project(project))?;
        Ok(Scope::project(project))
    }

    /// The same, for what another rule than the route's decides.
    pub fn scope_of_for(&self, rule: &str, project: &str) -> Result<Scope, Fault> {
        self.allow_rule(rule, &Target::project(project))?;
        Ok(Scope::project(project))
    }

    /// What is that user's, if the caller may do what this route does to that. Else 403.
    pub fn scope_of_user(&self, user: &str) -> Result<Scope, Fault> {
        self.allow_on(&Target::none().with("user_id", user))?;
        Ok(Scope::user(user))
    }

    /// What is everybody's, if that rule allows it. Else 403.
    pub fn scope_of_all(&self, rule: &str) -> Result<Scope, Fault> {
        self.allow_rule(rule, &Target::none())?;
        Ok(Scope::everybody())
    }
}
