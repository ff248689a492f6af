//! How many of a thing a project may have: counted from the rows, in the transaction that adds one.

use platform::db::{WriteTx, list};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, QuerySelect, Select, sea_query::OnConflict,
};

use crate::{Barbican, error::Error, model::quota_lock};

/// Refuses one more when the project has as many as it may of `own`, which `[key_manager] quotas` calls by that name.
pub(crate) async fn room_for_one<E: EntityTrait>(
    barbican: &Barbican,
    tx: &WriteTx,
    project: &str,
    name: &str,
    own: Select<E>,
) -> Result<(), Error> {
    let Some(limit) = barbican.config.quotas.get(name) else { return Ok(()) };
    // Where several may write at once, those of one project wait for one another.
    if tx.get_database_backend() != DbBackend::Sqlite {
        let row = quota_lock::ActiveModel { project_id: Set(project.to_owned()) };
        let known = OnConflict::column(quota_lock::Column::ProjectId)
            .update_column(quota_lock::Column::ProjectId)
            .to_owned();
        quota_lock::Entity::insert(row).on_conflict(known).exec_without_returning(&**tx).await?;
        quota_lock::Entity::find_by_id(project).lock_exclusive().one(&**tx).await?;
    }
    if list::count(&**tx, own).await? >= *limit { Err(Error::Quota) } else { Ok(()) }
}
