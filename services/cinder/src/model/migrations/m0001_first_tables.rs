//! Volumes, snapshots, attachments, types, quotas.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in [volumes(), snapshots(), attachments(), volume_types(), quotas()] {
            schema.create_table(table).await?;
        }
        for (table, columns) in [
            ("volumes", &["project_id", "created_at", "id"][..]),
            ("volumes", &["status"]),
            ("volumes", &["name"]),
            ("volumes", &["volume_type_id"]),
            ("volumes", &["group_id"]),
            ("volumes", &["snapshot_id"]),
            ("volumes", &["source_volid"]),
            ("volumes", &["created_at", "id"]),
            ("volumes", &["updated_at"]),
            ("volumes", &["user_id"]),
            ("volumes", &["size"]),
            ("snapshots", &["name"]),
            ("snapshots", &["created_at", "id"]),
            ("snapshots", &["updated_at"]),
            ("snapshots", &["project_id", "created_at", "id"]),
            ("snapshots", &["volume_id"]),
            ("snapshots", &["status"]),
            ("attachments", &["volume_id"]),
            ("attachments", &["instance"]),
            ("attachments", &["project_id", "created_at", "id"]),
        ] {
            let mut index = Index::create();
            index.name(format!("{table}_{}", columns.join("_"))).table(table);
            for column in columns {
                index.col(*column);
            }
            schema.create_index(index.to_owned()).await?;
        }
        let times = [
            ("volumes", "created_at", false),
            ("volumes", "updated_at", false),
            ("snapshots", "created_at", false),
            ("snapshots", "updated_at", false),
            ("attachments", "created_at", false),
            ("attachments", "attached_at", true),
            ("volume_types", "created_at", false),
        ];
        super::moments::make_precise(schema, &times).await?;
        Ok(())
    }
}

fn volumes() -> TableCreateStatement {
    Table::create()
        .table("volumes")
        .col(uuid("id").primary_key())
        .col(string_len("project_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len("name", 255))
        .col(text_null("description"))
        .col(big_integer("size"))
        .col(string_len("status", 32))
        .col(boolean("bootable"))
        .col(boolean("multiattach"))
        .col(boolean_null("readonly"))
        .col(string_len("availability_zone", 255))
        .col(uuid("volume_type_id"))
        .col(uuid_null("snapshot_id"))
        .col(uuid_null("source_volid"))
        .col(uuid_null("image_id"))
        .col(uuid_null("upload_image_id"))
        .col(string_len_null("upload_format", 16))
        .col(boolean("by_hand"))
        .col(uuid_null("group_id"))
        .col(big_integer_null("extended_from"))
        .col(json("metadata"))
        .col(json_null("image_metadata"))
        .col(text_null("fault"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn snapshots() -> TableCreateStatement {
    Table::create()
        .table("snapshots")
        .col(uuid("id").primary_key())
        .col(uuid("volume_id"))
        .col(string_len("project_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len("name", 255))
        .col(text_null("description"))
        .col(big_integer("size"))
        .col(string_len("status", 32))
        .col(boolean("by_hand"))
        .col(string_len_null("progress", 16))
        .col(uuid_null("group_snapshot_id"))
        .col(json("metadata"))
        .col(text_null("fault"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn attachments() -> TableCreateStatement {
    Table::create()
        .table("attachments")
        .col(uuid("id").primary_key())
        .col(uuid("volume_id"))
        .col(string_len("project_id", 64))
        .col(uuid_null("instance"))
        .col(boolean("of_nova"))
        .col(string_len("status", 16))
        .col(string_len("mode", 4))
        .col(string_len_null("host", 255))
        .col(string_len_null("mountpoint", 255))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("attached_at"))
        .to_owned()
}

fn volume_types() -> TableCreateStatement {
    Table::create()
        .table("volume_types")
        .col(uuid("id").primary_key())
        .col(string_len("name", 255).unique_key())
        .col(text_null("description"))
        .col(boolean("is_public"))
        .col(json("extra_specs"))
        .col(json("access"))
        .col(json_null("encryption"))
        .col(uuid_null("qos_specs_id"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn quotas() -> TableCreateStatement {
    Table::create()
        .table("quotas")
        .col(string_len("project_id", 96))
        .col(string_len("resource", 128))
        .col(big_integer("hard_limit"))
        .primary_key(Index::create().col("project_id").col("resource"))
        .to_owned()
}
