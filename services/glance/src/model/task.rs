//! Tasks: imports, as their owners follow them.

use chrono::Utc;
use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, QuerySelect, entity::prelude::*};

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

/// All tasks of an image.
pub async fn of_image(db: &impl ConnectionTrait, image: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Image.eq(image)).order_by_desc(Column::CreatedAt).all(db).await
}

/// The images with a task that is not over.
pub async fn open_images(db: &impl ConnectionTrait) -> Result<Vec<Uuid>, DbErr> {
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
pub async fn open(db: &impl ConnectionTrait, image: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::Image.eq(image))
        .filter(Column::Status.is_in(["pending", "processing"]))
        .one(db)
        .await
}

/// Ends it.
pub async fn end(
    tx: &impl ConnectionTrait,
    id: Uuid,
    status: &str,
    message: &str,
    result: Option<Json>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        status: Set(status.to_owned()),
        message: Set(message.to_owned()),
        result: Set(result),
        updated_at: Set(Utc::now()),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Ends whatever is open for an image that is going away.
pub async fn abandon(tx: &impl ConnectionTrait, image: Uuid) -> Result<(), DbErr> {
    let row = ActiveModel {
        status: Set("failure".to_owned()),
        message: Set("The image was deleted.".to_owned()),
        updated_at: Set(Utc::now()),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .filter(Column::Image.eq(image))
        .filter(Column::Status.is_in(["pending", "processing"]))
        .exec(tx)
        .await?;
    Ok(())
}
