//! Quotas: counted from the rows themselves, inside the transaction that adds to them, so that they can't drift.
//!
//! Beside the resources themselves, each type has its own (`volumes_TYPE`, `snapshots_TYPE`, `gigabytes_TYPE`), without
//! limit until one is set.

use std::collections::BTreeMap;

use platform::db::{
    WriteTx,
    owned::{Inside, Scope},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    Config,
    error::Error,
    model::{quota_lock, quota_override, usage, volume_type},
};

/// Resources that are the same in every cloud, in OpenStack's order. Nothing is counted of backups and groups that are
/// not offered; their limits are kept as they are set.
pub(crate) const RESOURCES: [&str; 7] =
    ["volumes", "snapshots", "gigabytes", "backups", "backup_gigabytes", "per_volume_gigabytes", "groups"];
/// What each type has a limit of, besides.
pub(crate) const OF_TYPES: [&str; 3] = ["volumes", "snapshots", "gigabytes"];

/// What a project has, or asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub volumes: i64,
    pub snapshots: i64,
    pub gigabytes: i64,
}

impl Usage {
    /// By the resource's name.
    pub(crate) fn of(&self, resource: &str) -> i64 {
        match resource {
            "volumes" => self.volumes,
            "snapshots" => self.snapshots,
            "gigabytes" => self.gigabytes,
            _ => 0,
        }
    }
}

/// What a project may have; -1 for no limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits(BTreeMap<String, i64>);

impl Limits {
    pub(crate) fn of(&self, resource: &str) -> i64 {
        self.0.get(resource).copied().unwrap_or(-1)
    }
}

/// The row under which the defaults of a class are kept.
pub(crate) fn class_row(class: &str) -> String {
    format!("class:{class}")
}

fn configured(config: &Config) -> BTreeMap<String, i64> {
    RESOURCES
        .into_iter()
        .map(|resource| {
            let limit = match resource {
                "volumes" => config.quota_volumes,
                "snapshots" => config.quota_snapshots,
                "gigabytes" => config.quota_gigabytes,
                "per_volume_gigabytes" => config.quota_per_volume_gigabytes,
                "backup_gigabytes" => 1000,
                _ => 10,
            };
            (resource.to_owned(), limit)
        })
        .collect()
}

/// What a class (or a project, where `project` is given) may have: later rows win.
pub(crate) async fn limits(
    db: &impl ConnectionTrait,
    config: &Config,
    class: &str,
    project: Option<&str>,
) -> Result<Limits, DbErr> {
    let class = class_row(class);
    let rows = quota_override::Entity::find()
        .filter(quota_override::Column::ProjectId.is_in(project.into_iter().chain([class.as_str()])))
        .all(db)
        .await?;
    let mut limits = configured(config);
    let (defaults, own): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.project_id == class);
    limits.extend(defaults.into_iter().chain(own).map(|row| (row.resource, row.hard_limit)));
    Ok(Limits(limits))
}

/// Whoever counts for this project waits until this transaction is over. SQLite has one writer anyway.
async fn lock(tx: &WriteTx, project: &str) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let row = quota_lock::ActiveModel { project_id: Set(project.to_owned()) };
    let ignore = OnConflict::column(quota_lock::Column::ProjectId)
        .update_column(quota_lock::Column::ProjectId)
        .to_owned();
    quota_lock::Entity::insert(row).on_conflict(ignore).exec_without_returning(&**tx).await?;
    quota_lock::Entity::find_by_id(project).lock_exclusive().one(&**tx).await?;
    Ok(())
}

/// All that a project has.
fn all_of(project: &str) -> Scope {
    Scope::inside(&Inside::because("what a project has is counted, whoever adds to it")).narrowed(project)
}

/// Refuses what would be more than the project may have.
pub(crate) async fn check(
    tx: &WriteTx,
    config: &Config,
    project: &str,
    kind: Uuid,
    more: Usage,
) -> Result<(), Error> {
    lock(tx, project).await?;
    let limits = limits(&**tx, config, "default", Some(project)).await?;
    refuse(&limits, "", usage::of(&**tx, &all_of(project), None).await?, more)?;
    let Some(kind) = volume_type::Entity::find_by_id(kind).one(&**tx).await? else { return Ok(()) };
    check_limits_of_type(tx, &limits, project, &kind, more).await
}

/// The same for a type's own limits alone, when a volume comes to be of it.
pub(crate) async fn check_type(
    tx: &WriteTx,
    config: &Config,
    project: &str,
    kind: &volume_type::Model,
    more: Usage,
) -> Result<(), Error> {
    lock(tx, project).await?;
    let limits = limits(&**tx, config, "default", Some(project)).await?;
    check_limits_of_type(tx, &limits, project, kind, more).await
}

async fn check_limits_of_type(
    tx: &WriteTx,
    limits: &Limits,
    project: &str,
    kind: &volume_type::Model,
    more: Usage,
) -> Result<(), Error> {
    let suffix = format!("_{}", kind.name);
    if OF_TYPES.iter().any(|resource| limits.of(&format!("{resource}{suffix}")) >= 0) {
        refuse(limits, &suffix, usage::of(&**tx, &all_of(project), Some(kind.id)).await?, more)?;
    }
    Ok(())
}

fn refuse(limits: &Limits, suffix: &str, used: Usage, more: Usage) -> Result<(), Error> {
    let exceeded = |resource: &str| {
        let limit = limits.of(&format!("{resource}{suffix}"));
        let (used, more) = (used.of(resource), more.of(resource));
        (limit >= 0 && more > 0 && used.saturating_add(more) > limit).then_some(limit)
    };
    if let Some(limit) = exceeded("volumes") {
        return Err(Error::OverQuota(format!(
            "VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded for quota 'volumes{suffix}'."
        )));
    }
    if let Some(limit) = exceeded("snapshots") {
        return Err(Error::OverQuota(format!(
            "SnapshotLimitExceeded: Maximum number of snapshots allowed ({limit}) exceeded"
        )));
    }
    if let Some(limit) = exceeded("gigabytes") {
        return Err(Error::OverQuota(format!(
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes{suffix} quota. Requested \
             {}G, quota is {limit}G and {}G has been consumed.",
            more.gigabytes, used.gigabytes
        )));
    }
    Ok(())
}

/// Refuses a volume that is larger than one volume may be.
pub(crate) async fn check_size(tx: &WriteTx, config: &Config, project: &str, size: i64) -> Result<(), Error> {
    let limit = limits(&**tx, config, "default", Some(project)).await?.of("per_volume_gigabytes");
    if limit >= 0 && size > limit {
        return Err(Error::OverQuota(format!(
            "VolumeSizeExceedsLimit: Requested volume size {size}G is larger than maximum allowed limit {limit}G."
        )));
    }
    Ok(())
}
