//! Who may use a network of another project.

use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Owned, Sealed},
    },
    http::Query,
    policy::Target,
};
use sea_orm::{QuerySelect, Select, entity::prelude::*};

use super::{Eyes, OnNetwork, all_in, network, nothing};
use crate::{change::Change, error::Error};

pub(crate) const SHARED: &str = "access_as_shared";
pub(crate) const EXTERNAL: &str = "access_as_external";
pub(crate) const EVERYBODY: &str = "*";

mod row {
    use sea_orm::entity::prelude::*;

    /// Who may use a network of another project.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rbac_policies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub project_id: String,
        pub object_id: Uuid,
        pub action: String,
        pub target: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{Column, Entity};

impl Owned for Model {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Some("get_rbac_policy");

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::rbac_missing(id)
    }
}

impl OnNetwork for Model {
    fn network_id(&self) -> Uuid {
        self.object_id
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("project_id", Column::ProjectId, Kind::Text),
        ("tenant_id", Column::ProjectId, Kind::Text),
        ("object_id", Column::ObjectId, Kind::Uuid),
        ("action", Column::Action, Kind::Text),
        ("target_tenant", Column::Target, Kind::Text),
        ("target_project", Column::Target, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("project_id", Column::ProjectId),
        ("object_id", Column::ObjectId),
        ("action", Column::Action),
        ("target_tenant", Column::Target),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those that are seen and that the query asks for.
pub(crate) fn visible(eyes: &Eyes, query: &Query) -> Select<Entity> {
    let select = Entity::find().filter(eyes.scope().by_project(Column::ProjectId));
    match query.get("object_type") {
        None | Some("network") => select,
        Some(_) => select.filter(nothing()),
    }
}

/// What access (of one kind) to these networks everybody or that project has.
pub(super) async fn given(
    db: &impl ConnectionTrait,
    project: &str,
    action: Option<&str>,
    networks: &[network::Model],
) -> Result<Vec<Model>, DbErr> {
    let ids: Vec<Uuid> = networks.iter().map(|network| network.id).collect();
    let mut select = Entity::find().filter(Column::Target.is_in([EVERYBODY, project]));
    if let Some(action) = action {
        select = select.filter(Column::Action.eq(action));
    }
    all_in(db, select, Column::ObjectId, &ids).await
}

/// Whether everybody is given, or is not given, access to a network.
pub(crate) async fn set_for_everybody(
    change: &Change<'_>,
    network: &network::Model,
    action: &str,
    wanted: bool,
) -> Result<(), DbErr> {
    let rows = sea_orm::Condition::all()
        .add(Column::ObjectId.eq(network.id))
        .add(Column::Action.eq(action))
        .add(Column::Target.eq(EVERYBODY));
    if !wanted {
        Entity::delete_many().filter(rows).exec(&**change).await?;
    } else if Entity::find().filter(rows).one(&**change).await?.is_none() {
        let row = Model {
            id: Uuid::new_v4(),
            project_id: network.project_id.clone(),
            object_id: network.id,
            action: action.to_owned(),
            target: EVERYBODY.to_owned(),
        };
        change.insert(&row).await?;
    }
    Ok(())
}

/// Single projects that a network is shared with.
pub(crate) async fn sharing_projects(
    db: &impl ConnectionTrait,
    network: &network::Model,
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Target)
        .filter(Column::ObjectId.eq(network.id))
        .filter(Column::Action.eq(SHARED))
        .filter(Column::Target.ne(EVERYBODY))
        .into_tuple()
        .all(db)
        .await
}

/// Whom else the same network is given to in the same way.
pub(crate) async fn other_targets(db: &impl ConnectionTrait, row: &Model) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Target)
        .filter(Column::ObjectId.eq(row.object_id))
        .filter(Column::Action.eq(row.action.as_str()))
        .filter(Column::Id.ne(row.id))
        .into_tuple()
        .all(db)
        .await
}

/// Nobody has access to the network any more.
pub(crate) async fn delete_of(change: &Change<'_>, network: &network::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ObjectId.eq(network.id)).exec(&**change).await?;
    Ok(())
}
