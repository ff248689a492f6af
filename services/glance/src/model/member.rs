//! The projects that an image is shared with.

use sea_orm::{QueryFilter, QueryOrder, entity::prelude::*};

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_members")]
pub struct Model {
    /// The image.
    #[sea_orm(primary_key, auto_increment = false)]
    pub image: Uuid,
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub member: String,
    /// `pending`, `accepted`, `rejected`.
    pub status: String,
    /// When it was shared.
    pub created_at: ChronoDateTimeUtc,
    /// When the status changed last.
    pub updated_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The membership of a project.
pub async fn get(db: &impl ConnectionTrait, image: Uuid, member: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((image, member.to_owned())).one(db).await
}

/// All memberships of an image.
pub async fn of(db: &impl ConnectionTrait, image: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Image.eq(image)).order_by_asc(Column::CreatedAt).all(db).await
}
