//! What is done with any one row within a change: making it, and, once it was looked up and opened, going on with it.

use platform::db::{opened, owned::Owned};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
    sea_query::{Alias, Expr},
};

use super::Change;
use crate::{
    error::Error,
    model::{BATCH, Known},
};

type ActiveModelOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::ActiveModel;

impl Change<'_> {
    /// Writes a new row.
    pub(crate) async fn insert<M>(&self, row: &M) -> Result<(), DbErr>
    where
        M: ModelTrait + IntoActiveModel<ActiveModelOf<M>>,
    {
        opened::insert(&self.tx, row).await
    }

    /// Writes new rows, if there are any.
    pub(crate) async fn insert_all<M>(&self, rows: &[M]) -> Result<(), DbErr>
    where
        M: ModelTrait + IntoActiveModel<ActiveModelOf<M>>,
    {
        for batch in rows.chunks(BATCH) {
            let rows = batch.iter().map(|row| row.clone().into_active_model());
            M::Entity::insert_many(rows).exec_without_returning(&**self).await?;
        }
        Ok(())
    }

    /// The row as it is now, kept so by a lock until the change is over.
    pub(crate) async fn again<M>(&self, row: &M) -> Result<M, Error>
    where
        M: ModelTrait + Owned<Missing = Error> + Known,
        M::Entity: EntityTrait<Model = M>,
    {
        opened::lock(&self.tx, row).await?.ok_or_else(|| M::missing(&row.id().to_string()))
    }

    /// Writes the whole row.
    pub(crate) async fn save<M>(&self, row: &M) -> Result<(), DbErr>
    where
        M: ModelTrait + IntoActiveModel<ActiveModelOf<M>>,
        <M::Entity as EntityTrait>::Model: IntoActiveModel<ActiveModelOf<M>>,
        ActiveModelOf<M>: ActiveModelBehavior + Send,
    {
        M::Entity::update(row.clone().into_active_model().reset_all()).exec(&**self).await?;
        Ok(())
    }

    /// It has another revision now.
    pub(crate) async fn revise<M: ModelTrait + Known>(&self, row: &M) -> Result<(), DbErr> {
        M::Entity::update_many()
            .col_expr(Alias::new("revision"), Expr::cust("revision + 1"))
            .col_expr(Alias::new("updated_at"), Expr::value(chrono::Utc::now()))
            .filter(Expr::col(Alias::new("id")).eq(row.id()))
            .exec(&**self)
            .await?;
        Ok(())
    }

    /// Removes the row.
    pub(crate) async fn delete<M: ModelTrait>(&self, row: &M) -> Result<(), DbErr> {
        opened::delete(&self.tx, row).await?;
        Ok(())
    }
}
