//! Custom resource classes and traits: the names that users made.

use std::collections::BTreeSet;

use chrono::Utc;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::{error::Error, standard};

/// The table of custom resource classes.
pub mod resource_class {
    use sea_orm::entity::prelude::*;

    /// A custom resource class.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "resource_classes")]
    pub struct Model {
        /// `CUSTOM_...`
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of custom traits.
pub mod custom_trait {
    use sea_orm::entity::prelude::*;

    /// A custom trait.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "traits")]
    pub struct Model {
        /// `CUSTOM_...`
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Refuses classes that are neither standard nor were made.
pub async fn classes_exist<'a>(
    db: &impl ConnectionTrait,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    use resource_class::{Column, Entity};
    let custom: BTreeSet<&str> = names.into_iter().filter(|name| !standard::CLASSES.contains(name)).collect();
    if custom.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(sea_orm::ColumnTrait::is_in(&Column::Name, custom.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    match custom.into_iter().find(|name| !known.iter().any(|known| known == name)) {
        Some(missing) => Err(Error::NoClass(missing.to_owned())),
        None => Ok(()),
    }
}

/// Refuses traits that are neither standard nor were made.
pub async fn traits_exist<'a>(
    db: &impl ConnectionTrait,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    use custom_trait::{Column, Entity};
    let custom: BTreeSet<&str> = names.into_iter().filter(|name| !standard::TRAITS.contains(name)).collect();
    if custom.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(sea_orm::ColumnTrait::is_in(&Column::Name, custom.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let missing: Vec<&str> =
        custom.into_iter().filter(|name| !known.iter().any(|known| known == name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::NoTraits(missing.join(", "))) }
}

/// Makes a trait; `false` when it was there.
pub async fn make_trait(tx: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    if custom_trait::Entity::find_by_id(name.to_owned()).one(tx).await?.is_some() {
        return Ok(false);
    }
    let row = custom_trait::ActiveModel { name: Set(name.to_owned()), created_at: Set(Utc::now()) };
    custom_trait::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}

/// Makes a resource class; `false` when it was there.
pub async fn make_class(tx: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    if resource_class::Entity::find_by_id(name.to_owned()).one(tx).await?.is_some() {
        return Ok(false);
    }
    let row = resource_class::ActiveModel { name: Set(name.to_owned()), created_at: Set(Utc::now()) };
    resource_class::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}
