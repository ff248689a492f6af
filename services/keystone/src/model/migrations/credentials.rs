//! Tables of the first release: credentials.

use sea_orm_migration::{prelude::*, schema::*};

use super::{belongs_to, index};

/// Makes them.
pub(super) async fn up(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    credential(schema).await?;
    policy(schema).await?;
    domain_config(schema).await?;
    consumer(schema).await?;
    Ok(())
}

async fn credential(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("credential")
                .col(string_len("id", 64))
                .col(string_len("user_id", 64))
                .col(string_len_null("project_id", 64))
                .col(string_len("kind", 255))
                .col(text("encrypted_blob"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("credential", &["user_id"]).to_owned()).await?;
    schema.create_index(index("credential", &["project_id"]).to_owned()).await?;
    schema.create_index(index("credential", &["kind"]).to_owned()).await?;
    Ok(())
}

async fn policy(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("policy")
                .col(string_len("id", 64))
                .col(string_len("kind", 255))
                .col(text("blob"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("policy", &["kind"]).to_owned()).await?;
    Ok(())
}

async fn domain_config(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("domain_config")
                .col(string_len("domain_id", 64))
                .col(string_len("group_name", 64))
                .col(string_len("option_name", 128))
                .col(json("value"))
                .primary_key(Index::create().col("domain_id").col("group_name").col("option_name"))
                .foreign_key(&mut belongs_to("domain_config", "domain_id", "project"))
                .to_owned(),
        )
        .await?;
    Ok(())
}

async fn consumer(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("consumer")
                .col(string_len("id", 64))
                .col(text_null("description"))
                .col(text("encrypted_secret"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    Ok(())
}
