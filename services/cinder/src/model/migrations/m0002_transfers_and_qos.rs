//! Offers of volumes, QoS specifications, messages to users, services switched off, and the locks of quotas.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in [transfers(), qos_specs(), messages(), switched_off(), quota_locks()] {
            schema.create_table(table).await?;
        }
        for (table, columns) in [
            ("transfers", &["volume_id"][..]),
            ("transfers", &["source_project_id", "created_at", "id"]),
            ("transfers", &["created_at", "id"]),
            ("messages", &["project_id", "created_at", "id"]),
            ("messages", &["resource_uuid"]),
            ("messages", &["request_id"]),
            ("messages", &["expires_at"]),
        ] {
            let mut index = Index::create();
            index.name(format!("{table}_{}", columns.join("_"))).table(table);
            for column in columns {
                index.col(*column);
            }
            schema.create_index(index.to_owned()).await?;
        }
        let times = [
            ("transfers", "created_at", false),
            ("qos_specs", "created_at", false),
            ("messages", "created_at", false),
            ("messages", "expires_at", false),
            ("services_off", "since", false),
        ];
        super::moments::make_precise(schema, &times).await?;
        Ok(())
    }
}

fn transfers() -> TableCreateStatement {
    Table::create()
        .table("transfers")
        .col(uuid("id").primary_key())
        .col(uuid("volume_id"))
        .col(string_len_null("name", 255))
        .col(string_len("salt", 32))
        .col(string_len("key_hash", 64))
        .col(boolean("no_snapshots"))
        .col(string_len("source_project_id", 64))
        .col(string_len_null("destination_project_id", 64))
        .col(boolean("accepted"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn qos_specs() -> TableCreateStatement {
    Table::create()
        .table("qos_specs")
        .col(uuid("id").primary_key())
        .col(string_len("name", 255).unique_key())
        .col(string_len("consumer", 16))
        .col(json("specs"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table("messages")
        .col(uuid("id").primary_key())
        .col(string_len("project_id", 64))
        .col(string_len("event_id", 64))
        .col(string_len("resource_type", 32))
        .col(uuid("resource_uuid"))
        .col(text("user_message"))
        .col(string_len("message_level", 16))
        .col(string_len("request_id", 64))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .to_owned()
}

fn switched_off() -> TableCreateStatement {
    Table::create()
        .table("services_off")
        .col(string_len("host", 128))
        .col(string_len("binary", 64))
        .col(string_len_null("reason", 255))
        .col(timestamp_with_time_zone("since"))
        .primary_key(Index::create().col("host").col("binary"))
        .to_owned()
}

fn quota_locks() -> TableCreateStatement {
    Table::create().table("quota_locks").col(string_len("project_id", 96).primary_key()).to_owned()
}
