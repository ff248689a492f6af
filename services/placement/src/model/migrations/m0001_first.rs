//! The first tables.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            resource_providers(),
            inventories(),
            consumers(),
            allocations(),
            provider_traits(),
            provider_aggregates(),
            custom("traits"),
            custom("resource_classes"),
        ] {
            schema.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("providers_root", "resource_providers", &["root"][..]),
            ("providers_parent", "resource_providers", &["parent"]),
            ("inventories_class", "inventories", &["resource_class"]),
            ("consumers_project", "consumers", &["project", "user"]),
            // Covers the sums of usage: of a provider, and of a class over all providers.
            ("allocations_provider", "allocations", &["provider", "resource_class", "used"]),
            ("allocations_class", "allocations", &["resource_class", "provider", "used"]),
            ("provider_traits_trait", "provider_traits", &["trait"]),
            ("provider_aggregates_aggregate", "provider_aggregates", &["aggregate"]),
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

fn resource_providers() -> TableCreateStatement {
    Table::create()
        .table("resource_providers")
        .col(uuid("id").primary_key())
        .col(string_len_uniq("name", 200))
        .col(big_integer("generation"))
        .col(uuid("root"))
        .col(uuid_null("parent"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn inventories() -> TableCreateStatement {
    Table::create()
        .table("inventories")
        .col(uuid("provider"))
        .col(string_len("resource_class", 255))
        .col(big_integer("total"))
        .col(big_integer("reserved"))
        .col(big_integer("min_unit"))
        .col(big_integer("max_unit"))
        .col(big_integer("step_size"))
        .col(double("allocation_ratio"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("provider").col("resource_class"))
        .foreign_key(ForeignKey::create().from("inventories", "provider").to("resource_providers", "id"))
        .to_owned()
}

fn consumers() -> TableCreateStatement {
    Table::create()
        .table("consumers")
        .col(uuid("id").primary_key())
        .col(string_len("project", 255))
        .col(string_len("user", 255))
        .col(string_len_null("consumer_type", 255))
        .col(big_integer("generation"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn allocations() -> TableCreateStatement {
    Table::create()
        .table("allocations")
        .col(uuid("consumer"))
        .col(uuid("provider"))
        .col(string_len("resource_class", 255))
        .col(big_integer("used"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("consumer").col("provider").col("resource_class"))
        .foreign_key(ForeignKey::create().from("allocations", "provider").to("resource_providers", "id"))
        .foreign_key(ForeignKey::create().from("allocations", "consumer").to("consumers", "id"))
        .to_owned()
}

fn provider_traits() -> TableCreateStatement {
    Table::create()
        .table("provider_traits")
        .col(uuid("provider"))
        .col(string_len("trait", 255))
        .primary_key(Index::create().col("provider").col("trait"))
        .foreign_key(ForeignKey::create().from("provider_traits", "provider").to("resource_providers", "id"))
        .to_owned()
}

fn provider_aggregates() -> TableCreateStatement {
    Table::create()
        .table("provider_aggregates")
        .col(uuid("provider"))
        .col(uuid("aggregate"))
        .primary_key(Index::create().col("provider").col("aggregate"))
        .foreign_key(
            ForeignKey::create().from("provider_aggregates", "provider").to("resource_providers", "id"),
        )
        .to_owned()
}

/// Names that users made (`CUSTOM_...`).
fn custom(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(string_len("name", 255).primary_key())
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}
