//! Flavors, and the projects that may use those that are not public.

use std::collections::BTreeMap;

use platform::db::list::{Kind, ListSpec};
use sea_orm::{FromJsonQueryResult, Order, entity::prelude::*};
use serde::{Deserialize, Serialize};

/// Extra specs, or any map of strings in a column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Strings(pub BTreeMap<String, String>);

/// A flavor.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "flavors")]
pub struct Model {
    /// The id, which may be any text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The name, unique.
    pub name: String,
    /// Memory, in MiB.
    pub memory_mb: i64,
    /// Processors.
    pub vcpus: i64,
    /// Root disk, in GiB; 0 for the image's own size.
    pub root_gb: i64,
    /// Further disk, in GiB.
    pub ephemeral_gb: i64,
    /// Swap, in MiB.
    pub swap_mb: i64,
    /// Kept for clients that set it.
    pub rxtx_factor: f64,
    /// Whether all projects may use it.
    pub is_public: bool,
    /// Always false today; kept for clients that read it.
    pub disabled: bool,
    /// Words about it.
    pub description: Option<String>,
    /// Extra specs.
    pub extra_specs: Strings,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
    /// When it was changed.
    pub updated_at: Option<ChronoDateTimeUtc>,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// How flavors are listed.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Text,
    filters: &[],
    sorts: &[
        ("flavorid", Column::Id),
        ("id", Column::Id),
        ("name", Column::Name),
        ("memory_mb", Column::MemoryMb),
        ("vcpus", Column::Vcpus),
        ("root_gb", Column::RootGb),
        ("ephemeral_gb", Column::EphemeralGb),
        ("swap", Column::SwapMb),
        ("rxtx_factor", Column::RxtxFactor),
        ("is_public", Column::IsPublic),
        ("disabled", Column::Disabled),
        ("created_at", Column::CreatedAt),
    ],
    default_sort: &[("flavorid", Order::Asc)],
    max_limit: Some(1000),
};

/// Which projects may use a flavor that is not public.
pub mod access {
    use sea_orm::entity::prelude::*;

    /// One project's access to one flavor.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "flavor_access")]
    pub struct Model {
        /// The flavor.
        #[sea_orm(primary_key, auto_increment = false)]
        pub flavor_id: String,
        /// The project.
        #[sea_orm(primary_key, auto_increment = false)]
        pub project_id: String,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A flavor as a server remembers it: later changes to the flavor do not touch servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Snapshot {
    /// The flavor's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Memory, in MiB.
    pub memory_mb: i64,
    /// Processors.
    pub vcpus: i64,
    /// Root disk, in GiB.
    pub root_gb: i64,
    /// Further disk, in GiB.
    pub ephemeral_gb: i64,
    /// Swap, in MiB.
    pub swap_mb: i64,
    /// Extra specs.
    pub extra_specs: BTreeMap<String, String>,
}

impl From<&Model> for Snapshot {
    fn from(flavor: &Model) -> Self {
        Self {
            id: flavor.id.clone(),
            name: flavor.name.clone(),
            memory_mb: flavor.memory_mb,
            vcpus: flavor.vcpus,
            root_gb: flavor.root_gb,
            ephemeral_gb: flavor.ephemeral_gb,
            swap_mb: flavor.swap_mb,
            extra_specs: flavor.extra_specs.0.clone(),
        }
    }
}

/// The flavor of that id, if a project may use it (`None`: anybody's).
pub async fn usable(
    db: &impl ConnectionTrait,
    id: &str,
    project: Option<&str>,
) -> Result<Option<Model>, DbErr> {
    let Some(flavor) = Entity::find_by_id(id).one(db).await? else { return Ok(None) };
    let Some(project) = project.filter(|_| !flavor.is_public) else { return Ok(Some(flavor)) };
    let key = (id.to_owned(), project.to_owned());
    Ok(access::Entity::find_by_id(key).one(db).await?.map(|_| flavor))
}
