//! Rules of security groups.

use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Sealed},
    },
    policy::Target,
};
use sea_orm::{Condition, QueryOrder, Select, entity::prelude::*};

use super::{Eyes, all_in, group};
use crate::{change::Change, error::Error};

mod row {
    use sea_orm::entity::prelude::*;

    /// Rules of security groups.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "security_group_rules")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub group_id: Uuid,
        pub project_id: String,
        pub direction: String,
        pub ethertype: String,
        pub protocol: Option<String>,
        pub port_min: Option<i32>,
        pub port_max: Option<i32>,
        pub remote_ip_prefix: Option<String>,
        pub remote_group_id: Option<Uuid>,
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
    const SEEN_BY: Option<&'static str> = Some("get_security_group_rule");

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str()).with("security_group:project_id", self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::rule_missing(id)
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("security_group_id", Column::GroupId, Kind::Uuid),
        ("project_id", Column::ProjectId, Kind::Text),
        ("tenant_id", Column::ProjectId, Kind::Text),
        ("direction", Column::Direction, Kind::Text),
        ("ethertype", Column::Ethertype, Kind::Text),
        ("protocol", Column::Protocol, Kind::Text),
        ("port_range_min", Column::PortMin, Kind::Int),
        ("port_range_max", Column::PortMax, Kind::Int),
        ("remote_ip_prefix", Column::RemoteIpPrefix, Kind::Text),
        ("remote_group_id", Column::RemoteGroupId, Kind::Uuid),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("security_group_id", Column::GroupId),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("direction", Column::Direction),
        ("ethertype", Column::Ethertype),
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

/// The rules of groups, in the order in which they were made.
pub(crate) async fn of(db: &impl ConnectionTrait, groups: &[group::Model]) -> Result<Vec<Model>, DbErr> {
    let ids: Vec<Uuid> = groups.iter().map(|group| group.id).collect();
    let select = Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    all_in(db, select, Column::GroupId, &ids).await
}

/// The rules of other groups, and its own, that name a group.
pub(crate) async fn naming(db: &impl ConnectionTrait, group: &group::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::RemoteGroupId.eq(group.id)).all(db).await
}

/// The rules of the group of that id, or all.
pub(crate) async fn all(
    db: &impl ConnectionTrait,
    _: &Inside,
    group: Option<Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let mut select = Entity::find().order_by_asc(Column::Id);
    if let Some(group) = group {
        select = select.filter(Column::GroupId.eq(group));
    }
    select.all(db).await
}

/// Removes the rules of a group, and those of others that name it.
pub(crate) async fn delete_of(change: &Change<'_>, group: &group::Model) -> Result<(), DbErr> {
    let concerned =
        Condition::any().add(Column::RemoteGroupId.eq(group.id)).add(Column::GroupId.eq(group.id));
    Entity::delete_many().filter(concerned).exec(&**change).await?;
    Ok(())
}
