//! The tables, as they came to be. Forward only.

use sea_orm_migration::{prelude::*, schema::*};

/// All migrations of Nova's database.
#[derive(Debug)]
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables), Box::new(CreateServerPasswords), Box::new(RememberResizes)]
    }
}

#[derive(DeriveMigrationName)]
struct CreateTables;

struct CreateServerPasswords;

impl MigrationName for CreateServerPasswords {
    fn name(&self) -> &str {
        "m0002_server_passwords"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateServerPasswords {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let passwords =
            table("server_passwords").col(uuid("server_id").primary_key()).col(text("told")).to_owned();
        schema.create_table(passwords).await
    }
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).if_not_exists().to_owned()
}

fn index(table: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index.to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for statement in
            [flavors(), flavor_access(), keypairs(), servers(), server_tags(), interfaces(), attachments()]
        {
            schema.create_table(statement).await?;
        }
        for statement in [actions(), action_events(), groups(), hosts(), aggregates()] {
            schema.create_table(statement).await?;
        }
        for statement in [quotas(), quota_classes(), console_tokens()] {
            schema.create_table(statement).await?;
        }
        for statement in indexes() {
            schema.create_index(statement).await?;
        }
        Ok(())
    }
}

struct RememberResizes;

impl MigrationName for RememberResizes {
    fn name(&self) -> &str {
        "m0003_resizes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for RememberResizes {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.create_table(resizes()).await?;
        for statement in [
            index("resizes", "resizes_server", &["server_id"]),
            index("resizes", "resizes_project", &["project_id"]),
            index("resizes", "resizes_updated", &["updated_at"]),
        ] {
            schema.create_index(statement).await?;
        }
        let origin = Table::alter().table("attachments").add_column(json_null("origin")).to_owned();
        schema.alter_table(origin).await
    }
}

