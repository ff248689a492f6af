//! Host aggregates and availability zones.

use std::collections::BTreeMap;

use sea_orm::{FromJsonQueryResult, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::flavor::Strings;

/// Names of hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Names(pub Vec<String>);

/// An aggregate.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "aggregates")]
pub struct Model {
    /// The number by which it is known.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Its other id.
    pub uuid: Uuid,
    /// The name, unique.
    pub name: String,
    /// Its hosts.
    pub hosts: Names,
    /// Its metadata; `availability_zone` makes it a zone.
    pub metadata: Strings,
    /// When.
    pub created_at: ChronoDateTimeUtc,
    /// When it was changed.
    pub updated_at: Option<ChronoDateTimeUtc>,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The availability zone that it makes of its hosts.
    pub fn zone(&self) -> Option<&str> {
        self.metadata.0.get("availability_zone").map(String::as_str)
    }
}

/// All aggregates in the order in which they were made.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::Id).all(db).await
}

/// The zone of each host that is in one.
pub fn zones(aggregates: &[Model]) -> BTreeMap<&str, &str> {
    let mut zones = BTreeMap::new();
    for aggregate in aggregates {
        if let Some(zone) = aggregate.zone() {
            zones.extend(aggregate.hosts.0.iter().map(|host| (host.as_str(), zone)));
        }
    }
    zones
}
