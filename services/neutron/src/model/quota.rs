//! Limits that differ from the default.

use sea_orm::{entity::prelude::*, sea_query::OnConflict};

use crate::change::Change;

mod row {
    use sea_orm::entity::prelude::*;

    /// Limits that differ from the default.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "quotas")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub project_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource: String,
        pub most: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
use row::{ActiveModel, Column, Entity};

/// Those of all projects, for who may see that.
pub(crate) async fn all(
    db: &impl ConnectionTrait,
    scope: &platform::db::owned::Scope,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(scope.by_project(Column::ProjectId)).all(db).await
}

/// Those of a project.
pub(crate) async fn of(db: &impl ConnectionTrait, project: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ProjectId.eq(project)).all(db).await
}

/// A project's limit of one resource.
pub(crate) async fn one(
    db: &impl ConnectionTrait,
    project: &str,
    resource: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((project.to_owned(), resource.to_owned())).one(db).await
}

/// Writes limits, whether there were others or not.
pub(crate) async fn set(change: &Change<'_>, rows: Vec<Model>) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let again =
        OnConflict::columns([Column::ProjectId, Column::Resource]).update_column(Column::Most).to_owned();
    let rows = rows.into_iter().map(ActiveModel::from);
    Entity::insert_many(rows).on_conflict(again).exec_without_returning(&**change).await?;
    Ok(())
}

/// A project has the defaults again; whether it had others.
pub(crate) async fn clear(change: &Change<'_>, project: &str) -> Result<bool, DbErr> {
    let gone = Entity::delete_many().filter(Column::ProjectId.eq(project)).exec(&**change).await?;
    Ok(gone.rows_affected > 0)
}
