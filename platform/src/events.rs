//! The event stream: what happened, committed in the transaction that made it happen.
//!
//! Each service's database has an `outbox`; what is committed there is announced on the [`Bus`] at once. The bus only
//! wakes: who must miss nothing reads the outbox from where it stopped.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm_migration::prelude::*;
use tokio::sync::broadcast;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// What, in the words of OpenStack's notifications: `compute.instance.create.end`.
    pub kind: &'static str,
    /// The id of what it happened to.
    pub resource: String,
    /// The project that owns it.
    pub project: Option<String>,
    /// The request that caused it.
    pub request: Option<String>,
    /// What else is worth knowing. Never a secret.
    pub payload: serde_json::Value,
}

impl Event {
    /// Now, to this resource.
    pub fn new(kind: &'static str, resource: impl ToString) -> Self {
        Self {
            at: Utc::now(),
            kind,
            resource: resource.to_string(),
            project: None,
            request: None,
            payload: serde_json::Value::Null,
        }
    }

    /// Of this project.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Caused by this request.
    pub fn request(mut self, request: impl Into<String>) -> Self {
        self.request = Some(request.into());
        self
    }

    /// With these particulars.
    pub fn payload(mut self, payload: serde_json::Value) -> Self {
        self.payload = payload;
        self
    }
}

/// Announces committed events to whoever listens in this process. Losing one delays work and never loses it.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Event>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { sender: broadcast::channel(1024).0 }
    }
}

impl Bus {
    /// What is announced from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    pub(crate) fn announce(&self, event: Event) {
        // Nobody listening is no error.
        let _ = self.sender.send(Arc::new(event));
    }
}

/// The table of events.
pub mod outbox {
    use sea_orm::entity::prelude::*;

    /// An event as committed.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        /// Grows with every event of this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The service.
        pub service: String,
        /// When.
        pub at: ChronoDateTimeUtc,
        /// What.
        pub kind: String,
        /// To what.
        pub resource: String,
        /// Whose.
        pub project: Option<String>,
        /// By which request.
        pub request: Option<String>,
        /// Particulars.
        pub payload: Json,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The platform's own tables in each service's database.
#[derive(Debug)]
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateOutbox)]
    }

    fn migration_table_name() -> sea_orm::DynIden {
        "platform_migrations".into_iden()
    }
}

#[derive(DeriveMigrationName)]
struct CreateOutbox;

#[async_trait::async_trait]
impl MigrationTrait for CreateOutbox {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        use sea_orm_migration::schema::*;
        schema
            .create_table(
                Table::create()
                    .table("outbox")
                    .if_not_exists()
                    .col(big_integer("id").auto_increment().primary_key())
                    .col(string_len("service", 32))
                    .col(timestamp_with_time_zone("at"))
                    .col(string_len("kind", 128))
                    .col(string_len("resource", 64))
                    .col(string_len_null("project", 64))
                    .col(string_len_null("request", 64))
                    .col(json("payload"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(Index::create().name("outbox_resource").table("outbox").col("resource").to_owned())
            .await
    }
}
