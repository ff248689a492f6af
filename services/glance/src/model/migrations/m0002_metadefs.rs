//! Metadata definitions.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let namespaces = Table::create()
            .table("metadef_namespaces")
            .col(string_len("name", 80).primary_key())
            .col(string_len("display_name", 80))
            .col(string_len("description", 500))
            .col(string_len("visibility", 20))
            .col(string_len("owner", 255))
            .col(boolean("protected"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .to_owned();
        let definitions = Table::create()
            .table("metadef_definitions")
            .col(string_len("namespace", 80))
            .col(string_len("kind", 20))
            .col(string_len("name", 80))
            .col(json("body"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .primary_key(Index::create().col("namespace").col("kind").col("name"))
            .foreign_key(
                ForeignKey::create()
                    .from("metadef_definitions", "namespace")
                    .to("metadef_namespaces", "name")
                    .on_delete(ForeignKeyAction::Cascade)
                    .on_update(ForeignKeyAction::Cascade),
            )
            .to_owned();
        for table in [namespaces, definitions] {
            schema.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("namespaces_created", "metadef_namespaces", ["created_at", "name"]),
            ("definitions_kind", "metadef_definitions", ["kind", "name"]),
        ] {
            let index = Index::create().name(name).table(table).col(columns[0]).col(columns[1]).to_owned();
            schema.create_index(index).await?;
        }
        Ok(())
    }
}
