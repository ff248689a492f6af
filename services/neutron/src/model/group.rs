//! Security groups.

use std::collections::HashMap;

use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Scope, Sealed},
    },
    http::Query,
    policy::Target,
};
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait, Select, entity::prelude::*};

use super::{Eyes, all_in, group_rule, ids_of, nothing, port, port_group};
use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// Security groups.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "security_groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub project_id: String,
        pub name: String,
        pub stateful: bool,
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
    const SEEN_BY: Option<&'static str> = Some("get_security_group");

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str()).with("security_group:project_id", self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::group_missing(id)
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
        ("stateful", Column::Stateful, Kind::Bool),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("name", Column::Name),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those that are seen and that the query asks for. None is shared.
pub(crate) fn visible(eyes: &Eyes, query: &Query) -> Result<Select<Entity>, Error> {
    let select = Entity::find().filter(eyes.scope().by_project(Column::ProjectId));
    Ok(if query.flag("shared")? == Some(true) { select.filter(nothing()) } else { select })
}

/// Some of a scope, by project and name.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    scope: &Scope,
    offset: u64,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let select = Entity::find().filter(scope.by_project(Column::ProjectId));
    by_name(select).offset(offset).limit(limit).all(db).await
}

fn by_name(select: Select<Entity>) -> Select<Entity> {
    select.order_by_asc(Column::ProjectId).order_by_asc(Column::Name).order_by_asc(Column::Id)
}

/// Those of a scope that have one of these names or ids.
pub(crate) async fn named<N: AsRef<str>>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    names: &[N],
) -> Result<Vec<Model>, DbErr> {
    let ids = names.iter().filter_map(|name| name.as_ref().parse::<Uuid>().ok());
    let known =
        Condition::any().add(Column::Id.is_in(ids)).add(Column::Name.is_in(names.iter().map(AsRef::as_ref)));
    Entity::find().filter(scope.by_project(Column::ProjectId)).filter(known).all(db).await
}

/// Which of these ids are those of groups that a project may name: its own, or any for who is privileged.
pub(crate) async fn nameable(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    project: &str,
    privileged: bool,
) -> Result<Vec<Uuid>, DbErr> {
    let mut rows = all_in(db, Entity::find(), Column::Id, ids).await?;
    rows.retain(|group| privileged || group.project_id == project);
    Ok(rows.into_iter().map(|group| group.id).collect())
}

/// The groups that rules name, by their ids.
pub(crate) async fn named_by(
    db: &impl ConnectionTrait,
    rules: &[group_rule::Model],
) -> Result<HashMap<Uuid, Model>, DbErr> {
    let ids = ids_of(rules, |rule| rule.remote_group_id);
    let rows = all_in(db, Entity::find(), Column::Id, &ids).await?;
    Ok(rows.into_iter().map(|group| (group.id, group)).collect())
}

/// The names of the groups that ports are in, by their ids.
pub(crate) async fn names_of(
    db: &impl ConnectionTrait,
    ports: &[port::Full],
) -> Result<HashMap<Uuid, String>, DbErr> {
    let mut ids: Vec<Uuid> = ports.iter().flat_map(|full| full.groups.iter().copied()).collect();
    ids.sort();
    ids.dedup();
    let rows = all_in(db, Entity::find(), Column::Id, &ids).await?;
    Ok(rows.into_iter().map(|group| (group.id, group.name)).collect())
}

/// The groups of a device's ports, by project and name.
pub(crate) async fn of_device(
    db: &impl ConnectionTrait,
    _: &Inside,
    device: Uuid,
) -> Result<Vec<Model>, DbErr> {
    let on_ports = port::Entity::find()
        .select_only()
        .column(port::Column::Id)
        .filter(port::Column::DeviceId.eq(device.to_string()))
        .into_query();
    let memberships = port_group::Entity::find()
        .select_only()
        .column(port_group::Column::GroupId)
        .filter(port_group::Column::PortId.in_subquery(on_ports))
        .into_query();
    by_name(Entity::find().filter(Column::Id.in_subquery(memberships))).all(db).await
}

/// The group of that id, or all.
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
