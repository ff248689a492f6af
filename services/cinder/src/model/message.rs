//! What went wrong, told to who asked for it.

use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        owned::{Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{Order, Select, entity::prelude::*};

use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// A message.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "messages")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Whose.
        pub project_id: String,
        /// `VOLUME_VOLUME_001_003`: resource, action and detail.
        pub event_id: String,
        /// `VOLUME`.
        pub resource_type: String,
        /// The id of what it is about.
        pub resource_uuid: Uuid,
        /// For the user.
        pub user_message: String,
        /// `ERROR`.
        pub message_level: String,
        /// The request that it came of; empty when that is not known.
        pub request_id: String,
        /// When it was written.
        pub created_at: ChronoDateTimeUtc,
        /// When it may be forgotten.
        pub expires_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
use row::{ActiveModel, Column, Entity};

impl Owned for Model {
    type Missing = Error;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::MessageNotFound(Error::shown(id))
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("event_id", Column::EventId, Kind::Text),
        ("resource_type", Column::ResourceType, Kind::Text),
        ("resource_uuid", Column::ResourceUuid, Kind::Uuid),
        ("request_id", Column::RequestId, Kind::Text),
        ("message_level", Column::MessageLevel, Kind::Text),
    ],
    sorts: &[("created_at", Column::CreatedAt), ("id", Column::Id)],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those of a scope.
pub(crate) fn visible(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.by_project(Column::ProjectId))
}

/// Writes one, and forgets those whose time is over.
pub(crate) async fn insert(tx: &WriteTx, message: Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(message.created_at)).exec(&**tx).await?;
    Entity::insert(ActiveModel::from(message)).exec_without_returning(&**tx).await?;
    Ok(())
}
