//! Networks: who sees them, how they are made and how they go.

use std::collections::{HashMap, HashSet};

use contracts::identity::Caller;
use platform::policy::Target;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{IntoCondition, SelectStatement},
};
use uuid::Uuid;

use crate::{
    Neutron,
    change::{Change, Kind},
    error::Error,
    model::{self, fixed_ip, floatingip, network, port, rbac, subnet},
};

pub(crate) const SHARED: &str = "access_as_shared";
pub(crate) const EXTERNAL: &str = "access_as_external";
pub(crate) const EVERYBODY: &str = "*";

/// Who asks, as far as it decides what is seen.
#[derive(Debug, Clone)]
pub(crate) struct Eyes {
    /// Everything is seen: an administrator, or another service.
    pub(crate) all: bool,
    /// The project, or nothing.
    pub(crate) project: String,
}

impl Eyes {
    pub(crate) fn of(neutron: &Neutron, caller: &Caller) -> Self {
        let may = |rule| neutron.base.policy.allows(rule, caller, &Target::none());
        Self {
            all: may("context_is_admin") || may("service_api"),
            project: caller.project_id().unwrap_or_default().to_owned(),
        }
    }

    /// Networks that others gave this project access to, as a subquery of ids.
    fn given(&self, action: Option<&str>) -> SelectStatement {
        let mut select = rbac::Entity::find()
            .select_only()
            .column(rbac::Column::ObjectId)
            .filter(rbac::Column::Target.is_in([EVERYBODY, self.project.as_str()]));
        if let Some(action) = action {
            select = select.filter(rbac::Column::Action.eq(action));
        }
        select.into_query()
    }

    /// The condition on networks.
    pub(crate) fn networks(&self) -> Condition {
        if self.all {
            return Condition::all();
        }
        Condition::any()
            .add(network::Column::ProjectId.eq(self.project.as_str()))
            .add(network::Column::Id.in_subquery(self.given(None)))
    }

    /// The condition on networks that are, or are not, shared with this project.
    pub(crate) fn shared(&self, shared: bool) -> Condition {
        let given = self.given(Some(SHARED));
        if shared {
            network::Column::Id.in_subquery(given).into_condition()
        } else {
            network::Column::Id.not_in_subquery(given).into_condition()
        }
    }

    /// Ids of the project's own networks, as a subquery.
    pub(crate) fn own_networks(&self) -> SelectStatement {
        network::Entity::find()
            .select_only()
            .column(network::Column::Id)
            .filter(network::Column::ProjectId.eq(self.project.as_str()))
            .into_query()
    }

    /// Ids of the networks that are seen, as a subquery.
    pub(crate) fn visible_networks(&self) -> SelectStatement {
        network::Entity::find().select_only().column(network::Column::Id).filter(self.networks()).into_query()
    }
}

/// Which of these networks are shared with that project.
pub(crate) async fn shared_with(
    db: &impl ConnectionTrait,
    project: &str,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, Error> {
    let select = rbac::Entity::find()
        .filter(rbac::Column::Action.eq(SHARED))
        .filter(rbac::Column::Target.is_in([EVERYBODY, project]));
    let rows = model::all_in(db, select, rbac::Column::ObjectId, ids).await?;
    Ok(rows.into_iter().map(|row| row.object_id).collect())
}

/// A network, and what policies ask of it.
pub(crate) struct Seen {
    pub(crate) network: network::Model,
    pub(crate) shared: bool,
    /// External for this caller's project: to everybody, or by an RBAC policy.
    pub(crate) external: bool,
}

impl Seen {
    /// The network itself as the target of a policy.
    pub(crate) fn target(&self) -> Target<'_> {
        self.around(Target::project(self.network.project_id.as_str()))
    }

    /// What is on the network and belongs to that project, as the target of a policy.
    pub(crate) fn target_of<'a>(&'a self, project: &'a str) -> Target<'a> {
        self.around(Target::project(project))
    }

    fn around<'a>(&'a self, target: Target<'a>) -> Target<'a> {
        let word = |is| if is { "True" } else { "False" };
        target
            .with("network:project_id", self.network.project_id.as_str())
            .with("shared", word(self.shared))
            .with("router:external", word(self.external))
    }
}

