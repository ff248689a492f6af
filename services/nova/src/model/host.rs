//! Hypervisor hosts, as compute services and as Placement's providers.

use contracts::machine::HostDescription;
use sea_orm::{FromJsonQueryResult, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

/// What the host said of itself when it last connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Described(pub HostDescription);

/// A host. Its provider's id never changes, however often it comes and goes.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "hosts")]
pub struct Model {
    /// A number that old microversions show.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The compute service's id.
    pub uuid: Uuid,
    /// Placement's provider, and the hypervisor's id.
    pub provider: Uuid,
    /// The host's name.
    pub name: String,
    /// Whether new servers are kept away.
    pub disabled: bool,
    /// Why.
    pub disabled_reason: Option<String>,
    /// Whether an administrator declared it dead.
    pub forced_down: bool,
    /// What it is and has.
    pub description: Described,
    /// When it connected first.
    pub created_at: ChronoDateTimeUtc,
    /// When it connected or disconnected last.
    pub seen_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// All hosts in the order in which they came. There are as many as there are machines in racks: no paging.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::Id).all(db).await
}

/// The host of that name.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Name.eq(name)).one(db).await
}
