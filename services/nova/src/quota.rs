//! Limits, and usage counted from the rows themselves inside the transaction that changes them.

use std::collections::BTreeMap;

use platform::db::owned::{Inside, Scope};
use sea_orm::{ConnectionTrait, DbErr};

use crate::{
    error::NovaError,
    model::{quota, quota_class, server, server_group},
};

const OWNER: Inside =
    Inside::because("a server counts for the project that it belongs to, whoever changes it");

/// A resource that is limited.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// OpenStack's name.
    pub name: &'static str,
    /// The limit when nobody set another.
    pub default: i64,
    /// Whether its use is counted for each project (else each request is checked by itself).
    pub counted: bool,
}

const fn counted(name: &'static str, default: i64) -> Resource {
    Resource { name, default, counted: true }
}

const fn single(name: &'static str, default: i64) -> Resource {
    Resource { name, default, counted: false }
}

/// All of them. Those of networks belong to Neutron and have no limit here.
pub const RESOURCES: [Resource; 14] = [
    counted("instances", 10),
    counted("cores", 20),
    counted("ram", 51200),
    single("metadata_items", 128),
    single("injected_files", 5),
    single("injected_file_content_bytes", 10240),
    single("injected_file_path_bytes", 255),
    single("key_pairs", 100),
    counted("server_groups", 10),
    single("server_group_members", 10),
    single("fixed_ips", -1),
    single("floating_ips", -1),
    single("security_groups", -1),
    single("security_group_rules", -1),
];

/// Limits by name.
pub type Limits = BTreeMap<&'static str, i64>;

/// The limits of a project that nobody set limits for.
pub async fn defaults(db: &impl ConnectionTrait, class: &str) -> Result<Limits, DbErr> {
    let mut limits: Limits = RESOURCES.iter().map(|resource| (resource.name, resource.default)).collect();
    let rows = quota_class::of(db, class).await?;
    limits.extend(rows.iter().filter_map(|row| Some((known(&row.resource)?, row.hard_limit))));
    Ok(limits)
}

/// The limits of the project of a scope.
pub async fn limits(db: &impl ConnectionTrait, scope: &Scope) -> Result<Limits, DbErr> {
    let mut limits = defaults(db, "default").await?;
    limits.extend(set_for(db, scope, "").await?);
    Ok(limits)
}

/// The limits of the project that a server belongs to.
pub async fn limits_of_owner(db: &impl ConnectionTrait, server: &server::Model) -> Result<Limits, DbErr> {
    limits(db, &owner(server)).await
}

/// The limits of a user in a project: the project's, but those that were set for the user.
pub async fn limits_of_user(db: &impl ConnectionTrait, scope: &Scope, user: &str) -> Result<Limits, DbErr> {
    let mut all = limits(db, scope).await?;
    all.extend(set_for(db, scope, user).await?);
    Ok(all)
}

/// The limits that were set for a user in a project, or, with no user's name, for the project itself.
async fn set_for(db: &impl ConnectionTrait, scope: &Scope, user: &str) -> Result<Limits, DbErr> {
    let rows = quota::of(db, scope, user).await?;
    Ok(rows.iter().filter_map(|row| Some((known(&row.resource)?, row.hard_limit))).collect())
}

fn known(name: &str) -> Option<&'static str> {
    RESOURCES.iter().map(|resource| resource.name).find(|known| *known == name)
}

fn owner(server: &server::Model) -> Scope {
    Scope::inside(&OWNER).narrowed(&server.project_id)
}

/// What a project has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Servers.
    pub instances: i64,
    /// Their processors.
    pub cores: i64,
    /// Their memory, in MiB.
    pub ram: i64,
    /// Server groups.
    pub server_groups: i64,
}

impl Usage {
    /// By name.
    pub fn of(&self, resource: &str) -> i64 {
        match resource {
            "instances" => self.instances,
            "cores" => self.cores,
            "ram" => self.ram,
            "server_groups" => self.server_groups,
            _ => 0,
        }
    }
}

/// What a project has now.
pub async fn usage(db: &impl ConnectionTrait, scope: &Scope) -> Result<Usage, DbErr> {
    counted_for(db, scope, None).await
}

/// What a user has now in a project.
pub async fn usage_of_user(db: &impl ConnectionTrait, scope: &Scope, user: &str) -> Result<Usage, DbErr> {
    counted_for(db, scope, Some(user)).await
}

async fn counted_for(db: &impl ConnectionTrait, scope: &Scope, user: Option<&str>) -> Result<Usage, DbErr> {
    let groups = server_group::count(db, scope, user).await?;
    let mut usage = Usage { server_groups: groups as i64, ..Usage::default() };
    for (vcpus, memory, number) in server::sizes(db, scope, user).await? {
        usage.instances += number;
        usage.cores += vcpus * number;
        usage.ram += memory * number;
    }
    Ok(usage)
}

/// Refuses when the project would exceed a limit. `wanted` is what comes on top of what it has.
pub fn check(limits: &Limits, usage: &Usage, wanted: &[(&'static str, i64)]) -> Result<(), NovaError> {
    let over: Vec<(&str, i64)> = wanted
        .iter()
        .filter(|(name, more)| {
            let limit = limits.get(name).copied().unwrap_or(-1);
            *more > 0 && limit >= 0 && usage.of(name) + more > limit
        })
        .copied()
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    let join = |text: &dyn Fn(&str, i64) -> String| {
        over.iter().map(|(name, more)| text(name, *more)).collect::<Vec<_>>().join(", ")
    };
    Err(NovaError::OverQuota {
        resources: join(&|name, _| name.to_owned()),
        requested: join(&|_, more| more.to_string()),
        used: join(&|name, _| usage.of(name).to_string()),
        allowed: join(&|name, _| limits.get(name).copied().unwrap_or(-1).to_string()),
    })
}

/// The room that a user has in a project: that of the project, and that of the user where limits were set for the user.
#[derive(Debug)]
pub struct Room {
    /// The project's limits and use.
    pub project: (Limits, Usage),
    user: Option<(Limits, Usage)>,
}

impl Room {
    /// A user's in the project of a scope, as it is now.
    pub async fn read(db: &impl ConnectionTrait, scope: &Scope, user: &str) -> Result<Self, DbErr> {
        let own = set_for(db, scope, user).await?;
        let user = match own.is_empty() {
            true => None,
            false => Some((own, usage_of_user(db, scope, user).await?)),
        };
        Ok(Self { project: (limits(db, scope).await?, usage(db, scope).await?), user })
    }

    /// That of whoever made a server: it stays theirs, whoever makes it grow.
    pub async fn of_owner(db: &impl ConnectionTrait, server: &server::Model) -> Result<Self, DbErr> {
        Self::read(db, &owner(server), &server.user_id).await
    }

    /// Refuses what exceeds a limit, the project's or the user's.
    pub fn check(&self, wanted: &[(&'static str, i64)]) -> Result<(), NovaError> {
        check(&self.project.0, &self.project.1, wanted)?;
        self.user.as_ref().map_or(Ok(()), |(limits, usage)| check(limits, usage, wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_a_limit_is_refused_in_novas_words() {
        let limits = Limits::from([("instances", 10), ("cores", -1)]);
        let usage = Usage { instances: 10, cores: 10, ..Usage::default() };
        let refused = check(&limits, &usage, &[("instances", 1), ("cores", 500)]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances"
        );
        assert!(check(&limits, &Usage::default(), &[("instances", 10)]).is_ok());
    }
}
