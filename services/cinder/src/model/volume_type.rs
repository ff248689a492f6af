//! Types of volumes.

use platform::db::Database;
use sea_orm::{ActiveValue::Set, entity::prelude::*};

/// A type.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "volume_types")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name, of which there is one.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Whether every project may use it.
    pub is_public: bool,
    /// What the scheduler and the backend go by.
    pub extra_specs: Json,
    /// Projects that may use it when it is not public: a list of ids.
    pub access: Json,
    /// How its volumes are to be encrypted.
    pub encryption: Option<Json>,
    /// The QoS specification that goes with it.
    pub qos_specs_id: Option<Uuid>,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Makes the type of volumes for which none is asked.
pub(crate) async fn ensure_default(db: &Database, name: &str) -> Result<(), DbErr> {
    let tx = db.write().await?;
    if Entity::find().filter(Column::Name.eq(name)).one(&*tx).await?.is_none() {
        let row = ActiveModel {
            id: Set(Uuid::new_v4()),
            name: Set(name.to_owned()),
            description: Set(Some("Default Volume Type".into())),
            is_public: Set(true),
            extra_specs: Set(serde_json::json!({})),
            access: Set(serde_json::json!([])),
            encryption: Set(None),
            qos_specs_id: Set(None),
            created_at: Set(chrono::Utc::now()),
        };
        Entity::insert(row).exec_without_returning(&*tx).await?;
    }
    tx.commit().await
}
