//! Subnet pools.

use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Owned, Sealed},
    },
    policy::Target,
};
use sea_orm::{Select, entity::prelude::*};

use super::Eyes;
use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    use super::super::json::Prefixes;

    /// Subnet pools.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "subnetpools")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub project_id: String,
        pub name: String,
        pub ip_version: i32,
        #[sea_orm(column_type = "Json")]
        pub prefixes: Prefixes,
        pub default_prefixlen: i32,
        pub min_prefixlen: i32,
        pub max_prefixlen: i32,
        pub default_quota: Option<i64>,
        pub shared: bool,
        pub is_default: bool,
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
    const SEEN_BY: Option<&'static str> = Some("get_subnetpool");

    fn target(&self) -> Target<'_> {
        let shared = if self.shared { "True" } else { "False" };
        Target::project(self.project_id.as_str()).with("shared", shared)
    }

    fn missing(id: &str) -> Error {
        Error::subnetpool_missing(id)
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
        ("ip_version", Column::IpVersion, Kind::Int),
        ("shared", Column::Shared, Kind::Bool),
        ("is_default", Column::IsDefault, Kind::Bool),
        ("default_prefixlen", Column::DefaultPrefixlen, Kind::Int),
        ("min_prefixlen", Column::MinPrefixlen, Kind::Int),
        ("max_prefixlen", Column::MaxPrefixlen, Kind::Int),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("name", Column::Name),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("ip_version", Column::IpVersion),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those that are seen.
pub(crate) fn visible(eyes: &Eyes) -> Select<Entity> {
    Entity::find().filter(eyes.own_or(Column::ProjectId, Column::Shared.eq(true)))
}

/// The one from which subnets of that family are cut when none is named.
pub(crate) async fn find_default(
    db: &impl ConnectionTrait,
    ip_version: i32,
) -> Result<Option<Sealed<Model>>, DbErr> {
    let found = Entity::find()
        .filter(Column::IsDefault.eq(true))
        .filter(Column::IpVersion.eq(ip_version))
        .one(db)
        .await?;
    Ok(found.map(|pool| Sealed::new(pool.id, Some(pool))))
}

/// The id of that one.
pub(crate) async fn default_id(db: &impl ConnectionTrait, ip_version: i32) -> Result<Option<Uuid>, DbErr> {
    let found = Entity::find()
        .filter(Column::IsDefault.eq(true))
        .filter(Column::IpVersion.eq(ip_version))
        .one(db)
        .await?;
    Ok(found.map(|pool| pool.id))
}
