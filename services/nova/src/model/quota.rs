//! Limits that an administrator set for projects, and for users in them.

use platform::db::{WriteTx, opened, owned::Scope};
use sea_orm::entity::prelude::*;

mod row {
    use sea_orm::entity::prelude::*;

    /// A project's limit (or a user's in it).
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quotas")]
    pub struct Model {
        /// The project.
        #[sea_orm(primary_key, auto_increment = false)]
        pub project_id: String,
        /// The user, or empty for the project.
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        /// Of what.
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource: String,
        /// How many; -1 for no limit.
        pub hard_limit: i64,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{Column, Entity};

/// The limits that were set for a user in the project of a scope, or, without a user's name, for the project itself.
pub async fn of(db: &impl ConnectionTrait, scope: &Scope, user: &str) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find().filter(scope.by_project(Column::ProjectId));
    rows.filter(Column::UserId.eq(user)).all(db).await
}

/// Sets limits in place of those that were set.
pub async fn replace(
    tx: &WriteTx,
    scope: &Scope,
    user: &str,
    limits: &[(&'static str, i64)],
) -> Result<(), DbErr> {
    let Some(project) = scope.project_id().filter(|_| !limits.is_empty()) else { return Ok(()) };
    Entity::delete_many()
        .filter(scope.by_project(Column::ProjectId))
        .filter(Column::UserId.eq(user))
        .filter(Column::Resource.is_in(limits.iter().map(|(name, _)| *name)))
        .exec(&**tx)
        .await?;
    let new: Vec<Model> = limits
        .iter()
        .map(|(name, limit)| Model {
            project_id: project.to_owned(),
            user_id: user.to_owned(),
            resource: (*name).to_owned(),
            hard_limit: *limit,
        })
        .collect();
    opened::insert_all(tx, &new).await
}

/// Forgets the limits of a project, or those of a user in it.
pub async fn delete(tx: &WriteTx, scope: &Scope, user: Option<&str>) -> Result<(), DbErr> {
    let rows = Entity::delete_many().filter(scope.by_project(Column::ProjectId));
    let rows = match user {
        Some(user) => rows.filter(Column::UserId.eq(user)),
        None => rows,
    };
    rows.exec(&**tx).await.map(drop)
}
