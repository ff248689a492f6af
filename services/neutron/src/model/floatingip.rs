//! Floating IPs.

use std::net::IpAddr;

use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{
    ActiveValue::Set, Condition, QueryOrder, QuerySelect, Select, entity::prelude::*, sea_query::Expr,
};

use super::{Eyes, all_in, network, port, router};
use crate::{change::Change, error::Error};

mod row {
    use sea_orm::entity::prelude::*;

    /// Floating IPs.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "floatingips")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub project_id: String,
        pub network_id: Uuid,
        pub address: String,
        pub floating_port_id: Uuid,
        pub port_id: Option<Uuid>,
        pub fixed_ip_address: Option<String>,
        pub router_id: Option<Uuid>,
        pub status: String,
        pub dns_name: String,
        pub dns_domain: String,
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
pub(super) use row::{ActiveModel, Column, Entity};

impl Owned for Model {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Some("get_floatingip");

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::floatingip_missing(id)
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("project_id", Column::ProjectId, Kind::Text),
        ("tenant_id", Column::ProjectId, Kind::Text),
        ("floating_network_id", Column::NetworkId, Kind::Uuid),
        ("floating_ip_address", Column::Address, Kind::Text),
        ("port_id", Column::PortId, Kind::Uuid),
        ("fixed_ip_address", Column::FixedIpAddress, Kind::Text),
        ("router_id", Column::RouterId, Kind::Uuid),
        ("status", Column::Status, Kind::Text),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("floating_network_id", Column::NetworkId),
        ("floating_ip_address", Column::Address),
        ("status", Column::Status),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those that are seen.
pub(crate) fn visible(eyes: &Eyes) -> Select<Entity> {
    Entity::find().filter(eyes.scope().by_project(Column::ProjectId))
}

/// All of a scope, in the order in which they were made.
pub(crate) async fn all_of(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(scope.by_project(Column::ProjectId))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// Those with that address that are seen: two at the most.
pub(crate) async fn at(db: &impl ConnectionTrait, eyes: &Eyes, address: IpAddr) -> Result<Vec<Model>, DbErr> {
    visible(eyes).filter(Column::Address.eq(address.to_string())).limit(2).all(db).await
}

/// Those whose address is of a network.
pub(crate) async fn on(db: &impl ConnectionTrait, network: &network::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::NetworkId.eq(network.id)).all(db).await
}

/// Those that lead through a router.
pub(crate) async fn through(db: &impl ConnectionTrait, router: &router::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::RouterId.eq(router.id)).all(db).await
}

/// Those that lead to ports.
pub(crate) async fn to_ports(db: &impl ConnectionTrait, ports: &[port::Full]) -> Result<Vec<Model>, DbErr> {
    let ids: Vec<Uuid> = ports.iter().map(|full| full.port.id).collect();
    all_in(db, Entity::find(), Column::PortId, &ids).await
}

/// Whether another one of the same network leads to that address of the port.
pub(crate) async fn another_leads_to(
    db: &impl ConnectionTrait,
    row: &Model,
    port: &port::Model,
    fixed: &str,
) -> Result<bool, DbErr> {
    let other = Entity::find()
        .filter(Column::PortId.eq(port.id))
        .filter(Column::FixedIpAddress.eq(fixed))
        .filter(Column::NetworkId.eq(row.network_id))
        .filter(Column::Id.ne(row.id))
        .one(db)
        .await?;
    Ok(other.is_some())
}

/// Those that lead through the router of that id, or through any.
pub(crate) async fn all_through(
    db: &impl ConnectionTrait,
    _: &Inside,
    router: Option<Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let mut select = Entity::find().filter(Column::RouterId.is_not_null());
    if let Some(router) = router {
        select = select.filter(Column::RouterId.eq(router));
    }
    select.all(db).await
}

/// Those that led to the port (to these of its addresses) lead nowhere from now on. They are returned as they were.
pub(crate) async fn detach(
    change: &Change<'_>,
    port: &port::Model,
    addresses: Option<&[String]>,
) -> Result<Vec<Model>, DbErr> {
    let mut concerned = Condition::all().add(Column::PortId.eq(port.id));
    if let Some(addresses) = addresses {
        concerned = concerned.add(Column::FixedIpAddress.is_in(addresses));
    }
    let rows = Entity::find().filter(concerned.clone()).all(&**change).await?;
    if rows.is_empty() {
        return Ok(rows);
    }
    let nowhere = ActiveModel {
        port_id: Set(None),
        fixed_ip_address: Set(None),
        router_id: Set(None),
        status: Set("DOWN".to_owned()),
        updated_at: Set(chrono::Utc::now()),
        ..Default::default()
    };
    Entity::update_many()
        .set(nowhere)
        .col_expr(Column::Revision, Expr::cust("revision + 1"))
        .filter(concerned)
        .exec(&**change)
        .await?;
    Ok(rows)
}

/// Removes those of a network.
pub(crate) async fn delete_on(change: &Change<'_>, network: &network::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::NetworkId.eq(network.id)).exec(&**change).await?;
    Ok(())
}
