//! What is done with any one row: making it, and, once it was looked up and opened, going on with it.

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn,
    QueryFilter, QuerySelect,
};

use super::WriteTx;

type ActiveModelOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::ActiveModel;

fn is<M: ModelTrait>(row: &M) -> Condition {
    let keys = <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    keys.fold(Condition::all(), |all, key| all.add(key.eq(row.get(key))))
}

/// Writes a new row.
pub async fn insert<M>(tx: &WriteTx, row: &M) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<ActiveModelOf<M>>,
{
    M::Entity::insert(row.clone().into_active_model()).exec_without_returning(&**tx).await?;
    Ok(())
}

/// Writes new rows.
pub async fn insert_all<M>(tx: &WriteTx, rows: &[M]) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<ActiveModelOf<M>>,
{
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.iter().map(|row| row.clone().into_active_model());
    M::Entity::insert_many(rows).exec_without_returning(&**tx).await?;
    Ok(())
}

/// The row as it is now, kept so by a lock until the transaction is over (`None`: it is gone).
pub async fn lock<M>(tx: &WriteTx, row: &M) -> Result<Option<M>, DbErr>
where
    M: ModelTrait,
    M::Entity: EntityTrait<Model = M>,
{
    M::Entity::find().filter(is(row)).lock_exclusive().one(&**tx).await
}

/// Changes the columns that are set.
pub async fn change<M: ModelTrait>(tx: &WriteTx, row: &M, change: ActiveModelOf<M>) -> Result<(), DbErr> {
    M::Entity::update_many().set(change).filter(is(row)).exec(&**tx).await?;
    Ok(())
}

/// Removes it; whether it was there.
pub async fn delete<M: ModelTrait>(tx: &WriteTx, row: &M) -> Result<bool, DbErr> {
    let gone = M::Entity::delete_many().filter(is(row)).exec(&**tx).await?;
    Ok(gone.rows_affected == 1)
}
