//! The projects that an image is shared with.

use platform::db::{WriteTx, opened};
use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, entity::prelude::*};

use super::image;

mod row {
    use sea_orm::entity::prelude::*;

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
}

pub use row::Model;
pub(super) use row::{ActiveModel, Column, Entity};

/// The membership of a project.
pub async fn get(
    db: &impl ConnectionTrait,
    image: &image::Model,
    member: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((image.id, member.to_owned())).one(db).await
}

/// All memberships of an image.
pub async fn of(db: &impl ConnectionTrait, image: &image::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Image.eq(image.id)).order_by_asc(Column::CreatedAt).all(db).await
}

/// Records what the project says to it.
pub async fn answer(tx: &WriteTx, membership: &Model) -> Result<(), DbErr> {
    let (status, updated_at) = (Set(membership.status.clone()), Set(membership.updated_at));
    opened::change(tx, membership, ActiveModel { status, updated_at, ..Default::default() }).await
}
