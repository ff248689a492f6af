//! What there is of volumes and snapshots: counted from the rows.

use std::collections::BTreeMap;

use platform::db::{owned::Scope, sum};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, Select, TryGetable,
};
use uuid::Uuid;

use super::{snapshot, volume};
use crate::quota::Usage;

/// Volumes and their GiB, snapshots and their GiB.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub volumes: i64,
    pub volume_gib: i64,
    pub snapshots: i64,
    pub snapshot_gib: i64,
}

impl From<Held> for Usage {
    fn from(held: Held) -> Self {
        let Held { volumes, snapshots, .. } = held;
        Self { volumes, snapshots, gigabytes: held.volume_gib + held.snapshot_gib }
    }
}

/// How many volumes and snapshots there are for each value of a column, and how many GiB.
async fn held<K: Ord + TryGetable>(
    db: &impl ConnectionTrait,
    (volumes, volumes_by): (Select<volume::Entity>, impl ColumnTrait),
    (snapshots, snapshots_by): (Select<snapshot::Entity>, impl ColumnTrait),
) -> Result<BTreeMap<K, Held>, DbErr> {
    let mut all = BTreeMap::<K, Held>::new();
    let volumes = volumes
        .select_only()
        .column(volumes_by)
        .column_as(volume::Column::Id.count(), "counted")
        .expr_as(sum(db, volume::Column::Size), "gib")
        .group_by(volumes_by);
    for (key, counted, gib) in volumes.into_tuple::<(K, i64, Option<i64>)>().all(db).await? {
        let held = all.entry(key).or_default();
        (held.volumes, held.volume_gib) = (counted, gib.unwrap_or_default());
    }
    let snapshots = snapshots
        .select_only()
        .column(snapshots_by)
        .column_as(snapshot::Column::Id.count(), "counted")
        .expr_as(sum(db, snapshot::Column::Size), "gib")
        .group_by(snapshots_by);
    for (key, counted, gib) in snapshots.into_tuple::<(K, i64, Option<i64>)>().all(db).await? {
        let held = all.entry(key).or_default();
        (held.snapshots, held.snapshot_gib) = (counted, gib.unwrap_or_default());
    }
    Ok(all)
}

fn rows(scope: &Scope) -> (Select<volume::Entity>, Select<snapshot::Entity>) {
    let volumes = volume::Entity::find().filter(scope.by_project(volume::Column::ProjectId));
    (volumes, snapshot::Entity::find().filter(scope.by_project(snapshot::Column::ProjectId)))
}

/// What each project of a scope has.
pub(crate) async fn by_project(
    db: &impl ConnectionTrait,
    scope: &Scope,
) -> Result<BTreeMap<String, Held>, DbErr> {
    let (volumes, snapshots) = rows(scope);
    held(db, (volumes, volume::Column::ProjectId), (snapshots, snapshot::Column::ProjectId)).await
}

/// What a scope has of each type: two queries, whatever the number of types.
pub(crate) async fn by_type(
    db: &impl ConnectionTrait,
    scope: &Scope,
) -> Result<BTreeMap<Uuid, Usage>, DbErr> {
    let (volumes, snapshots) = rows(scope);
    let of =
        snapshot::Entity::belongs_to(volume::Entity).from(snapshot::Column::VolumeId).to(volume::Column::Id);
    let snapshots = snapshots.join(JoinType::InnerJoin, of.into());
    let kind = volume::Column::VolumeTypeId;
    let by_type = held::<Uuid>(db, (volumes, kind), (snapshots, kind)).await?;
    Ok(by_type.into_iter().map(|(kind, held)| (kind, held.into())).collect())
}

/// What one project has, of one type or of all.
pub(crate) async fn of(db: &impl ConnectionTrait, scope: &Scope, kind: Option<Uuid>) -> Result<Usage, DbErr> {
    match kind {
        Some(kind) => Ok(by_type(db, scope).await?.remove(&kind).unwrap_or_default()),
        None => Ok(by_project(db, scope).await?.into_values().next().unwrap_or_default().into()),
    }
}
