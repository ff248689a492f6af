//! Quotas: counted from the rows themselves, inside the transaction that adds to them, so that they can't drift.

use platform::db::{WriteTx, sum};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    Config,
    error::Error,
    model::{quota_override, snapshot, volume},
};

/// What a project has, or asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub volumes: i64,
    pub snapshots: i64,
    pub gigabytes: i64,
}

/// What a project may have; -1 for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub volumes: i64,
    pub snapshots: i64,
    pub gigabytes: i64,
    pub per_volume_gigabytes: i64,
}

/// What a project may have.
pub(crate) async fn limits(db: &impl ConnectionTrait, config: &Config, project: &str) -> Result<Limits, DbErr> {
    let overrides = quota_override::Entity::find()
        .filter(quota_override::Column::ProjectId.is_in([project, "class:default"]))
        .all(db)
        .await?;
    let limit = |resource: &str, default: i64| {
        let of = |whose: &str| {
            overrides.iter().find(|row| row.project_id == whose && row.resource == resource).map(|row| row.hard_limit)
        };
        of(project).or_else(|| of("class:default")).unwrap_or(default)
    };
    Ok(Limits {
        volumes: limit("volumes", config.quota_volumes),
        snapshots: limit("snapshots", config.quota_snapshots),
        gigabytes: limit("gigabytes", config.quota_gigabytes),
        per_volume_gigabytes: limit("per_volume_gigabytes", config.quota_per_volume_gigabytes),
    })
}

/// What a project has.
pub(crate) async fn usage(db: &impl ConnectionTrait, project: &str) -> Result<Usage, DbErr> {
    let (volumes, of_volumes): (i64, Option<i64>) = volume::Entity::find()
        .select_only()
        .column_as(volume::Column::Id.count(), "counted")
        .expr_as(sum(db, volume::Column::Size), "gib")
        .filter(volume::Column::ProjectId.eq(project))
        .into_tuple()
        .one(db)
        .await?
        .unwrap_or_default();
    let (snapshots, of_snapshots): (i64, Option<i64>) = snapshot::Entity::find()
        .select_only()
        .column_as(snapshot::Column::Id.count(), "counted")
        .expr_as(sum(db, snapshot::Column::Size), "gib")
        .filter(snapshot::Column::ProjectId.eq(project))
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

/// Refuses what would be more than the project may have.
pub(crate) async fn check(tx: &WriteTx, config: &Config, project: &str, more: Usage) -> Result<(), Error> {
    let (limits, used) = (limits(&**tx, config, project).await?, usage(&**tx, project).await?);
    let exceeded = |limit: i64, used: i64, more: i64| limit >= 0 && more > 0 && used + more > limit;
    if exceeded(limits.volumes, used.volumes, more.volumes) {
        return Err(Error::OverQuota(format!(
            "VolumeLimitExceeded: Maximum number of volumes allowed ({}) exceeded for quota 'volumes'.",
            limits.volumes
        )));
    }
    if exceeded(limits.snapshots, used.snapshots, more.snapshots) {
        return Err(Error::OverQuota(format!(
            "SnapshotLimitExceeded: Maximum number of snapshots allowed ({}) exceeded for quota 'snapshots'.",
            limits.snapshots
        )));
    }
    if exceeded(limits.gigabytes, used.gigabytes, more.gigabytes) {
        return Err(Error::OverQuota(format!(
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested {}G, \
             quota is {}G and {}G has been consumed.",
            more.gigabytes, limits.gigabytes, used.gigabytes
        )));
    }
    if more.volumes > 0 && exceeded(limits.per_volume_gigabytes, 0, more.gigabytes) {
        return Err(Error::OverQuota(format!(
            "VolumeSizeExceedsLimit: Requested volume size {}G is larger than maximum allowed limit {}G.",
            more.gigabytes, limits.per_volume_gigabytes
        )));
    }
    Ok(())
}
