//! Custom properties of images.

use std::collections::{BTreeMap, HashMap};

use platform::db::WriteTx;
use sea_orm::{ActiveValue::Set, QueryFilter, entity::prelude::*};

use super::image;

mod row {
    use sea_orm::entity::prelude::*;

    /// A property.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "image_properties")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub image: Uuid,
        /// Its name.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// Its value.
        #[sea_orm(column_type = "Text")]
        pub value: String,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

use row::ActiveModel;
pub(super) use row::{Column, Entity};

/// The properties of an image.
pub async fn of(db: &impl ConnectionTrait, image: &image::Model) -> Result<BTreeMap<String, String>, DbErr> {
    let rows = Entity::find().filter(Column::Image.eq(image.id)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
}

/// The properties of several images.
pub(super) async fn of_all(
    db: &impl ConnectionTrait,
    images: &[Uuid],
) -> Result<HashMap<Uuid, BTreeMap<String, String>>, DbErr> {
    let mut answer: HashMap<Uuid, BTreeMap<String, String>> = HashMap::new();
    for row in Entity::find().filter(Column::Image.is_in(images.iter().copied())).all(db).await? {
        answer.entry(row.image).or_default().insert(row.name, row.value);
    }
    Ok(answer)
}

/// Makes the properties of an image exactly these.
pub async fn replace(
    tx: &WriteTx,
    image: &image::Model,
    properties: &BTreeMap<String, String>,
) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::Image.eq(image.id)).exec(&**tx).await?;
    if !properties.is_empty() {
        let rows = properties.iter().map(|(name, value)| ActiveModel {
            image: Set(image.id),
            name: Set(name.clone()),
            value: Set(value.clone()),
        });
        Entity::insert_many(rows).exec_without_returning(&**tx).await?;
    }
    Ok(())
}

/// Sets one property, whatever it was.
pub async fn set(tx: &WriteTx, image: &image::Model, name: &str, value: &str) -> Result<(), DbErr> {
    remove(tx, image, name).await?;
    let row = ActiveModel { image: Set(image.id), name: Set(name.to_owned()), value: Set(value.to_owned()) };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// Takes one property away.
pub async fn remove(tx: &WriteTx, image: &image::Model, name: &str) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::Image.eq(image.id))
        .filter(Column::Name.eq(name))
        .exec(&**tx)
        .await?;
    Ok(())
}
