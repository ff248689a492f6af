//! Routers.

use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Sealed},
    },
    policy::Target,
};
use sea_orm::{Select, entity::prelude::*};

use super::{Eyes, floatingip, port};
use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    use super::super::json::{Routes, Texts};

    /// Routers.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "routers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub project_id: String,
        pub name: String,
        pub admin_state_up: bool,
        pub status: String,
        pub gateway_network_id: Option<Uuid>,
        pub gateway_port_id: Option<Uuid>,
        pub enable_snat: bool,
        #[sea_orm(column_type = "Json")]
        pub routes: Routes,
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

impl Owned for Model {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Some("get_router");

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::router_missing(id)
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
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("name", Column::Name),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("status", Column::Status),
        ("admin_state_up", Column::AdminStateUp),
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

/// Whether that is the id of a router of another project.
pub(crate) async fn is_foreign(
    db: &impl ConnectionTrait,
    id: Uuid,
    project: Option<&str>,
) -> Result<bool, DbErr> {
    let router = Entity::find_by_id(id).one(db).await?;
    Ok(router.is_some_and(|router| Some(router.project_id.as_str()) != project))
}

/// Which of the routers with these legs leads to the network of the floating IP: the first of them.
pub(crate) async fn first_towards(
    db: &impl ConnectionTrait,
    legs: &[port::Model],
    floating: &floatingip::Model,
) -> Result<Option<Uuid>, DbErr> {
    let ids: Vec<Uuid> = legs.iter().filter_map(|leg| leg.device_id.parse().ok()).collect();
    let joined = Entity::find()
        .filter(Column::Id.is_in(ids.clone()))
        .filter(Column::GatewayNetworkId.eq(floating.network_id))
        .all(db)
        .await?;
    Ok(ids.into_iter().find(|id| joined.iter().any(|router| router.id == *id)))
}

/// The router of that id, or all.
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
