//! Who says that it uses a secret: a service, for one of its resources.

use chrono::Utc;
use platform::db::WriteTx;
use sea_orm::{ActiveValue::Set, Condition, QueryOrder, Select, entity::prelude::*};
use sea_orm_migration::{prelude::*, schema::*};

use crate::model::secret;

/// A consumer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consumers")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What is used.
    pub secret_id: Uuid,
    /// The project of who said so.
    pub project_id: String,
    /// `image`.
    pub service: String,
    /// `image`.
    pub resource_type: String,
    /// Which.
    pub resource_id: String,
    /// When it was said.
    pub created_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0005_consumers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .col(uuid("id").primary_key())
            .col(uuid("secret_id"))
            .col(string_len("project_id", 64))
            .col(string_len("service", 255))
            .col(string_len("resource_type", 255))
            .col(string_len("resource_id", 64))
            .col(timestamp_with_time_zone("created_at"))
            .foreign_key(
                ForeignKey::create()
                    .name("consumers_of_secrets")
                    .from("consumers", "secret_id")
                    .to("secrets", "id")
                    .on_delete(sea_orm::sea_query::ForeignKeyAction::Cascade),
            );
        let indexes: [&[&str]; 3] =
            [&["secret_id"], &["project_id", "created_at", "id"], &["created_at", "id"]];
        super::create(schema, "consumers", &mut table, &indexes).await
    }
}

/// Who uses what: by service, kind and id.
#[derive(Debug, serde::Deserialize, platform::Body)]
#[body(open)]
pub(crate) struct Use {
    #[body(min = 1, max = 255)]
    pub service: String,
    #[body(min = 1, max = 255)]
    pub resource_type: String,
    #[body(min = 1, max = 64)]
    pub resource_id: String,
}

impl Use {
    fn of(&self, secret: &secret::Model) -> Condition {
        Condition::all()
            .add(Column::SecretId.eq(secret.id))
            .add(Column::Service.eq(self.service.as_str()))
            .add(Column::ResourceType.eq(self.resource_type.as_str()))
            .add(Column::ResourceId.eq(self.resource_id.as_str()))
    }
}

/// The consumers of an opened secret.
pub(crate) fn of(secret: &secret::Model) -> Select<Entity> {
    Entity::find().filter(Column::SecretId.eq(secret.id))
}

/// The consumers of several, in the order in which they were said.
pub(crate) async fn of_all(
    db: &impl ConnectionTrait,
    secrets: &[secret::Model],
) -> Result<Vec<Model>, DbErr> {
    if secrets.is_empty() {
        return Ok(Vec::new());
    }
    let ids = secrets.iter().map(|secret| secret.id);
    let found = Entity::find().filter(Column::SecretId.is_in(ids));
    found.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(db).await
}

/// Those that a project has said.
pub(crate) fn said_by(project: &str) -> Select<Entity> {
    Entity::find().filter(Column::ProjectId.eq(project))
}

/// Notes a consumer, if it is not known.
pub(crate) async fn add(
    tx: &WriteTx,
    secret: &secret::Model,
    project: &str,
    used: &Use,
) -> Result<(), DbErr> {
    if Entity::find().filter(used.of(secret)).one(&**tx).await?.is_some() {
        return Ok(());
    }
    let row = ActiveModel {
        id: Set(Uuid::new_v4()),
        secret_id: Set(secret.id),
        project_id: Set(project.to_owned()),
        service: Set(used.service.clone()),
        resource_type: Set(used.resource_type.clone()),
        resource_id: Set(used.resource_id.clone()),
        created_at: Set(Utc::now()),
    };
    Entity::insert(row).exec_without_returning(&**tx).await.map(|_| ())
}

/// Forgets a consumer; whether it was known.
pub(crate) async fn remove(tx: &WriteTx, secret: &secret::Model, used: &Use) -> Result<bool, DbErr> {
    let gone = Entity::delete_many().filter(used.of(secret)).exec(&**tx).await?;
    Ok(gone.rows_affected > 0)
}
