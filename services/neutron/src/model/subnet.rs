//! Subnets.

use std::collections::HashMap;

use contracts::identity::Caller;
use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Sealed},
    },
    http::Query,
    policy::Target,
};
use sea_orm::{QueryOrder, Select, entity::prelude::*};

use super::{Eyes, Placed, all_in, by_id, fixed_ip, ids_of, network, subnetpool};
use crate::{change::Change, error::Error};

mod row {
    use sea_orm::entity::prelude::*;

    use super::super::json::{Addresses, Pools, Routes, Texts};

    /// Subnets.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "subnets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub network_id: Uuid,
        pub project_id: String,
        pub name: String,
        pub ip_version: i32,
        pub cidr: String,
        pub gateway_ip: Option<String>,
        pub enable_dhcp: bool,
        pub ipv6_ra_mode: Option<String>,
        pub ipv6_address_mode: Option<String>,
        pub subnetpool_id: Option<Uuid>,
        #[sea_orm(column_type = "Json")]
        pub pools: Pools,
        #[sea_orm(column_type = "Json")]
        pub dns: Addresses,
        #[sea_orm(column_type = "Json")]
        pub routes: Routes,
        #[sea_orm(column_type = "Json")]
        pub service_types: Texts,
        pub dns_publish_fixed_ip: bool,
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

impl Owned for Placed<Model> {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Some("get_subnet");

    fn target(&self) -> Target<'_> {
        self.target_of(&self.row.project_id)
    }

    fn missing(id: &str) -> Error {
        Error::subnet_missing(id)
    }
}

impl Owned for Model {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Placed::<Self>::SEEN_BY;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::subnet_missing(id)
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
        ("network_id", Column::NetworkId, Kind::Uuid),
        ("ip_version", Column::IpVersion, Kind::Int),
        ("cidr", Column::Cidr, Kind::Text),
        ("gateway_ip", Column::GatewayIp, Kind::Text),
        ("enable_dhcp", Column::EnableDhcp, Kind::Bool),
        ("ipv6_ra_mode", Column::Ipv6RaMode, Kind::Text),
        ("ipv6_address_mode", Column::Ipv6AddressMode, Kind::Text),
        ("subnetpool_id", Column::SubnetpoolId, Kind::Uuid),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("name", Column::Name),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("network_id", Column::NetworkId),
        ("ip_version", Column::IpVersion),
        ("cidr", Column::Cidr),
        ("enable_dhcp", Column::EnableDhcp),
    ],
    default_sort: &[],
    max_limit: None,
};

/// One subnet, on its network as the caller's project sees it.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: impl ToString,
) -> Result<Sealed<Placed<Model>>, DbErr> {
    let id = id.to_string();
    let found = match by_id::<Entity>(db, &id).await? {
        Some(row) => network::around(db, caller, &row).await?.map(|on| Placed { row, on }),
        None => None,
    };
    Ok(Sealed::new(id, found))
}

/// Those that are seen and that the query asks for.
pub(crate) fn visible(eyes: &Eyes, query: &Query) -> Result<Select<Entity>, Error> {
    let on_visible = Column::NetworkId.in_subquery(network::ids(eyes.networks()));
    let mut select = Entity::find().filter(eyes.own_or(Column::ProjectId, on_visible));
    if let Some(external) = query.flag("router:external")? {
        let networks = network::ids(network::Column::External.eq(external));
        select = select.filter(Column::NetworkId.in_subquery(networks));
    }
    if let Some(shared) = query.flag("shared")? {
        select = select.filter(Column::NetworkId.in_subquery(network::ids(eyes.shared(shared))));
    }
    Ok(select)
}

/// Those of a network, in the order in which they were made.
pub(crate) async fn of(db: &impl ConnectionTrait, network: &network::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::NetworkId.eq(network.id))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// Those of networks, by the network.
pub(crate) async fn of_all<'n>(
    db: &impl ConnectionTrait,
    networks: impl IntoIterator<Item = &'n network::Model>,
) -> Result<HashMap<Uuid, Vec<Model>>, DbErr> {
    let ids = ids_of(networks, |network| Some(network.id));
    let mut by_network: HashMap<Uuid, Vec<Model>> = HashMap::new();
    for row in all_in(db, Entity::find(), Column::NetworkId, &ids).await? {
        by_network.entry(row.network_id).or_default().push(row);
    }
    Ok(by_network)
}

/// Those that addresses are on.
pub(crate) async fn of_addresses<'a>(
    db: &impl ConnectionTrait,
    addresses: impl IntoIterator<Item = &'a fixed_ip::Model>,
) -> Result<Vec<Model>, DbErr> {
    let ids = ids_of(addresses, |row| Some(row.subnet_id));
    all_in(db, Entity::find(), Column::Id, &ids).await
}

/// Those that were cut from a pool.
pub(crate) async fn cut_from(
    db: &impl ConnectionTrait,
    pool: &subnetpool::Model,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::SubnetpoolId.eq(pool.id)).all(db).await
}

/// Those of the network of that id, or all, in the order in which they were made.
pub(crate) async fn all(
    db: &impl ConnectionTrait,
    _: &Inside,
    network: Option<Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let mut select = Entity::find().order_by_asc(Column::CreatedAt);
    if let Some(network) = network {
        select = select.filter(Column::NetworkId.eq(network));
    }
    select.all(db).await
}

/// Removes those of a network.
pub(crate) async fn delete_of(change: &Change<'_>, network: &network::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::NetworkId.eq(network.id)).exec(&**change).await?;
    Ok(())
}
