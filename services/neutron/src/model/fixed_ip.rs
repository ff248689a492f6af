//! Addresses of ports. An address is there once in a network, which the key sees to.

use std::collections::HashMap;

use sea_orm::{QuerySelect, entity::prelude::*};

use super::{all_in, ids_of, network, port, router, subnet};
use crate::change::Change;

mod row {
    use sea_orm::entity::prelude::*;

    /// Addresses of ports. An address is there once in a network, which the key sees to.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "fixed_ips")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub network_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub address: String,
        pub subnet_id: Uuid,
        pub port_id: Uuid,
        pub place: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::super::port::Entity",
            from = "Column::PortId",
            to = "super::super::port::Column::Id"
        )]
        Port,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{Column, Entity, Relation};

/// Those of a port.
pub(crate) async fn of(db: &impl ConnectionTrait, port: &port::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::PortId.eq(port.id)).all(db).await
}

/// Those of the routers' legs outside, by the leg.
pub(crate) async fn outside_of(
    db: &impl ConnectionTrait,
    routers: &[router::Model],
) -> Result<HashMap<Uuid, Vec<Model>>, DbErr> {
    let legs = ids_of(routers, |router| router.gateway_port_id);
    let mut by_leg: HashMap<Uuid, Vec<Model>> = HashMap::new();
    for row in all_in(db, Entity::find(), Column::PortId, &legs).await? {
        by_leg.entry(row.port_id).or_default().push(row);
    }
    Ok(by_leg)
}

/// One of these that a port of the network has, if any.
pub(crate) async fn taken(
    db: &impl ConnectionTrait,
    network: &network::Model,
    addresses: Vec<String>,
) -> Result<Option<String>, DbErr> {
    let other = Entity::find()
        .filter(Column::NetworkId.eq(network.id))
        .filter(Column::Address.is_in(addresses))
        .one(db)
        .await?;
    Ok(other.map(|row| row.address))
}

/// Those of these that ports of the subnet's network have; without any, all on the subnet.
pub(crate) async fn taken_on(
    db: &impl ConnectionTrait,
    subnet: &subnet::Model,
    among: Option<Vec<String>>,
) -> Result<Vec<String>, DbErr> {
    let select = Entity::find().select_only().column(Column::Address);
    let select = match among {
        Some(among) => {
            select.filter(Column::NetworkId.eq(subnet.network_id)).filter(Column::Address.is_in(among))
        }
        None => select.filter(Column::SubnetId.eq(subnet.id)),
    };
    select.into_tuple().all(db).await
}

/// How many each of these subnets has.
pub(crate) async fn count_on(
    db: &impl ConnectionTrait,
    subnets: impl IntoIterator<Item = &subnet::Model>,
) -> Result<HashMap<Uuid, i64>, DbErr> {
    let known = ids_of(subnets, |subnet| Some(subnet.id));
    let used: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(Column::SubnetId)
        .column_as(Column::Address.count(), "used")
        .group_by(Column::SubnetId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(used.into_iter().filter(|(subnet, _)| known.binary_search(subnet).is_ok()).collect())
}

/// Takes these from a port; without any, all.
pub(crate) async fn take_from(
    change: &Change<'_>,
    port: &port::Model,
    addresses: Option<Vec<String>>,
) -> Result<(), DbErr> {
    let mut gone = Entity::delete_many().filter(Column::PortId.eq(port.id));
    if let Some(addresses) = addresses {
        gone = gone.filter(Column::Address.is_in(addresses));
    }
    gone.exec(&**change).await?;
    Ok(())
}

/// Removes those on a subnet.
pub(crate) async fn delete_on(change: &Change<'_>, subnet: &subnet::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::SubnetId.eq(subnet.id)).exec(&**change).await?;
    Ok(())
}
