//! Networks.

use std::collections::{HashMap, HashSet};

use contracts::identity::Caller;
use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Scope, Sealed},
    },
    http::Query,
    policy::Target,
};
use sea_orm::{
    Order, QueryOrder, QuerySelect, QueryTrait, Select,
    entity::prelude::*,
    sea_query::{IntoCondition, SelectStatement},
};

use super::{Eyes, OnNetwork, all_in, by_id, ids_of, rbac};
use crate::{change::Change, error::Error};

mod row {
    use sea_orm::entity::prelude::*;

    use super::super::json::Texts;

    /// Networks.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "networks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub project_id: String,
        pub name: String,
        pub admin_state_up: bool,
        pub status: String,
        pub external: bool,
        pub mtu: i32,
        pub network_type: String,
        pub physical_network: Option<String>,
        pub segmentation_id: Option<i64>,
        pub port_security_enabled: bool,
        pub dns_domain: String,
        #[sea_orm(column_type = "Json")]
        pub zone_hints: Texts,
        pub description: String,
        pub created_at: ChronoDateTimeUtc,
        pub updated_at: ChronoDateTimeUtc,
        pub revision: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{Column, Entity};

/// A network, and what policies ask of it.
pub(crate) struct Seen {
    pub(crate) network: Model,
    /// With this caller's project.
    pub(crate) shared: bool,
    /// External for this caller's project: to everybody, or by an RBAC policy.
    pub(crate) external: bool,
}

impl Seen {
    /// What is on the network and belongs to that project, as the target of a policy.
    pub(crate) fn target_of<'a>(&'a self, project: &'a str) -> Target<'a> {
        let word = |is| if is { "True" } else { "False" };
        Target::project(project)
            .with("network:project_id", self.network.project_id.as_str())
            .with("shared", word(self.shared))
            .with("router:external", word(self.external))
    }
}

impl Owned for Seen {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Some("get_network");

    fn target(&self) -> Target<'_> {
        self.target_of(&self.network.project_id)
    }

    fn missing(id: &str) -> Error {
        Error::network_missing(id)
    }
}

impl Owned for Model {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Seen::SEEN_BY;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::network_missing(id)
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("name", Column::Name, Kind::Text),
        ("project_id", Column::ProjectId, Kind::Text),
        ("tenant_id", Column::ProjectId, Kind::Text),
        ("status", Column::Status, Kind::Text),
        ("admin_state_up", Column::AdminStateUp, Kind::Bool),
        ("router:external", Column::External, Kind::Bool),
        ("mtu", Column::Mtu, Kind::Int),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("name", Column::Name),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("status", Column::Status),
        ("admin_state_up", Column::AdminStateUp),
        ("mtu", Column::Mtu),
    ],
    default_sort: &[],
    max_limit: None,
};

/// One network, as the caller's project sees it.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: impl ToString,
) -> Result<Sealed<Seen>, DbErr> {
    find_for(db, caller.project_id().unwrap_or_default(), id).await
}

/// One network, as a project sees it.
pub(crate) async fn find_for(
    db: &impl ConnectionTrait,
    project: &str,
    id: impl ToString,
) -> Result<Sealed<Seen>, DbErr> {
    let id = id.to_string();
    let row = by_id::<Entity>(db, &id).await?;
    let mut seen = with_access(db, project, row.into_iter().collect()).await?;
    Ok(Sealed::new(id, seen.pop()))
}

/// Networks by their ids. What is not there is left out.
pub(crate) async fn find_all(
    db: &impl ConnectionTrait,
    caller: &Caller,
    ids: &[Uuid],
) -> Result<Vec<Sealed<Seen>>, DbErr> {
    let rows = all_in(db, Entity::find(), Column::Id, ids).await?;
    let seen = with_access(db, caller.project_id().unwrap_or_default(), rows).await?;
    Ok(seen.into_iter().map(|seen| Sealed::new(seen.network.id, Some(seen))).collect())
}

/// The network that something is on, as the caller's project sees it.
pub(super) async fn around(
    db: &impl ConnectionTrait,
    caller: &Caller,
    on: &impl OnNetwork,
) -> Result<Option<Seen>, DbErr> {
    let row = Entity::find_by_id(on.network_id()).one(db).await?;
    let project = caller.project_id().unwrap_or_default();
    Ok(with_access(db, project, row.into_iter().collect()).await?.pop())
}

/// Adds to networks what policies ask of them.
async fn with_access(
    db: &impl ConnectionTrait,
    project: &str,
    networks: Vec<Model>,
) -> Result<Vec<Seen>, DbErr> {
    let given = rbac::given(db, project, None, &networks).await?;
    let has = |id: Uuid, action: &str| given.iter().any(|row| row.object_id == id && row.action == action);
    Ok(networks
        .into_iter()
        .map(|network| {
            let (shared, external) = (has(network.id, rbac::SHARED), has(network.id, rbac::EXTERNAL));
            Seen { network, shared, external }
        })
        .collect())
}

/// Which of these networks are shared with that project.
pub(crate) async fn shared_with(
    db: &impl ConnectionTrait,
    project: &str,
    networks: &[Model],
) -> Result<HashSet<Uuid>, DbErr> {
    let given = rbac::given(db, project, Some(rbac::SHARED), networks).await?;
    Ok(given.into_iter().map(|row| row.object_id).collect())
}

