//! Aggregates of providers: groups, known by their UUIDs only.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, QuerySelect, entity::prelude::*};

/// A provider's place in an aggregate.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_aggregates")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: Uuid,
    /// In which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub aggregate: Uuid,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The aggregates of a provider.
pub async fn of(db: &impl ConnectionTrait, provider: Uuid) -> Result<Vec<Uuid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Aggregate)
        .filter(Column::Provider.eq(provider))
        .order_by_asc(Column::Aggregate)
        .into_tuple()
        .all(db)
        .await
}

/// The aggregates of all providers.
pub async fn all(db: &impl ConnectionTrait) -> Result<HashMap<Uuid, BTreeSet<Uuid>>, DbErr> {
    let mut answer: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
    for row in Entity::find().all(db).await? {
        answer.entry(row.provider).or_default().insert(row.aggregate);
    }
    Ok(answer)
}

/// Makes the aggregates of a provider exactly these.
pub async fn replace(
    tx: &impl ConnectionTrait,
    provider: Uuid,
    wanted: &BTreeSet<Uuid>,
) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::Provider.eq(provider)).exec(tx).await?;
    if !wanted.is_empty() {
        let rows = wanted
            .iter()
            .map(|aggregate| ActiveModel { provider: Set(provider), aggregate: Set(*aggregate) });
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}
