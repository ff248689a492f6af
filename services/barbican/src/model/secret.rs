//! Secrets: what is known of them. Their payloads are apart.

use chrono::Utc;
use platform::{
    db::{
        WriteTx,
        owned::{Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{Condition, QueryFilter, Select, entity::prelude::*, sea_query::Expr};
use sea_orm_migration::{prelude::*, schema::*};

use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// A secret.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "secrets")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The project that owns it.
        pub project_id: String,
        /// The user who made it.
        pub creator_id: String,
        /// A name, which need not be its own.
        pub name: Option<String>,
        /// `symmetric`, `passphrase`, ...
        pub secret_type: String,
        /// For whom it is meant: `aes`.
        pub algorithm: Option<String>,
        /// How long a key is.
        pub bit_length: Option<i64>,
        /// `cbc`.
        pub mode: Option<String>,
        /// When it is no longer there.
        pub expiration: Option<ChronoDateTimeUtc>,
        /// Of its payload; none where it has none.
        pub content_type: Option<String>,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
        /// When it last changed.
        pub updated_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
pub(crate) use row::{Column, Entity, Model};

impl Owned for Model {
    type Missing = Error;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
            .with("target.secret.project_id", self.project_id.as_str())
            .with("target.secret.creator_id", self.creator_id.as_str())
            // Nobody can narrow a secret to single users yet.
            .with("target.secret.read_project_access", "True")
    }

    fn missing(_: &str) -> Error {
        Error::Missing("Secret")
    }
}

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_secrets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .col(uuid("id").primary_key())
            .col(string_len("project_id", 64))
            .col(string_len("creator_id", 64))
            .col(string_len_null("name", 255))
            .col(string_len("secret_type", 80))
            .col(string_len_null("algorithm", 255))
            .col(big_integer_null("bit_length"))
            .col(string_len_null("mode", 255))
            .col(timestamp_with_time_zone_null("expiration"))
            .col(string_len_null("content_type", 64))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"));
        let indexes: [&[&str]; 8] = [
            &["project_id", "created_at", "id"],
            &["project_id", "name"],
            &["project_id", "algorithm"],
            &["project_id", "mode"],
            &["project_id", "bit_length"],
            &["project_id", "secret_type"],
            &["project_id", "expiration"],
            &["project_id", "updated_at"],
        ];
        super::create(schema, "secrets", &mut table, &indexes).await
    }
}

/// What has not expired.
fn alive() -> Condition {
    Condition::any().add(Column::Expiration.is_null()).add(Column::Expiration.gt(Utc::now()))
}

/// Looks one up.
pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Sealed<Model>, DbErr> {
    let row = match Uuid::parse_str(id) {
        Ok(uuid) => Entity::find_by_id(uuid).filter(alive()).one(db).await?,
        Err(_) => None,
    };
    Ok(Sealed::new(id, row))
}

/// Those that a caller may list.
pub(crate) fn visible(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.by_project(Column::ProjectId)).filter(alive())
}

/// Adds one.
pub(crate) async fn add(tx: &WriteTx, row: Model) -> Result<(), DbErr> {
    let row: row::ActiveModel = row.into();
    Entity::insert(row.reset_all()).exec_without_returning(&**tx).await.map(|_| ())
}

/// It has a payload of that kind now.
pub(crate) async fn set_content_type(tx: &WriteTx, secret: &Model, kind: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ContentType, Expr::value(kind))
        .col_expr(Column::UpdatedAt, Expr::value(Utc::now()))
        .filter(Column::Id.eq(secret.id))
        .exec(&**tx)
        .await
        .map(|_| ())
}

/// Removes one with all that it has.
pub(crate) async fn delete(tx: &WriteTx, secret: &Model) -> Result<(), DbErr> {
    super::payload::delete(tx, secret).await?;
    super::metadatum::clear(tx, secret).await?;
    Entity::delete_by_id(secret.id).exec(&**tx).await.map(|_| ())
}
