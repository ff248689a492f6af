//! Tables of the first release: catalog.

use sea_orm_migration::{prelude::*, schema::*};

use super::{belongs_to, index};

/// Makes them.
pub(super) async fn up(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    region(schema).await?;
    service(schema).await?;
    endpoint(schema).await?;
    endpoint_group(schema).await?;
    project_endpoint(schema).await?;
    project_endpoint_group(schema).await?;
    registered_limit(schema).await?;
    resource_limit(schema).await?;
    Ok(())
}

async fn region(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("region")
                .col(string_len("id", 255))
                .col(string_len("parent_region_id", 255))
                .col(text("description"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("region", &["parent_region_id"]).to_owned()).await?;
    Ok(())
}

async fn service(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("service")
                .col(string_len("id", 64))
                .col(string_len("kind", 255))
                .col(string_len("name", 255))
                .col(text_null("description"))
                .col(boolean("enabled"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("service", &["kind"]).to_owned()).await?;
    schema.create_index(index("service", &["name"]).to_owned()).await?;
    Ok(())
}

async fn endpoint(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("endpoint")
                .col(string_len("id", 64))
                .col(string_len("service_id", 64))
                .col(string_len("interface", 8))
                .col(string_len_null("region_id", 255))
                .col(text("url"))
                .col(boolean("enabled"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .foreign_key(&mut belongs_to("endpoint", "service_id", "service"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("endpoint", &["service_id"]).to_owned()).await?;
    schema.create_index(index("endpoint", &["interface"]).to_owned()).await?;
    schema.create_index(index("endpoint", &["region_id"]).to_owned()).await?;
    Ok(())
}

async fn endpoint_group(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("endpoint_group")
                .col(string_len("id", 64))
                .col(string_len("name", 255))
                .col(text_null("description"))
                .col(json("filters"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("endpoint_group", &["name"]).to_owned()).await?;
    Ok(())
}

async fn project_endpoint(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("project_endpoint")
                .col(string_len("project_id", 64))
                .col(string_len("endpoint_id", 64))
                .primary_key(Index::create().col("project_id").col("endpoint_id"))
                .foreign_key(&mut belongs_to("project_endpoint", "project_id", "project"))
                .foreign_key(&mut belongs_to("project_endpoint", "endpoint_id", "endpoint"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("project_endpoint", &["endpoint_id"]).to_owned()).await?;
    Ok(())
}

async fn project_endpoint_group(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("project_endpoint_group")
                .col(string_len("project_id", 64))
                .col(string_len("endpoint_group_id", 64))
                .primary_key(Index::create().col("project_id").col("endpoint_group_id"))
                .foreign_key(&mut belongs_to("project_endpoint_group", "project_id", "project"))
                .foreign_key(&mut belongs_to("project_endpoint_group", "endpoint_group_id", "endpoint_group"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("project_endpoint_group", &["endpoint_group_id"]).to_owned()).await?;
    Ok(())
}

async fn registered_limit(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("registered_limit")
                .col(string_len("id", 64))
                .col(string_len("service_id", 64))
                .col(string_len("region_id", 255))
                .col(string_len("resource_name", 255))
                .col(big_integer("default_limit"))
                .col(text_null("description"))
                .primary_key(Index::create().col("id"))
                .foreign_key(&mut belongs_to("registered_limit", "service_id", "service"))
                .to_owned(),
        )
        .await?;
    schema
        .create_index(
            index("registered_limit", &["service_id", "region_id", "resource_name"]).unique().to_owned(),
        )
        .await?;
    schema.create_index(index("registered_limit", &["resource_name"]).to_owned()).await?;
    Ok(())
}

async fn resource_limit(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("resource_limit")
                .col(string_len("id", 64))
                .col(string_len("project_id", 64))
                .col(string_len("domain_id", 64))
                .col(string_len("service_id", 64))
                .col(string_len("region_id", 255))
                .col(string_len("resource_name", 255))
                .col(big_integer("resource_limit"))
                .col(text_null("description"))
                .primary_key(Index::create().col("id"))
                .foreign_key(&mut belongs_to("resource_limit", "service_id", "service"))
                .to_owned(),
        )
        .await?;
    schema
        .create_index(
            index("resource_limit", &["project_id", "domain_id", "service_id", "region_id", "resource_name"])
                .unique()
                .to_owned(),
        )
        .await?;
    schema.create_index(index("resource_limit", &["service_id"]).to_owned()).await?;
    schema.create_index(index("resource_limit", &["region_id"]).to_owned()).await?;
    schema.create_index(index("resource_limit", &["domain_id"]).to_owned()).await?;
    schema.create_index(index("resource_limit", &["resource_name"]).to_owned()).await?;
    Ok(())
}
