//! Which roles somebody has somewhere: assignments of users and their groups, inherited ones, implied ones.

use std::collections::{BTreeSet, HashMap};

use contracts::identity::Named;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    directory::ProjectFacts,
    model::{assignment, implied_role, membership, role},
};

/// All roles and what they imply. There are few roles, and every token needs them.
#[derive(Debug, Default)]
pub(crate) struct RoleBook {
    pub(crate) roles: HashMap<String, role::Model>,
    pub(crate) implied: HashMap<String, Vec<String>>,
}

impl RoleBook {
    pub(crate) async fn read(db: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let roles = role::Entity::find().all(db).await?;
        let mut implied: HashMap<String, Vec<String>> = HashMap::new();
        for rule in implied_role::Entity::find().all(db).await? {
            implied.entry(rule.prior_id).or_default().push(rule.implied_id);
        }
        Ok(Self { roles: roles.into_iter().map(|role| (role.id.clone(), role)).collect(), implied })
    }

    /// The ids of these roles and of all that they imply, however far.
    pub(crate) fn closure(&self, ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<String> = ids.into_iter().collect();
        while let Some(id) = open.pop() {
            open.extend(
                self.implied.get(&id).into_iter().flatten().filter(|next| !seen.contains(*next)).cloned(),
            );
            seen.insert(id);
        }
        seen
    }

    /// Those of the roles that a token shows: a role of a domain stands only for what it implies.
    pub(crate) fn shown(&self, ids: impl IntoIterator<Item = String>) -> Vec<Named> {
        ids.into_iter()
            .filter_map(|id| self.roles.get(&id))
            .filter(|role| role.domain_id.is_empty())
            .map(|role| Named { id: role.id.clone(), name: role.name.clone() })
            .collect()
    }
}

/// Assignments to the user itself or to a group that it is in.
pub(crate) fn of_user(user: &str) -> Condition {
    let groups = Query::select()
        .column(membership::Column::GroupId)
        .from(membership::Entity)
        .and_where(Expr::col(membership::Column::UserId).eq(user))
        .to_owned();
    Condition::any()
        .add(assignment::Column::ActorKind.eq("user").and(assignment::Column::ActorId.eq(user)))
        .add(assignment::Column::ActorKind.eq("group").and(assignment::Column::ActorId.in_subquery(groups)))
}

/// Assignments that hold in the project: its own, and those inherited from what it lies in.
pub(crate) fn in_project(project: &ProjectFacts) -> Condition {
    let own = assignment::Column::TargetKind
        .eq("project")
        .and(assignment::Column::TargetId.eq(project.id.as_str()))
        .and(assignment::Column::Inherited.eq(false));
    let above = assignment::Column::Inherited
        .eq(true)
        .and(assignment::Column::TargetId.is_in(project.ancestors.iter().map(String::as_str)));
    Condition::any().add(own).add(above)
}

/// Assignments on a domain or the system itself.
pub(crate) fn on(kind: &str, id: &str) -> Condition {
    Condition::all()
        .add(assignment::Column::TargetKind.eq(kind))
        .add(assignment::Column::TargetId.eq(id))
        .add(assignment::Column::Inherited.eq(false))
}

/// The roles that are assigned under both conditions.
pub(crate) async fn assigned(
    db: &impl ConnectionTrait,
    who: Condition,
    place: Condition,
) -> Result<Vec<String>, DbErr> {
    assignment::Entity::find()
        .select_only()
        .column(assignment::Column::RoleId)
        .distinct()
        .filter(who)
        .filter(place)
        .into_tuple()
        .all(db)
        .await
}
