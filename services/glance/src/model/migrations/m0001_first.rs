//! The first tables.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in [images(), properties(), tags(), members(), contents(), tasks()] {
            schema.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("images_created", "images", &["created_at", "id"][..]),
            ("images_updated", "images", &["updated_at", "id"]),
            ("images_name", "images", &["name", "id"]),
            ("images_status", "images", &["status", "id"]),
            ("images_disk_format", "images", &["disk_format", "id"]),
            ("images_container_format", "images", &["container_format", "id"]),
            ("images_size", "images", &["size", "id"]),
            ("images_owner", "images", &["owner", "created_at", "id"]),
            ("images_visibility", "images", &["visibility", "created_at", "id"]),
            ("properties_name", "image_properties", &["name"]),
            ("tags_tag", "image_tags", &["tag"]),
            ("members_member", "image_members", &["member", "status"]),
            ("contents_state", "contents", &["state"]),
            ("contents_image", "contents", &["image"]),
            ("tasks_image", "tasks", &["image"]),
            ("tasks_owner", "tasks", &["owner", "created_at", "id"]),
            ("tasks_status", "tasks", &["status"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            schema.create_index(index).await?;
        }
        Ok(())
    }
}

fn images() -> TableCreateStatement {
    Table::create()
        .table("images")
        .col(uuid("id").primary_key())
        .col(string_len("name", 255))
        .col(string_len("status", 30))
        .col(string_len("visibility", 30))
        .col(string_len("owner", 255))
        .col(string_len("disk_format", 20))
        .col(string_len("container_format", 20))
        .col(big_integer("size"))
        .col(big_integer("virtual_size"))
        .col(big_integer("min_disk"))
        .col(big_integer("min_ram"))
        .col(boolean("protected"))
        .col(boolean("hidden"))
        .col(string_len_null("checksum", 32))
        .col(string_len_null("hash_value", 128))
        .col(uuid_null("content"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn of_image(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "image")
        .to("images", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn properties() -> TableCreateStatement {
    Table::create()
        .table("image_properties")
        .col(uuid("image"))
        .col(string_len("name", 255))
        .col(text("value"))
        .primary_key(Index::create().col("image").col("name"))
        .foreign_key(&mut of_image("image_properties"))
        .to_owned()
}

fn tags() -> TableCreateStatement {
    Table::create()
        .table("image_tags")
        .col(uuid("image"))
        .col(string_len("tag", 255))
        .primary_key(Index::create().col("image").col("tag"))
        .foreign_key(&mut of_image("image_tags"))
        .to_owned()
}

fn members() -> TableCreateStatement {
    Table::create()
        .table("image_members")
        .col(uuid("image"))
        .col(string_len("member", 255))
        .col(string_len("status", 20))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("image").col("member"))
        .foreign_key(&mut of_image("image_members"))
        .to_owned()
}

fn contents() -> TableCreateStatement {
    Table::create()
        .table("contents")
        .col(uuid("id").primary_key())
        .col(uuid("image"))
        .col(string_len("state", 20))
        .col(string_len("writer", 255))
        .col(big_integer("size"))
        .col(string_len("checksum", 32))
        .col(string_len("hash_value", 128))
        .col(timestamp_with_time_zone("seen_at"))
        .to_owned()
}

fn tasks() -> TableCreateStatement {
    Table::create()
        .table("tasks")
        .col(uuid("id").primary_key())
        .col(string_len("kind", 30))
        .col(string_len("status", 30))
        .col(string_len("owner", 255))
        .col(string_len("user", 64))
        .col(uuid_null("image"))
        .col(string_len("request", 64))
        .col(json("input"))
        .col(json_null("result"))
        .col(text("message"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}
