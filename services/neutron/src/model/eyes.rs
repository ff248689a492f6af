//! Who sees what in lists: what is one's own, what one was given access to, and everything for administrators.

use contracts::identity::Caller;
use platform::{
    db::owned::Scope,
    http::{Base, Cx, Fault},
    policy::Target,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{IntoCondition, SelectStatement},
};

use super::{network, rbac};
use crate::{Neutron, policy::SEES_ALL};

/// Who looks. Given out where the policy was asked.
#[derive(Debug, Clone)]
pub(crate) struct Eyes {
    scope: Scope,
    project: String,
}

impl Eyes {
    /// The caller's, if it may do what the route does. Else 403.
    pub(crate) fn of(cx: &Cx<Neutron>) -> Result<Self, Fault> {
        let project = cx.caller.project_id().unwrap_or_default();
        let own = Target::project(project)
            .with("user_id", cx.caller.user.id.as_str())
            .with("security_group:project_id", project);
        Ok(Self { scope: cx.scope_on(&own, SEES_ALL)?, project: project.to_owned() })
    }

    /// Those of whom another service asks for.
    pub(crate) fn of_caller(base: &Base, caller: &Caller) -> Self {
        let project = caller.project_id().unwrap_or_default().to_owned();
        let all = SEES_ALL.iter().find_map(|rule| base.scope_of_all(caller, rule));
        Self { scope: all.unwrap_or_else(|| Base::own_scope(caller)), project }
    }

    /// Whose rows are seen.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The project from which is looked, or nothing.
    pub(crate) fn project(&self) -> &str {
        &self.project
    }

    /// Networks that others gave this project access to, as a subquery of ids.
    fn given(&self, action: Option<&str>) -> SelectStatement {
        let mut select = rbac::Entity::find()
            .select_only()
            .column(rbac::Column::ObjectId)
            .filter(rbac::Column::Target.is_in([rbac::EVERYBODY, self.project.as_str()]));
        if let Some(action) = action {
            select = select.filter(rbac::Column::Action.eq(action));
        }
        select.into_query()
    }

    /// The condition on networks.
    pub(super) fn networks(&self) -> Condition {
        self.own_or(network::Column::ProjectId, network::Column::Id.in_subquery(self.given(None)))
    }

    /// The condition on networks that are, or are not, shared with this project.
    pub(super) fn shared(&self, shared: bool) -> Condition {
        let given = self.given(Some(rbac::SHARED));
        if shared {
            network::Column::Id.in_subquery(given).into_condition()
        } else {
            network::Column::Id.not_in_subquery(given).into_condition()
        }
    }

    /// The condition on what belongs to the project in this column, or else is seen for this reason.
    pub(super) fn own_or(&self, project: impl ColumnTrait, reason: impl IntoCondition) -> Condition {
        if self.scope.is_everybody() {
            return Condition::all();
        }
        Condition::any().add(self.scope.by_project(project)).add(reason.into_condition())
    }

    /// Ids of the project's own networks, as a subquery.
    pub(super) fn own_networks(&self) -> SelectStatement {
        network::ids(self.scope.by_project(network::Column::ProjectId))
    }
}
