//! Traits of providers: what they can do.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, QuerySelect, entity::prelude::*};

/// A trait of a provider.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_traits")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: Uuid,
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false, column_name = "trait")]
    pub name: String,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The traits of a provider, by name.
pub async fn of(db: &impl ConnectionTrait, provider: Uuid) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(Column::Provider.eq(provider))
        .order_by_asc(Column::Name)
        .into_tuple()
        .all(db)
        .await
}

/// The traits of several providers.
pub async fn of_all(
    db: &impl ConnectionTrait,
    providers: &[Uuid],
) -> Result<HashMap<Uuid, Vec<String>>, DbErr> {
    let mut answer: HashMap<Uuid, Vec<String>> = HashMap::new();
    let rows = Entity::find()
        .filter(Column::Provider.is_in(providers.iter().copied()))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    for row in rows {
        answer.entry(row.provider).or_default().push(row.name);
    }
    Ok(answer)
}

/// Who has which of these traits.
pub async fn holders<'a>(
    db: &impl ConnectionTrait,
    traits: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Name.is_in(traits)).all(db).await
}

/// All traits that any provider has.
pub async fn associated(db: &impl ConnectionTrait) -> Result<BTreeSet<String>, DbErr> {
    let names: Vec<String> =
        Entity::find().select_only().column(Column::Name).distinct().into_tuple().all(db).await?;
    Ok(names.into_iter().collect())
}

/// Whether any provider has it.
pub async fn is_used(db: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(Column::Name.eq(name)).one(db).await?.is_some())
}

/// Makes the traits of a provider exactly these. Answers whether that changed anything.
pub async fn replace(
    tx: &impl ConnectionTrait,
    provider: Uuid,
    wanted: &BTreeSet<String>,
) -> Result<bool, DbErr> {
    let present: BTreeSet<String> = of(tx, provider).await?.into_iter().collect();
    let gone: Vec<&String> = present.difference(wanted).collect();
    let new: Vec<&String> = wanted.difference(&present).collect();
    let changed = !gone.is_empty() || !new.is_empty();
    if !gone.is_empty() {
        Entity::delete_many()
            .filter(Column::Provider.eq(provider))
            .filter(Column::Name.is_in(gone))
            .exec(tx)
            .await?;
    }
    if !new.is_empty() {
        let rows =
            new.into_iter().map(|name| ActiveModel { provider: Set(provider), name: Set(name.clone()) });
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(changed)
}
