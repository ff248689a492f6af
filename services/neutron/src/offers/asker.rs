//! Whoever has another service ask: allowed and hidden as over Neutron's own API.

use contracts::identity::Caller;
use platform::{
    db::owned::{Owned, Scope, Sealed},
    events::Event,
    http::Base,
    policy::Target,
};

use crate::{Neutron, error::Error, model::Eyes};

/// Who asks, through another service.
pub(super) struct Asker<'a> {
    pub(super) neutron: &'a Neutron,
    pub(super) caller: &'a Caller,
}

impl<'a> Asker<'a> {
    pub(super) fn new(neutron: &'a Neutron, caller: &'a Caller) -> Self {
        Self { neutron, caller }
    }

    pub(super) fn eyes(&self) -> Eyes {
        Eyes::of_caller(&self.neutron.base, self.caller)
    }

    pub(super) fn may(&self, rule: &str, target: &Target<'_>) -> bool {
        self.neutron.base.policy.allows(rule, self.caller, target)
    }

    pub(super) fn is_admin(&self) -> bool {
        self.may("context_is_admin", &Target::none())
    }

    /// The row, if the caller may do to it what the rule is about.
    pub(super) fn open<M: Owned<Missing = Error>>(&self, rule: &str, sealed: Sealed<M>) -> Result<M, Error> {
        Ok(self.neutron.base.open(self.caller, rule, sealed)?)
    }

    /// What is the caller's project's own.
    pub(super) fn own(&self) -> Scope {
        Base::own_scope(self.caller)
    }

    /// The caller's project, in which it may make such a thing.
    pub(super) fn project(&self, rule: &str) -> Result<&'a str, Error> {
        let project = self
            .caller
            .project_id()
            .ok_or_else(|| Error::bad_request("A token that is scoped to a project is needed."))?;
        if self.may(rule, &Target::project(project)) { Ok(project) } else { Err(Error::forbidden(rule)) }
    }

    pub(super) fn event(&self, kind: &'static str, id: impl ToString) -> Event {
        let event = Event::new(kind, id);
        match self.caller.project_id() {
            Some(project) => event.project(project),
            None => event,
        }
    }
}
