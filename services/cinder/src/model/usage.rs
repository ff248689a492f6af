//! What there is of volumes and snapshots: counted from the rows.

use std::collections::BTreeMap;

use platform::db::{owned::Scope, sum};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::{snapshot, volume};
use crate::quota::Usage;

/// What a scope has, of one type or of all.
pub(crate) async fn of(db: &impl ConnectionTrait, scope: &Scope, kind: Option<Uuid>) -> Result<Usage, DbErr> {
    let mut volumes = volume::Entity::find().filter(scope.by_project(volume::Column::ProjectId));
    let mut snapshots = snapshot::Entity::find().filter(scope.by_project(snapshot::Column::ProjectId));
    if let Some(kind) = kind {
        volumes = volumes.filter(volume::Column::VolumeTypeId.eq(kind));
        let of_type = volume::Entity::find()
            .select_only()
            .column(volume::Column::Id)
            .filter(volume::Column::VolumeTypeId.eq(kind))
            .into_query();
        snapshots = snapshots.filter(snapshot::Column::VolumeId.in_subquery(of_type));
    }
    let (volumes, of_volumes): (i64, Option<i64>) = volumes
        .select_only()
        .column_as(volume::Column::Id.count(), "counted")
        .expr_as(sum(db, volume::Column::Size), "gib")
        .into_tuple()
        .one(db)
        .await?
        .unwrap_or_default();
    let (snapshots, of_snapshots): (i64, Option<i64>) = snapshots
        .select_only()
        .column_as(snapshot::Column::Id.count(), "counted")
        .expr_as(sum(db, snapshot::Column::Size), "gib")
        .into_tuple()
        .one(db)
        .await?
        .unwrap_or_default();
    Ok(Usage {
        volumes,
        snapshots,
        gigabytes: of_volumes.unwrap_or_default() + of_snapshots.unwrap_or_default(),
    })
}

/// What a scope has of each type: two queries, whatever the number of types.
pub(crate) async fn by_type(
    db: &impl ConnectionTrait,
    scope: &Scope,
) -> Result<BTreeMap<Uuid, Usage>, DbErr> {
    let mut usage = BTreeMap::<Uuid, Usage>::new();
    let volumes: Vec<(Uuid, i64, Option<i64>)> = volume::Entity::find()
        .select_only()
        .column(volume::Column::VolumeTypeId)
        .column_as(volume::Column::Id.count(), "counted")
        .expr_as(sum(db, volume::Column::Size), "gib")
        .filter(scope.by_project(volume::Column::ProjectId))
        .group_by(volume::Column::VolumeTypeId)
        .into_tuple()
        .all(db)
        .await?;
    for (kind, counted, gib) in volumes {
        let of = usage.entry(kind).or_default();
        of.volumes += counted;
        of.gigabytes += gib.unwrap_or_default();
    }
    let snapshots: Vec<(Uuid, i64, Option<i64>)> = snapshot::Entity::find()
        .select_only()
        .join(
            JoinType::InnerJoin,
            snapshot::Entity::belongs_to(volume::Entity)
                .from(snapshot::Column::VolumeId)
                .to(volume::Column::Id)
                .into(),
        )
        .column(volume::Column::VolumeTypeId)
        .column_as(snapshot::Column::Id.count(), "counted")
        .expr_as(sum(db, snapshot::Column::Size), "gib")
        .filter(scope.by_project(snapshot::Column::ProjectId))
        .group_by(volume::Column::VolumeTypeId)
        .into_tuple()
        .all(db)
        .await?;
    for (kind, counted, gib) in snapshots {
        let of = usage.entry(kind).or_default();
        of.snapshots += counted;
        of.gigabytes += gib.unwrap_or_default();
    }
    Ok(usage)
}

/// Volumes and their GiB, snapshots and their GiB.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub volumes: i64,
    pub volume_gib: i64,
    pub snapshots: i64,
    pub snapshot_gib: i64,
}

/// What each project of a scope has.
pub(crate) async fn by_project(
    db: &impl ConnectionTrait,
    scope: &Scope,
) -> Result<BTreeMap<String, Held>, DbErr> {
    let mut projects = BTreeMap::<String, Held>::new();
    let volumes: Vec<(String, i64, Option<i64>)> = volume::Entity::find()
        .select_only()
        .column(volume::Column::ProjectId)
        .column_as(volume::Column::Id.count(), "counted")
        .expr_as(sum(db, volume::Column::Size), "gib")
        .filter(scope.by_project(volume::Column::ProjectId))
        .group_by(volume::Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    for (project, counted, gib) in volumes {
        let held = projects.entry(project).or_default();
        (held.volumes, held.volume_gib) = (counted, gib.unwrap_or_default());
    }
    let snapshots: Vec<(String, i64, Option<i64>)> = snapshot::Entity::find()
        .select_only()
        .column(snapshot::Column::ProjectId)
        .column_as(snapshot::Column::Id.count(), "counted")
        .expr_as(sum(db, snapshot::Column::Size), "gib")
        .filter(scope.by_project(snapshot::Column::ProjectId))
        .group_by(snapshot::Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    for (project, counted, gib) in snapshots {
        let held = projects.entry(project).or_default();
        (held.snapshots, held.snapshot_gib) = (counted, gib.unwrap_or_default());
    }
    Ok(projects)
}
