//! Tables of the first release: people.

use sea_orm_migration::{prelude::*, schema::*};

use super::{belongs_to, index, moment, moment_or_none};

/// Makes them.
pub(super) async fn up(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    project(schema).await?;
    project_tag(schema).await?;
    user_account(schema).await?;
    password_history(schema).await?;
    login_failure(schema).await?;
    user_group(schema).await?;
    membership(schema).await?;
    Ok(())
}

async fn project(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("project")
                .col(string_len("id", 64))
                .col(string_len("domain_id", 64))
                .col(string_len("name", 255))
                .col(string_len("parent_id", 64))
                .col(boolean("is_domain"))
                .col(boolean("enabled"))
                .col(text("description"))
                .col(json("options"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("project", &["domain_id", "name"]).unique().to_owned()).await?;
    schema.create_index(index("project", &["name"]).to_owned()).await?;
    schema.create_index(index("project", &["parent_id"]).to_owned()).await?;
    schema.create_index(index("project", &["is_domain"]).to_owned()).await?;
    schema.create_index(index("project", &["enabled"]).to_owned()).await?;
    Ok(())
}

async fn project_tag(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("project_tag")
                .col(string_len("project_id", 64))
                .col(string_len("name", 255))
                .primary_key(Index::create().col("project_id").col("name"))
                .foreign_key(&mut belongs_to("project_tag", "project_id", "project"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("project_tag", &["name"]).to_owned()).await?;
    Ok(())
}

async fn user_account(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("user_account")
                .col(string_len("id", 64))
                .col(string_len("domain_id", 64))
                .col(string_len("name", 255))
                .col(boolean("enabled"))
                .col(string_len_null("default_project_id", 64))
                .col(text_null("description"))
                .col(string_len_null("password_hash", 255))
                .col(moment_or_none(schema, "password_created_at"))
                .col(moment_or_none(schema, "password_expires_at"))
                .col(json("options"))
                .col(json("extra"))
                .col(moment(schema, "created_at"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("user_account", &["domain_id", "name"]).unique().to_owned()).await?;
    schema.create_index(index("user_account", &["name"]).to_owned()).await?;
    schema.create_index(index("user_account", &["enabled"]).to_owned()).await?;
    Ok(())
}

async fn password_history(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("password_history")
                .col(big_integer("id").auto_increment().primary_key())
                .col(string_len("user_id", 64))
                .col(string_len("hash", 255))
                .col(moment(schema, "created_at"))
                .foreign_key(&mut belongs_to("password_history", "user_id", "user_account"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("password_history", &["user_id"]).to_owned()).await?;
    Ok(())
}

async fn login_failure(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("login_failure")
                .col(string_len("user_id", 64))
                .col(integer("count"))
                .col(moment(schema, "last_at"))
                .primary_key(Index::create().col("user_id"))
                .foreign_key(&mut belongs_to("login_failure", "user_id", "user_account"))
                .to_owned(),
        )
        .await?;
    Ok(())
}

async fn user_group(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("user_group")
                .col(string_len("id", 64))
                .col(string_len("domain_id", 64))
                .col(string_len("name", 255))
                .col(text("description"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("user_group", &["domain_id", "name"]).unique().to_owned()).await?;
    schema.create_index(index("user_group", &["name"]).to_owned()).await?;
    Ok(())
}

async fn membership(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("membership")
                .col(string_len("user_id", 64))
                .col(string_len("group_id", 64))
                .primary_key(Index::create().col("user_id").col("group_id"))
                .foreign_key(&mut belongs_to("membership", "user_id", "user_account"))
                .foreign_key(&mut belongs_to("membership", "group_id", "user_group"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("membership", &["group_id"]).to_owned()).await?;
    Ok(())
}
