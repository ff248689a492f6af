//! Tables of the first release: authorization.

use sea_orm_migration::{prelude::*, schema::*};

use super::{belongs_to, index, moment};

/// Makes them.
pub(super) async fn up(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    role(schema).await?;
    implied_role(schema).await?;
    assignment(schema).await?;
    application_credential(schema).await?;
    application_credential_role(schema).await?;
    access_rule(schema).await?;
    application_credential_access_rule(schema).await?;
    trust(schema).await?;
    trust_role(schema).await?;
    revocation(schema).await?;
    Ok(())
}

async fn role(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("role")
                .col(string_len("id", 64))
                .col(string_len("name", 255))
                .col(string_len("domain_id", 64))
                .col(text_null("description"))
                .col(json("options"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("role", &["domain_id", "name"]).unique().to_owned()).await?;
    schema.create_index(index("role", &["name"]).to_owned()).await?;
    Ok(())
}

async fn implied_role(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("implied_role")
                .col(string_len("prior_id", 64))
                .col(string_len("implied_id", 64))
                .primary_key(Index::create().col("prior_id").col("implied_id"))
                .foreign_key(&mut belongs_to("implied_role", "prior_id", "role"))
                .foreign_key(&mut belongs_to("implied_role", "implied_id", "role"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("implied_role", &["implied_id"]).to_owned()).await?;
    Ok(())
}

async fn assignment(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("assignment")
                .col(string_len("actor_kind", 8))
                .col(string_len("actor_id", 64))
                .col(string_len("target_kind", 8))
                .col(string_len("target_id", 64))
                .col(string_len("role_id", 64))
                .col(boolean("inherited"))
                .primary_key(
                    Index::create()
                        .col("actor_kind")
                        .col("actor_id")
                        .col("target_kind")
                        .col("target_id")
                        .col("role_id")
                        .col("inherited"),
                )
                .foreign_key(&mut belongs_to("assignment", "role_id", "role"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("assignment", &["target_kind", "target_id"]).to_owned()).await?;
    schema.create_index(index("assignment", &["role_id"]).to_owned()).await?;
    Ok(())
}

async fn application_credential(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("application_credential")
                .col(string_len("id", 64))
                .col(string_len("user_id", 64))
                .col(string_len("project_id", 64))
                .col(string_len("name", 255))
                .col(text_null("description"))
                .col(string_len("secret_hash", 255))
                .col(boolean("unrestricted"))
                .col(big_integer_null("expires_at"))
                .col(moment(schema, "created_at"))
                .primary_key(Index::create().col("id"))
                .foreign_key(&mut belongs_to("application_credential", "user_id", "user_account"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("application_credential", &["user_id", "name"]).unique().to_owned()).await?;
    schema.create_index(index("application_credential", &["project_id"]).to_owned()).await?;
    Ok(())
}

async fn application_credential_role(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("application_credential_role")
                .col(string_len("application_credential_id", 64))
                .col(string_len("role_id", 64))
                .primary_key(Index::create().col("application_credential_id").col("role_id"))
                .foreign_key(&mut belongs_to(
                    "application_credential_role",
                    "application_credential_id",
                    "application_credential",
                ))
                .foreign_key(&mut belongs_to("application_credential_role", "role_id", "role"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("application_credential_role", &["role_id"]).to_owned()).await?;
    Ok(())
}

async fn access_rule(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("access_rule")
                .col(string_len("id", 64))
                .col(string_len("user_id", 64))
                .col(string_len("service", 64))
                .col(string_len("path", 128))
                .col(string_len("method", 16))
                .primary_key(Index::create().col("id"))
                .foreign_key(&mut belongs_to("access_rule", "user_id", "user_account"))
                .to_owned(),
        )
        .await?;
    schema
        .create_index(index("access_rule", &["user_id", "service", "path", "method"]).unique().to_owned())
        .await?;
    Ok(())
}

async fn application_credential_access_rule(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("application_credential_access_rule")
                .col(string_len("application_credential_id", 64))
                .col(string_len("access_rule_id", 64))
                .primary_key(Index::create().col("application_credential_id").col("access_rule_id"))
                .foreign_key(&mut belongs_to(
                    "application_credential_access_rule",
                    "application_credential_id",
                    "application_credential",
                ))
                .foreign_key(&mut belongs_to(
                    "application_credential_access_rule",
                    "access_rule_id",
                    "access_rule",
                ))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("application_credential_access_rule", &["access_rule_id"]).to_owned()).await?;
    Ok(())
}

async fn trust(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("trust")
                .col(string_len("id", 64))
                .col(string_len("trustor_user_id", 64))
                .col(string_len("trustee_user_id", 64))
                .col(string_len("project_id", 64))
                .col(boolean("impersonation"))
                .col(big_integer_null("expires_at"))
                .col(integer_null("remaining_uses"))
                .col(string_len_null("redelegated_trust_id", 64))
                .col(integer("redelegation_count"))
                .col(boolean("deleted"))
                .col(json("extra"))
                .primary_key(Index::create().col("id"))
                .foreign_key(&mut belongs_to("trust", "trustor_user_id", "user_account"))
                .foreign_key(&mut belongs_to("trust", "trustee_user_id", "user_account"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("trust", &["trustor_user_id"]).to_owned()).await?;
    schema.create_index(index("trust", &["trustee_user_id"]).to_owned()).await?;
    schema.create_index(index("trust", &["project_id"]).to_owned()).await?;
    Ok(())
}

async fn trust_role(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("trust_role")
                .col(string_len("trust_id", 64))
                .col(string_len("role_id", 64))
                .primary_key(Index::create().col("trust_id").col("role_id"))
                .foreign_key(&mut belongs_to("trust_role", "trust_id", "trust"))
                .foreign_key(&mut belongs_to("trust_role", "role_id", "role"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("trust_role", &["role_id"]).to_owned()).await?;
    Ok(())
}

async fn revocation(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("revocation")
                .col(big_integer("id").auto_increment().primary_key())
                .col(string_len("subject", 128))
                .col(moment(schema, "issued_before"))
                .col(moment(schema, "expires_at"))
                .to_owned(),
        )
        .await?;
    schema.create_index(index("revocation", &["subject"]).to_owned()).await?;
    schema.create_index(index("revocation", &["expires_at"]).to_owned()).await?;
    Ok(())
}
