//! Server groups.

use std::collections::{BTreeMap, HashMap};

use platform::{
    db::{
        WriteTx,
        list::{self, Kind, ListSpec},
        opened,
        owned::{Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{Order, QueryOrder, QuerySelect, Select, entity::prelude::*, sea_query::Expr};

use super::server;
use crate::error::NovaError;

mod row {
    use sea_orm::entity::prelude::*;

    /// A server group. Its members are the servers whose `group_id` it is.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "server_groups")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Whose.
        pub project_id: String,
        /// Who made it.
        pub user_id: String,
        /// The name.
        pub name: String,
        /// `affinity`, `anti-affinity`, `soft-affinity`, `soft-anti-affinity`.
        pub policy: String,
        /// `max_server_per_host`.
        pub rules: Json,
        /// When.
        pub created_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{Column, Entity};

impl Owned for Model {
    type Missing = NovaError;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> NovaError {
        NovaError::GroupNotFound(id.to_owned())
    }
}

/// How groups are listed.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[],
    sorts: &[("created_at", Column::CreatedAt)],
    default_sort: &[("created_at", Order::Asc)],
    max_limit: Some(1000),
};

/// The group of that id.
pub async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those of a scope.
pub fn visible(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.by_project(Column::ProjectId))
}

/// The group of that id, if it is in a scope.
pub async fn within(db: &impl ConnectionTrait, scope: &Scope, id: Uuid) -> Result<Option<Model>, DbErr> {
    visible(scope).filter(Column::Id.eq(id)).one(db).await
}

/// How many there are in a scope. `user`: only that one's.
pub async fn count(db: &impl ConnectionTrait, scope: &Scope, user: Option<&str>) -> Result<u64, DbErr> {
    let groups = visible(scope);
    let groups = match user {
        Some(user) => groups.filter(Column::UserId.eq(user)),
        None => groups,
    };
    list::count(db, groups).await
}

/// The servers in each of these groups.
pub async fn members(
    db: &impl ConnectionTrait,
    groups: &[Model],
) -> Result<BTreeMap<Uuid, Vec<Uuid>>, DbErr> {
    let rows: Vec<(Option<Uuid>, Uuid)> = server::living()
        .select_only()
        .column(server::Column::GroupId)
        .column(server::Column::Id)
        .filter(server::Column::GroupId.is_in(groups.iter().map(|group| group.id)))
        .order_by_asc(server::Column::CreatedAt)
        .into_tuple()
        .all(db)
        .await?;
    let mut members: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (group, server) in rows {
        members.entry(group.unwrap_or_default()).or_default().push(server);
    }
    Ok(members)
}

/// How many servers are in a group.
pub async fn size(db: &impl ConnectionTrait, group: &Model) -> Result<u64, DbErr> {
    list::count(db, server::living().filter(server::Column::GroupId.eq(group.id))).await
}

/// The group of a server, and how many of its other members each host has.
pub async fn around(
    db: &impl ConnectionTrait,
    server: &server::Model,
) -> Result<Option<(Model, HashMap<String, u64>)>, DbErr> {
    let Some(id) = server.group_id else { return Ok(None) };
    let Some(group) = Entity::find_by_id(id).one(db).await? else { return Ok(None) };
    let hosts: Vec<Option<String>> = server::living()
        .select_only()
        .column(server::Column::Host)
        .filter(server::Column::GroupId.eq(id))
        .filter(server::Column::Id.ne(server.id))
        .into_tuple()
        .all(db)
        .await?;
    let mut members = HashMap::new();
    for host in hosts.into_iter().flatten() {
        *members.entry(host).or_default() += 1;
    }
    Ok(Some((group, members)))
}

/// Removes one; its servers are in none then.
pub async fn delete(tx: &WriteTx, group: &Model) -> Result<(), DbErr> {
    opened::delete(tx, group).await?;
    server::Entity::update_many()
        .filter(server::Column::GroupId.eq(group.id))
        .col_expr(server::Column::GroupId, Expr::value(Option::<Uuid>::None))
        .exec(&**tx)
        .await
        .map(drop)
}
