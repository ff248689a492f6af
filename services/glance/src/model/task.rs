//! Tasks: imports, as their owners follow them.

use chrono::Utc;
use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        opened,
        owned::{Inside, Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{ActiveValue::Set, Order, QueryFilter, QueryOrder, QuerySelect, Select, entity::prelude::*};

use super::image;
use crate::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// A task.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tasks")]
    pub struct Model {
        /// At random.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// `api_image_import`.
        pub kind: String,
        /// `pending`, `processing`, `success`, `failure`.
        pub status: String,
        /// The project.
        pub owner: String,
        /// Who asked.
        pub user: String,
        /// For which image.
        pub image: Option<Uuid>,
        /// By which request.
        pub request: String,
        /// What was asked.
        pub input: Json,
        /// What came of it.
        pub result: Option<Json>,
        /// Why it failed.
        #[sea_orm(column_type = "Text")]
        pub message: String,
        /// When it was asked.
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

    fn target(&self) -> Target<'_> {
        Target::project(self.owner.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::NotFound(format!("Failed to find task {}", id.chars().take(64).collect::<String>()))
    }
}

/// How lists of tasks are filtered and sorted.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[("status", Column::Status, Kind::Text), ("type", Column::Kind, Kind::Text)],
    sorts: &[("created_at", Column::CreatedAt), ("status", Column::Status), ("type", Column::Kind)],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

/// The task of that id.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those of a scope.
pub fn visible(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.by_project(Column::Owner))
}

/// All tasks of an image.
pub async fn of_image(db: &impl ConnectionTrait, image: &image::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Image.eq(image.id)).order_by_desc(Column::CreatedAt).all(db).await
}

/// The images with a task that is not over.
pub async fn open_images(db: &impl ConnectionTrait, _: &Inside) -> Result<Vec<Uuid>, DbErr> {
    let images: Vec<Option<Uuid>> = Entity::find()
        .select_only()
        .column(Column::Image)
        .filter(Column::Status.is_in(["pending", "processing"]))
        .into_tuple()
        .all(db)
        .await?;
    Ok(images.into_iter().flatten().collect())
}

/// The task of an image that is not over.
pub async fn open(db: &impl ConnectionTrait, image: Uuid, _: &Inside) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::Image.eq(image))
        .filter(Column::Status.is_in(["pending", "processing"]))
        .one(db)
        .await
}

/// Whether an image has a task that is not over.
pub async fn is_open(db: &impl ConnectionTrait, image: &image::Model) -> Result<bool, DbErr> {
    let open = Entity::find()
        .filter(Column::Image.eq(image.id))
        .filter(Column::Status.is_in(["pending", "processing"]));
    Ok(open.count(db).await? > 0)
}

/// Somebody works on it.
pub async fn begin(tx: &WriteTx, task: &Model) -> Result<(), DbErr> {
    let (status, updated_at) = (Set("processing".to_owned()), Set(Utc::now()));
    opened::change(tx, task, ActiveModel { status, updated_at, ..Default::default() }).await
}

/// Ends it.
pub async fn end(
    tx: &WriteTx,
    task: &Model,
    status: &str,
    message: &str,
    result: Option<Json>,
) -> Result<(), DbErr> {
    let ended = ActiveModel {
        status: Set(status.to_owned()),
        message: Set(message.to_owned()),
        result: Set(result),
        updated_at: Set(Utc::now()),
        ..Default::default()
    };
    opened::change(tx, task, ended).await
}

/// Ends whatever is open for an image that is going away.
pub async fn abandon(tx: &WriteTx, image: &image::Model) -> Result<(), DbErr> {
    let row = ActiveModel {
        status: Set("failure".to_owned()),
        message: Set("The image was deleted.".to_owned()),
        updated_at: Set(Utc::now()),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .filter(Column::Image.eq(image.id))
        .filter(Column::Status.is_in(["pending", "processing"]))
        .exec(&**tx)
        .await?;
    Ok(())
}