/// Networks by their ids, with what policies ask of them.
pub(crate) async fn seen(
    db: &impl ConnectionTrait,
    project: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Seen>, Error> {
    let networks = model::all_in(db, network::Entity::find(), network::Column::Id, ids).await?;
    with_access(db, project, networks).await
}

/// Adds to networks what policies ask of them.
pub(crate) async fn with_access(
    db: &impl ConnectionTrait,
    project: &str,
    networks: Vec<network::Model>,
) -> Result<HashMap<Uuid, Seen>, Error> {
    let ids: Vec<Uuid> = networks.iter().map(|network| network.id).collect();
    let select = rbac::Entity::find().filter(rbac::Column::Target.is_in([EVERYBODY, project]));
    let given = model::all_in(db, select, rbac::Column::ObjectId, &ids).await?;
    let has = |id: Uuid, action: &str| given.iter().any(|row| row.object_id == id && row.action == action);
    Ok(networks
        .into_iter()
        .map(|network| {
            let (shared, external) = (has(network.id, SHARED), has(network.id, EXTERNAL));
            (network.id, Seen { network, shared, external })
        })
        .collect())
}

/// One network, with what policies ask of it.
pub(crate) async fn seen_one(
    db: &impl ConnectionTrait,
    project: &str,
    id: Uuid,
) -> Result<Option<Seen>, Error> {
    Ok(seen(db, project, &[id]).await?.remove(&id))
}

/// Subnets of a network, in the order in which they were made.
pub(crate) async fn subnets_of(db: &impl ConnectionTrait, id: Uuid) -> Result<Vec<subnet::Model>, Error> {
    use sea_orm::QueryOrder;
    Ok(subnet::Entity::find()
        .filter(subnet::Column::NetworkId.eq(id))
        .order_by_asc(subnet::Column::CreatedAt)
        .order_by_asc(subnet::Column::Id)
        .all(db)
        .await?)
}

/// A number for a tunnelled network that no other has.
pub(crate) async fn free_tunnel(db: &impl ConnectionTrait) -> Result<i64, Error> {
    for _ in 0..10 {
        let numbers: Vec<i64> = (0..8).map(|_| rand::random_range(1..(1 << 24))).collect();
        let taken: Vec<Option<i64>> = network::Entity::find()
            .select_only()
            .column(network::Column::SegmentationId)
            .filter(network::Column::SegmentationId.is_in(numbers.clone()))
            .into_tuple()
            .all(db)
            .await?;
        if let Some(number) = numbers.into_iter().find(|number| !taken.contains(&Some(*number))) {
            return Ok(number);
        }
    }
    Err(Error::no_tunnel())
}

/// Gives or takes access for everybody.
pub(crate) async fn set_access(
    change: &Change<'_>,
    network: Uuid,
    project: &str,
    action: &str,
    wanted: bool,
) -> Result<(), Error> {
    let rows = rbac::Column::ObjectId
        .eq(network)
        .and(rbac::Column::Action.eq(action))
        .and(rbac::Column::Target.eq(EVERYBODY));
    if !wanted {
        rbac::Entity::delete_many().filter(rows).exec(&**change).await?;
    } else if rbac::Entity::find().filter(rows).one(&**change).await?.is_none() {
        use sea_orm::IntoActiveModel;
        let row = rbac::Model {
            id: Uuid::new_v4(),
            project_id: project.to_owned(),
            object_id: network,
            action: action.to_owned(),
            target: EVERYBODY.to_owned(),
        };
        rbac::Entity::insert(row.into_active_model()).exec_without_returning(&**change).await?;
    }
    Ok(())
}

/// Deletes a network with what nobody uses on it: subnets, the metadata port, floating IPs that lead nowhere.
pub(crate) async fn delete(change: &mut Change<'_>, id: Uuid) -> Result<(), Error> {
    let floating =
        floatingip::Entity::find().filter(floatingip::Column::NetworkId.eq(id)).all(&**change).await?;
    if floating.iter().any(|row| row.port_id.is_some()) {
        return Err(Error::network_in_use(id));
    }
    let ports = port::Entity::find().filter(port::Column::NetworkId.eq(id)).all(&**change).await?;
    let goes = |owner: &str| matches!(owner, crate::port::METADATA | crate::port::FLOATING);
    if ports.iter().any(|port| !goes(&port.device_owner)) {
        return Err(Error::network_in_use(id));
    }
    for row in &floating {
        model::untag(&**change, row.id).await?;
    }
    floatingip::Entity::delete_many().filter(floatingip::Column::NetworkId.eq(id)).exec(&**change).await?;
    fixed_ip::Entity::delete_many().filter(fixed_ip::Column::NetworkId.eq(id)).exec(&**change).await?;
    port::Entity::delete_many().filter(port::Column::NetworkId.eq(id)).exec(&**change).await?;
    for port in ports {
        change.touch(Kind::Port, port.id);
    }
    for subnet in subnets_of(&**change, id).await? {
        model::untag(&**change, subnet.id).await?;
    }
    subnet::Entity::delete_many().filter(subnet::Column::NetworkId.eq(id)).exec(&**change).await?;
    rbac::Entity::delete_many().filter(rbac::Column::ObjectId.eq(id)).exec(&**change).await?;
    model::untag(&**change, id).await?;
    network::Entity::delete_by_id(id).exec(&**change).await?;
    change.touch(Kind::Network, id);
    Ok(())
}
