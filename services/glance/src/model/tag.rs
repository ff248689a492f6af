//! Tags of images.

use std::collections::{BTreeSet, HashMap};

use platform::db::WriteTx;
use sea_orm::{ActiveValue::Set, QueryFilter, entity::prelude::*};

use super::image;

mod row {
    use sea_orm::entity::prelude::*;

    /// A tag.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "image_tags")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub image: Uuid,
        /// The tag.
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag: String,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

use row::ActiveModel;
pub(super) use row::{Column, Entity};

/// The tags of an image.
pub async fn of(db: &impl ConnectionTrait, image: &image::Model) -> Result<BTreeSet<String>, DbErr> {
    let rows = Entity::find().filter(Column::Image.eq(image.id)).all(db).await?;
    Ok(rows.into_iter().map(|row| row.tag).collect())
}

/// The tags of several images.
pub(super) async fn of_all(
    db: &impl ConnectionTrait,
    images: &[Uuid],
) -> Result<HashMap<Uuid, BTreeSet<String>>, DbErr> {
    let mut answer: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
    for row in Entity::find().filter(Column::Image.is_in(images.iter().copied())).all(db).await? {
        answer.entry(row.image).or_default().insert(row.tag);
    }
    Ok(answer)
}

/// Makes the tags of an image exactly these.
pub async fn replace(tx: &WriteTx, image: &image::Model, tags: &BTreeSet<String>) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::Image.eq(image.id)).exec(&**tx).await?;
    if !tags.is_empty() {
        let rows = tags.iter().map(|tag| ActiveModel { image: Set(image.id), tag: Set(tag.clone()) });
        Entity::insert_many(rows).exec_without_returning(&**tx).await?;
    }
    Ok(())
}