/// Those that are seen and that the query asks for. How they are carried is asked for by some only.
pub(crate) fn visible(eyes: &Eyes, query: &Query, provider: bool) -> Result<Select<Entity>, Error> {
    let mut select = Entity::find().filter(eyes.networks());
    if let Some(shared) = query.flag("shared")? {
        select = select.filter(eyes.shared(shared));
    }
    if !provider {
        return Ok(select);
    }
    for (name, column) in [
        ("provider:network_type", Column::NetworkType),
        ("provider:physical_network", Column::PhysicalNetwork),
    ] {
        let values: Vec<&str> = query.all(name).collect();
        if !values.is_empty() {
            select = select.filter(column.is_in(values));
        }
    }
    if let Some(number) = query.read::<i64>("provider:segmentation_id")? {
        select = select.filter(Column::SegmentationId.eq(number));
    }
    Ok(select)
}

/// Those of a scope that the query names by name, project or id.
pub(crate) async fn named(
    db: &impl ConnectionTrait,
    scope: &Scope,
    query: &Query,
) -> Result<Vec<Model>, DbErr> {
    let mut select = Entity::find().filter(scope.by_project(Column::ProjectId));
    for (name, column) in
        [("network_name", Column::Name), ("project_id", Column::ProjectId), ("tenant_id", Column::ProjectId)]
    {
        if let Some(value) = query.get(name) {
            select = select.filter(column.eq(value));
        }
    }
    if let Some(id) = query.get("network_id") {
        select = select.filter(Column::Id.eq(id.parse::<Uuid>().unwrap_or_default()));
    }
    select.all(db).await
}

/// The one of that id, if it is seen.
pub(crate) async fn seen_by(
    db: &impl ConnectionTrait,
    eyes: &Eyes,
    id: Uuid,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(eyes.networks()).one(db).await
}

/// All that are seen, in the order in which they were made.
pub(crate) async fn all_seen_by(db: &impl ConnectionTrait, eyes: &Eyes) -> Result<Vec<Model>, DbErr> {
    in_order(Entity::find().filter(eyes.networks())).all(db).await
}

/// The project's own networks, and if there are none those that are shared with it: none that leads outside.
pub(crate) async fn default_of(db: &impl ConnectionTrait, eyes: &Eyes) -> Result<Vec<Model>, DbErr> {
    let inside = || in_order(Entity::find().filter(Column::External.eq(false)));
    let own = inside().filter(Column::ProjectId.eq(eyes.project())).all(db).await?;
    if own.is_empty() { inside().filter(eyes.shared(true)).all(db).await } else { Ok(own) }
}

fn in_order(select: Select<Entity>) -> Select<Entity> {
    select.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id)
}

/// External ones that are seen, by name.
pub(crate) async fn external_seen_by(db: &impl ConnectionTrait, eyes: &Eyes) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::External.eq(true))
        .filter(eyes.networks())
        .order_by(Column::Name, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .all(db)
        .await
}

/// Ids of the networks that meet a condition, as a subquery.
pub(super) fn ids(condition: impl IntoCondition) -> SelectStatement {
    Entity::find().select_only().column(Column::Id).filter(condition.into_condition()).into_query()
}

/// The network that something is on.
pub(crate) async fn of(db: &impl ConnectionTrait, on: &impl OnNetwork) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(on.network_id()).one(db).await
}

/// The networks that these are on, by their ids.
pub(crate) async fn of_all<'r, R: OnNetwork + 'r>(
    db: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = &'r R>,
) -> Result<HashMap<Uuid, Model>, DbErr> {
    let ids = ids_of(rows, |row| Some(row.network_id()));
    let rows = all_in(db, Entity::find(), Column::Id, &ids).await?;
    Ok(rows.into_iter().map(|network| (network.id, network)).collect())
}

/// The network of that id, or all.
pub(crate) async fn all(
    db: &impl ConnectionTrait,
    _: &Inside,
    id: Option<Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let select = Entity::find();
    match id {
        Some(id) => select.filter(Column::Id.eq(id)).all(db).await,
        None => select.all(db).await,
    }
}

/// The one that is on a physical network, if any.
pub(crate) async fn on_physical(
    db: &impl ConnectionTrait,
    physical_network: &str,
) -> Result<Option<Uuid>, DbErr> {
    let found = Entity::find().filter(Column::PhysicalNetwork.eq(physical_network)).one(db).await?;
    Ok(found.map(|network| network.id))
}

/// Which of these numbers tunnels have.
pub(crate) async fn taken_tunnels(
    db: &impl ConnectionTrait,
    numbers: &[i64],
) -> Result<Vec<Option<i64>>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::SegmentationId)
        .filter(Column::SegmentationId.is_in(numbers.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// It is external from now on, or no longer.
pub(crate) async fn set_external(
    change: &Change<'_>,
    mut network: Model,
    external: bool,
) -> Result<(), DbErr> {
    if network.external != external {
        network.external = external;
        change.save(&network).await?;
    }
    Ok(())
}
