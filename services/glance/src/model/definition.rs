//! What namespaces of metadata define: objects, properties, tags, and the resource types they are for.

use chrono::Utc;
use platform::db::{WriteTx, opened};
use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, QuerySelect, entity::prelude::*};

use super::namespace;

mod row {
    use sea_orm::entity::prelude::*;

    /// A definition.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "metadef_definitions")]
    pub struct Model {
        /// In which namespace.
        #[sea_orm(primary_key, auto_increment = false)]
        pub namespace: String,
        /// See [`Kind`].
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// Its name.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// What was given, without the name.
        pub body: Json,
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

use row::ActiveModel;
pub use row::Model;
pub(super) use row::{Column, Entity};

/// What is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A group of properties.
    Object,
    /// A property.
    Property,
    /// A tag.
    Tag,
    /// A resource type that the namespace is for.
    ResourceType,
}

impl Kind {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Property => "property",
            Self::Tag => "tag",
            Self::ResourceType => "resource_type",
        }
    }
}

/// Definitions of a kind in a namespace, the newest first.
pub async fn of(
    db: &impl ConnectionTrait,
    namespace: &namespace::Model,
    kind: Kind,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Namespace.eq(namespace.name.as_str()))
        .filter(Column::Kind.eq(kind.name()))
        .order_by_desc(Column::CreatedAt)
        .order_by_asc(Column::Name)
        .all(db)
        .await
}

/// All definitions of these namespaces.
pub async fn of_all(db: &impl ConnectionTrait, namespaces: &[namespace::Model]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Namespace.is_in(namespaces.iter().map(|row| row.name.as_str())))
        .order_by_desc(Column::CreatedAt)
        .order_by_asc(Column::Name)
        .all(db)
        .await
}

/// One definition.
pub async fn get(
    db: &impl ConnectionTrait,
    namespace: &namespace::Model,
    kind: Kind,
    name: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((namespace.name.clone(), kind.name().to_owned(), name.to_owned())).one(db).await
}

/// Adds one.
pub async fn add(
    tx: &WriteTx,
    namespace: &namespace::Model,
    kind: Kind,
    name: &str,
    body: Json,
) -> Result<Model, DbErr> {
    let row = Model {
        namespace: namespace.name.clone(),
        kind: kind.name().to_owned(),
        name: name.to_owned(),
        body,
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    opened::insert(tx, &row).await?;
    Ok(row)
}

/// Changes one, perhaps its name. Answers whether it was there.
pub async fn change(
    tx: &WriteTx,
    (namespace, kind, name): (&namespace::Model, Kind, &str),
    new_name: &str,
    body: Json,
) -> Result<bool, DbErr> {
    let row = ActiveModel {
        name: Set(new_name.to_owned()),
        body: Set(body),
        updated_at: Set(Utc::now()),
        ..Default::default()
    };
    let done = Entity::update_many()
        .set(row)
        .filter(Column::Namespace.eq(namespace.name.as_str()))
        .filter(Column::Kind.eq(kind.name()))
        .filter(Column::Name.eq(name))
        .exec(&**tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Removes one, or (without a name) all of a kind. Answers how many there were.
pub async fn remove(
    tx: &WriteTx,
    namespace: &namespace::Model,
    kind: Kind,
    name: Option<&str>,
) -> Result<u64, DbErr> {
    let mut delete = Entity::delete_many()
        .filter(Column::Namespace.eq(namespace.name.as_str()))
        .filter(Column::Kind.eq(kind.name()));
    if let Some(name) = name {
        delete = delete.filter(Column::Name.eq(name));
    }
    Ok(delete.exec(&**tx).await?.rows_affected)
}

/// The names of all resource types that any namespace is for.
pub async fn resource_types(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Name)
        .distinct()
        .filter(Column::Kind.eq(Kind::ResourceType.name()))
        .into_tuple()
        .all(db)
        .await
}