fn resizes() -> TableCreateStatement {
    table("resizes")
        .col(big_integer("id").auto_increment().primary_key())
        .col(uuid_uniq("uuid"))
        .col(uuid("server_id"))
        .col(string_len("project_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len_null("host", 255))
        .col(string_len("status", 32))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn flavors() -> TableCreateStatement {
    table("flavors")
        .col(string_len("id", 255).primary_key())
        .col(string_len_uniq("name", 255))
        .col(big_integer("memory_mb"))
        .col(big_integer("vcpus"))
        .col(big_integer("root_gb"))
        .col(big_integer("ephemeral_gb"))
        .col(big_integer("swap_mb"))
        .col(double("rxtx_factor"))
        .col(boolean("is_public"))
        .col(boolean("disabled"))
        .col(text_null("description"))
        .col(json("extra_specs"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("updated_at"))
        .to_owned()
}

fn flavor_access() -> TableCreateStatement {
    table("flavor_access")
        .col(string_len("flavor_id", 255))
        .col(string_len("project_id", 64))
        .primary_key(Index::create().col("flavor_id").col("project_id"))
        .to_owned()
}

fn keypairs() -> TableCreateStatement {
    table("keypairs")
        .col(big_integer("id").auto_increment().primary_key())
        .col(string_len("user_id", 64))
        .col(string_len("name", 255))
        .col(string_len("kind", 16))
        .col(text("public_key"))
        .col(string_len("fingerprint", 128))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn servers() -> TableCreateStatement {
    table("servers")
        .col(uuid("id").primary_key())
        .col(string_len("project_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len("name", 255))
        .col(string_len_null("description", 255))
        .col(string_len("hostname", 255))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("launched_at"))
        .col(timestamp_with_time_zone_null("terminated_at"))
        .col(boolean("deleted"))
        .col(string_len("vm_state", 32))
        .col(string_len_null("task_state", 32))
        .col(integer("power_state"))
        .col(json_null("task"))
        .col(json_null("fault"))
        .col(boolean("locked"))
        .col(string_len_null("locked_reason", 255))
        .col(string_len_null("locked_by", 16))
        .col(string_len_null("host", 255))
        .col(string_len_null("availability_zone", 255))
        .col(uuid_null("image_id"))
        .col(json_null("image"))
        .col(string_len("flavor_id", 255))
        .col(json("flavor"))
        .col(json_null("old_flavor"))
        .col(big_integer("vcpus"))
        .col(big_integer("memory_mb"))
        .col(big_integer("root_gb"))
        .col(big_integer("ephemeral_gb"))
        .col(string_len_null("key_name", 255))
        .col(text_null("key_data"))
        .col(text_null("user_data"))
        .col(boolean("config_drive"))
        .col(string_len("disk_config", 16))
        .col(json("metadata"))
        .col(json_null("personality"))
        .col(json("addresses"))
        .col(json("security_groups"))
        .col(string_len_null("access_ip_v4", 64))
        .col(string_len_null("access_ip_v6", 64))
        .col(string_len_null("root_device_name", 32))
        .col(string_len("reservation_id", 32))
        .col(integer("launch_index"))
        .col(integer("progress"))
        .col(uuid_null("group_id"))
        .col(json("hints"))
        .col(json("origin"))
        .to_owned()
}

fn server_tags() -> TableCreateStatement {
    table("server_tags")
        .col(uuid("server_id"))
        .col(string_len("tag", 80))
        .primary_key(Index::create().col("server_id").col("tag"))
        .to_owned()
}

fn interfaces() -> TableCreateStatement {
    table("interfaces")
        .col(uuid("port_id").primary_key())
        .col(uuid("server_id"))
        .col(integer("position"))
        .col(uuid_null("network_id"))
        .col(string_len_null("fixed_ip", 64))
        .col(boolean("made_by_nova"))
        .col(string_len("state", 16))
        .col(string_len_null("tag", 80))
        .to_owned()
}

fn attachments() -> TableCreateStatement {
    table("attachments")
        .col(uuid("id").primary_key())
        .col(uuid("server_id"))
        .col(integer("position"))
        .col(string_len("source", 16))
        .col(string_len("destination", 16))
        .col(uuid_null("volume_id"))
        .col(uuid_null("image_id"))
        .col(uuid_null("snapshot_id"))
        .col(big_integer("size_gib"))
        .col(big_integer("size_mib"))
        .col(string_len_null("device", 32))
        .col(string_len("bus", 16))
        .col(integer_null("boot_index"))
        .col(boolean("delete_on_termination"))
        .col(boolean("made_by_nova"))
        .col(string_len("state", 16))
        .col(string_len_null("tag", 80))
        .to_owned()
}

fn actions() -> TableCreateStatement {
    table("instance_actions")
        .col(big_integer("id").auto_increment().primary_key())
        .col(uuid("server_id"))
        .col(string_len("action", 64))
        .col(string_len("request_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len("project_id", 64))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(text_null("message"))
        .to_owned()
}

fn action_events() -> TableCreateStatement {
    table("instance_action_events")
        .col(big_integer("id").auto_increment().primary_key())
        .col(big_integer("action_id"))
        .col(string_len("event", 64))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .col(string_len_null("result", 16))
        .col(string_len_null("host", 255))
        .col(text_null("details"))
        .to_owned()
}

fn groups() -> TableCreateStatement {
    table("server_groups")
        .col(uuid("id").primary_key())
        .col(string_len("project_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len("name", 255))
        .col(string_len("policy", 32))
        .col(json("rules"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn hosts() -> TableCreateStatement {
    table("hosts")
        .col(big_integer("id").auto_increment().primary_key())
        .col(uuid("uuid"))
        .col(uuid("provider"))
        .col(string_len_uniq("name", 255))
        .col(boolean("disabled"))
        .col(string_len_null("disabled_reason", 255))
        .col(boolean("forced_down"))
        .col(json("description"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("seen_at"))
        .to_owned()
}

fn aggregates() -> TableCreateStatement {
    table("aggregates")
        .col(big_integer("id").auto_increment().primary_key())
        .col(uuid("uuid"))
        .col(string_len_uniq("name", 255))
        .col(json("hosts"))
        .col(json("metadata"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("updated_at"))
        .to_owned()
}

fn quotas() -> TableCreateStatement {
    table("quotas")
        .col(string_len("project_id", 64))
        .col(string_len("user_id", 64))
        .col(string_len("resource", 64))
        .col(big_integer("hard_limit"))
        .primary_key(Index::create().col("project_id").col("user_id").col("resource"))
        .to_owned()
}

fn quota_classes() -> TableCreateStatement {
    table("quota_classes")
        .col(string_len("class", 64))
        .col(string_len("resource", 64))
        .col(big_integer("hard_limit"))
        .primary_key(Index::create().col("class").col("resource"))
        .to_owned()
}

fn console_tokens() -> TableCreateStatement {
    table("console_tokens")
        .col(string_len("token_hash", 64).primary_key())
        .col(uuid("server_id"))
        .col(string_len("kind", 32))
        .col(timestamp_with_time_zone("expires_at"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let mut unique = index("keypairs", "keypairs_user_name", &["user_id", "name"]);
    vec![
        unique.unique().to_owned(),
        index("servers", "servers_project", &["project_id", "deleted", "created_at", "id"]),
        index("servers", "servers_deleted", &["deleted", "created_at", "id"]),
        index("servers", "servers_created", &["created_at", "id"]),
        index("servers", "servers_user", &["user_id"]),
        index("servers", "servers_hostname", &["hostname"]),
        index("servers", "servers_memory", &["memory_mb"]),
        index("servers", "servers_host", &["host", "deleted"]),
        index("servers", "servers_task", &["task_state"]),
        index("servers", "servers_state", &["vm_state"]),
        index("servers", "servers_updated", &["updated_at"]),
        index("servers", "servers_name", &["name"]),
        index("servers", "servers_image", &["image_id"]),
        index("servers", "servers_flavor", &["flavor_id"]),
        index("servers", "servers_group", &["group_id"]),
        index("server_tags", "server_tags_tag", &["tag"]),
        index("interfaces", "interfaces_server", &["server_id"]),
        index("interfaces", "interfaces_state", &["state"]),
        index("attachments", "attachments_server", &["server_id"]),
        index("attachments", "attachments_volume", &["volume_id"]),
        index("attachments", "attachments_state", &["state"]),
        index("instance_actions", "instance_actions_server", &["server_id"]),
        index("instance_action_events", "instance_action_events_action", &["action_id"]),
        index("server_groups", "server_groups_project", &["project_id", "created_at", "id"]),
        index("server_groups", "server_groups_created", &["created_at", "id"]),
        index("console_tokens", "console_tokens_expires", &["expires_at"]),
        index("console_tokens", "console_tokens_server", &["server_id"]),
    ]
}
