//! What a project may have, counted from the rows themselves.

use sea_orm::ConnectionTrait;
use std::collections::HashMap;

use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{quota, usage},
};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Network,
    Subnet,
    SubnetPool,
    Port,
    Router,
    FloatingIp,
    Group,
    GroupRule,
    Rbac,
}

impl Counted {
    pub(crate) const ALL: [Self; 9] = [
        Self::Network,
        Self::Subnet,
        Self::SubnetPool,
        Self::Port,
        Self::Router,
        Self::FloatingIp,
        Self::Group,
        Self::GroupRule,
        Self::Rbac,
    ];

    /// The name in the quota's JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Subnet => "subnet",
            Self::SubnetPool => "subnetpool",
            Self::Port => "port",
            Self::Router => "router",
            Self::FloatingIp => "floatingip",
            Self::Group => "security_group",
            Self::GroupRule => "security_group_rule",
            Self::Rbac => "rbac_policy",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|counted| counted.name() == name)
    }
}

impl Neutron {
    /// The limit of a project for which nothing else is said.
    pub(crate) fn default_limit(&self, counted: Counted) -> i64 {
        let quota = &self.config.quota;
        match counted {
            Counted::Network => quota.network,
            Counted::Subnet => quota.subnet,
            Counted::SubnetPool => quota.subnetpool,
            Counted::Port => quota.port,
            Counted::Router => quota.router,
            Counted::FloatingIp => quota.floatingip,
            Counted::Group => quota.security_group,
            Counted::GroupRule => quota.security_group_rule,
            Counted::Rbac => quota.rbac_policy,
        }
    }

    /// All limits of a project.
    pub(crate) async fn limits(
        &self,
        db: &impl ConnectionTrait,
        project: &str,
    ) -> Result<Vec<(Counted, i64)>, Error> {
        let own: HashMap<String, i64> =
            quota::of(db, project).await?.into_iter().map(|row| (row.resource, row.most)).collect();
        Ok(Counted::ALL
            .into_iter()
            .map(|counted| {
                (counted, own.get(counted.name()).copied().unwrap_or_else(|| self.default_limit(counted)))
            })
            .collect())
    }

    pub(crate) async fn limit(
        &self,
        db: &impl ConnectionTrait,
        project: &str,
        counted: Counted,
    ) -> Result<i64, Error> {
        let own = quota::one(db, project, counted.name()).await?;
        Ok(own.map_or_else(|| self.default_limit(counted), |row| row.most))
    }
}

/// The project may have so many more. Asked within the transaction that makes them.
pub(crate) async fn admit(
    change: &Change<'_>,
    project: &str,
    counted: Counted,
    more: usize,
) -> Result<(), Error> {
    // What belongs to no project (legs of routers, metadata ports) is not counted.
    if project.is_empty() {
        return Ok(());
    }
    let limit = change.neutron().limit(&**change, project, counted).await?;
    if limit < 0 {
        return Ok(());
    }
    let used = usage::of(&**change, project, counted).await?;
    if used.saturating_add(more as u64) > limit as u64 {
        return Err(Error::over_quota(counted.name()));
    }
    Ok(())
}
