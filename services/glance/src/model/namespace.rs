//! Namespaces of metadata definitions.

use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        opened,
        owned::{Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{
    ActiveValue::Set, Condition, Order, QueryFilter, QuerySelect, QueryTrait, Select, entity::prelude::*,
};

use super::definition;
use crate::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// A namespace.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "metadef_namespaces")]
    pub struct Model {
        /// Its name.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// For people; empty: none.
        pub display_name: String,
        /// For people; empty: none.
        pub description: String,
        /// `public` or `private`.
        pub visibility: String,
        /// The project it belongs to.
        pub owner: String,
        /// It can't be deleted.
        pub protected: bool,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
        /// When it changed last.
        pub updated_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{ActiveModel, Column, Entity};

impl Owned for Model {
    type Missing = Error;

    const SEEN_BY: Option<&'static str> = Some("get_metadef_namespace");

    fn target(&self) -> Target<'_> {
        Target::project(self.owner.as_str()).with("visibility", self.visibility.as_str())
    }

    fn missing(name: &str) -> Error {
        Error::NotFound(format!("Namespace {} not found", name.chars().take(80).collect::<String>()))
    }
}

/// How lists of namespaces are filtered and sorted.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Name,
    id_kind: Kind::Text,
    filters: &[("visibility", Column::Visibility, Kind::Text)],
    sorts: &[
        ("created_at", Column::CreatedAt),
        ("updated_at", Column::UpdatedAt),
        ("namespace", Column::Name),
    ],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

/// The namespace of that name.
pub async fn find(db: &impl ConnectionTrait, name: &str) -> Result<Sealed<Model>, DbErr> {
    Ok(Sealed::new(name, Entity::find_by_id(name).one(db).await?))
}

/// Those of a scope, the public ones, and of these those for any of some resource types.
pub fn visible(scope: &Scope, resource_types: Option<&str>) -> Select<Entity> {
    let mut select = Entity::find();
    if !scope.is_everybody() {
        let own = scope.by_project(Column::Owner);
        select = select.filter(Condition::any().add(Column::Visibility.eq("public")).add(own));
    }
    if let Some(types) = resource_types {
        let named = definition::Entity::find()
            .select_only()
            .column(definition::Column::Namespace)
            .filter(definition::Column::Kind.eq(definition::Kind::ResourceType.name()))
            .filter(definition::Column::Name.is_in(types.split(',')));
        select = select.filter(Column::Name.in_subquery(named.into_query()));
    }
    select
}

/// Records what was changed of a namespace, perhaps its name.
pub async fn save(tx: &WriteTx, before: &Model, row: &Model) -> Result<(), DbErr> {
    let change = ActiveModel {
        name: Set(row.name.clone()),
        display_name: Set(row.display_name.clone()),
        description: Set(row.description.clone()),
        visibility: Set(row.visibility.clone()),
        owner: Set(row.owner.clone()),
        protected: Set(row.protected),
        updated_at: Set(row.updated_at),
        ..Default::default()
    };
    opened::change(tx, before, change).await
}
