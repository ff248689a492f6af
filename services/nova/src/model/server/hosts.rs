//! Which servers are on which host.

use std::collections::{BTreeMap, HashMap, HashSet};

use platform::db::{list::count, owned::Scope};
use sea_orm::{
    QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, Func},
};

use super::{
    living,
    row::{Column, Entity, Model},
};

/// How many servers are on a host.
pub async fn count_on(db: &impl ConnectionTrait, host: &str) -> Result<u64, DbErr> {
    count(db, living().filter(Column::Host.eq(host))).await
}

/// Whether a server on that host asked for that zone.
pub async fn is_pinned(db: &impl ConnectionTrait, host: &str, zone: &str) -> Result<bool, DbErr> {
    let pinned = living().filter(Column::Host.eq(host)).filter(Column::AvailabilityZone.eq(zone));
    Ok(count(db, pinned).await? > 0)
}

/// The servers on a host.
pub async fn on_host(db: &impl ConnectionTrait, scope: &Scope, host: &str) -> Result<Vec<Model>, DbErr> {
    living().filter(scope.by_project(Column::ProjectId)).filter(Column::Host.eq(host)).all(db).await
}

/// The ids of the servers on each host that has some.
pub async fn by_host(db: &impl ConnectionTrait, scope: &Scope) -> Result<HashMap<String, Vec<Uuid>>, DbErr> {
    let rows: Vec<(String, Uuid)> = living()
        .select_only()
        .column(Column::Host)
        .column(Column::Id)
        .filter(scope.by_project(Column::ProjectId))
        .filter(Column::Host.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let mut hosts: HashMap<String, Vec<Uuid>> = HashMap::new();
    for (host, id) in rows {
        hosts.entry(host).or_default().push(id);
    }
    Ok(hosts)
}

/// The hosts of these servers.
pub async fn hosts_of(
    db: &impl ConnectionTrait,
    scope: &Scope,
    servers: &[Uuid],
) -> Result<HashSet<String>, DbErr> {
    if servers.is_empty() {
        return Ok(HashSet::new());
    }
    let hosts: Vec<Option<String>> = living()
        .select_only()
        .column(Column::Host)
        .filter(scope.by_project(Column::ProjectId))
        .filter(Column::Id.is_in(servers.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(hosts.into_iter().flatten().collect())
}

/// What the servers of a host take of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostUse {
    /// How many they are.
    pub servers: i64,
    /// Their processors.
    pub vcpus: i64,
    /// Their memory, in MiB.
    pub memory_mb: i64,
    /// Their disks, in GiB.
    pub disk_gb: i64,
}

/// What servers take of each host that has some. Those of one size on one host are counted together.
pub async fn use_of_hosts(db: &impl ConnectionTrait) -> Result<BTreeMap<String, HostUse>, DbErr> {
    let sizes = [Column::Vcpus, Column::MemoryMb, Column::RootGb, Column::EphemeralGb];
    let mut select = living()
        .select_only()
        .column(Column::Host)
        .columns(sizes)
        .column_as(Expr::expr(Func::count(Expr::col((Entity, Column::Id)))), "counted")
        .filter(Column::Host.is_not_null())
        .group_by(Column::Host);
    for column in sizes {
        select = select.group_by(column);
    }
    let rows: Vec<(String, i64, i64, i64, i64, i64)> = select.into_tuple().all(db).await?;
    let mut hosts = BTreeMap::<String, HostUse>::new();
    for (host, vcpus, memory_mb, root_gb, ephemeral_gb, servers) in rows {
        let used = hosts.entry(host).or_default();
        used.servers += servers;
        used.vcpus += vcpus * servers;
        used.memory_mb += memory_mb * servers;
        used.disk_gb += (root_gb + ephemeral_gb) * servers;
    }
    Ok(hosts)
}
