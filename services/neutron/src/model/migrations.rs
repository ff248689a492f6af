//! Tables, forward only.

use sea_orm_migration::{prelude::*, schema::*};

/// Neutron's migrations.
#[derive(Debug)]
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables)]
    }
}

#[derive(DeriveMigrationName)]
struct CreateTables;

#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            schema.create_table(table).await?;
        }
        for index in indexes() {
            schema.create_index(index).await?;
        }
        Ok(())
    }
}

/// Adds what every resource has.
fn standard(table: &mut TableCreateStatement) -> &mut TableCreateStatement {
    table
        .col(string_len("description", 255))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(big_integer("revision"))
}

/// A table whose resources have an id, a project and a name.
fn resource(name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(name)
        .col(uuid("id").primary_key())
        .col(string_len("project_id", 64))
        .col(string_len("name", 255));
    standard(&mut table);
    table
}

fn belongs(
    from: (&'static str, &'static str),
    to: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{}_{}", from.0, from.1))
        .from(from.0, from.1)
        .to(to, "id")
        .on_delete(on_delete)
        .to_owned()
}

fn tables() -> Vec<TableCreateStatement> {
    let cascade = ForeignKeyAction::Cascade;
    let restrict = ForeignKeyAction::Restrict;
    vec![
        resource("networks")
            .col(boolean("admin_state_up"))
            .col(string_len("status", 16))
            .col(boolean("external"))
            .col(integer("mtu"))
            .col(string_len("network_type", 32))
            .col(string_len_null("physical_network", 64))
            .col(big_integer_null("segmentation_id"))
            .col(boolean("port_security_enabled"))
            .col(string_len("dns_domain", 255))
            .col(json("zone_hints"))
            .to_owned(),
        resource("subnetpools")
            .col(integer("ip_version"))
            .col(json("prefixes"))
            .col(integer("default_prefixlen"))
            .col(integer("min_prefixlen"))
            .col(integer("max_prefixlen"))
            .col(big_integer_null("default_quota"))
            .col(boolean("shared"))
            .col(boolean("is_default"))
            .to_owned(),
        resource("subnets")
            .col(uuid("network_id"))
            .col(integer("ip_version"))
            .col(string_len("cidr", 64))
            .col(string_len_null("gateway_ip", 45))
            .col(boolean("enable_dhcp"))
            .col(string_len_null("ipv6_ra_mode", 16))
            .col(string_len_null("ipv6_address_mode", 16))
            .col(uuid_null("subnetpool_id"))
            .col(json("pools"))
            .col(json("dns"))
            .col(json("routes"))
            .col(json("service_types"))
            .col(boolean("dns_publish_fixed_ip"))
            .foreign_key(&mut belongs(("subnets", "network_id"), "networks", restrict))
            .foreign_key(&mut belongs(("subnets", "subnetpool_id"), "subnetpools", restrict))
            .to_owned(),
        resource("ports")
            .col(uuid("network_id"))
            .col(boolean("admin_state_up"))
            .col(string_len("status", 16))
            .col(string_len("mac", 32))
            .col(string_len("device_id", 255))
            .col(string_len("device_owner", 255))
            .col(boolean("port_security_enabled"))
            .col(string_len("host", 255))
            .col(string_len("vnic_type", 32))
            .col(json("profile"))
            .col(string_len("dns_name", 255))
            .col(json("pairs"))
            .col(json("dhcp_opts"))
            .foreign_key(&mut belongs(("ports", "network_id"), "networks", restrict))
            .to_owned(),
        Table::create()
            .table("fixed_ips")
            .col(uuid("network_id"))
            .col(string_len("address", 45))
            .col(uuid("subnet_id"))
            .col(uuid("port_id"))
            .col(integer("place"))
            .primary_key(Index::create().col("network_id").col("address"))
            .foreign_key(&mut belongs(("fixed_ips", "subnet_id"), "subnets", restrict))
            .foreign_key(&mut belongs(("fixed_ips", "port_id"), "ports", cascade))
            .to_owned(),
        resource("security_groups").col(boolean("stateful")).to_owned(),
        Table::create()
            .table("default_security_groups")
            .col(string_len("project_id", 64).primary_key())
            .col(uuid("group_id"))
            .foreign_key(&mut belongs(("default_security_groups", "group_id"), "security_groups", cascade))
            .to_owned(),
        Table::create()
            .table("port_security_groups")
            .col(uuid("port_id"))
            .col(uuid("group_id"))
            .primary_key(Index::create().col("port_id").col("group_id"))
            .foreign_key(&mut belongs(("port_security_groups", "port_id"), "ports", cascade))
            .foreign_key(&mut belongs(("port_security_groups", "group_id"), "security_groups", restrict))
            .to_owned(),
        standard(
            Table::create()
                .table("security_group_rules")
                .col(uuid("id").primary_key())
                .col(uuid("group_id"))
                .col(string_len("project_id", 64))
                .col(string_len("direction", 16))
                .col(string_len("ethertype", 8))
                .col(string_len_null("protocol", 16))
                .col(integer_null("port_min"))
                .col(integer_null("port_max"))
                .col(string_len_null("remote_ip_prefix", 64))
                .col(uuid_null("remote_group_id")),
        )
        .foreign_key(&mut belongs(("security_group_rules", "group_id"), "security_groups", cascade))
        .to_owned(),
        resource("routers")
            .col(boolean("admin_state_up"))
            .col(string_len("status", 16))
            .col(uuid_null("gateway_network_id"))
            .col(uuid_null("gateway_port_id"))
            .col(boolean("enable_snat"))
            .col(json("routes"))
            .col(json("zone_hints"))
            .to_owned(),
        standard(
            Table::create()
                .table("floatingips")
                .col(uuid("id").primary_key())
                .col(string_len("project_id", 64))
                .col(uuid("network_id"))
                .col(string_len("address", 45))
                .col(uuid("floating_port_id"))
                .col(uuid_null("port_id"))
                .col(string_len_null("fixed_ip_address", 45))
                .col(uuid_null("router_id"))
                .col(string_len("status", 16))
                .col(string_len("dns_name", 255))
                .col(string_len("dns_domain", 255)),
        )
        .to_owned(),
        Table::create()
            .table("rbac_policies")
            .col(uuid("id").primary_key())
            .col(string_len("project_id", 64))
            .col(uuid("object_id"))
            .col(string_len("action", 32))
            .col(string_len("target", 64))
            .foreign_key(&mut belongs(("rbac_policies", "object_id"), "networks", cascade))
            .to_owned(),
        Table::create()
            .table("quotas")
            .col(string_len("project_id", 64))
            .col(string_len("resource", 32))
            .col(big_integer("most"))
            .primary_key(Index::create().col("project_id").col("resource"))
            .to_owned(),
        Table::create()
            .table("tags")
            .col(uuid("resource_id"))
            .col(string_len("tag", 255))
            .primary_key(Index::create().col("resource_id").col("tag"))
            .to_owned(),
        Table::create()
            .table("intentions")
            .col(string_len("kind", 16))
            .col(uuid("id"))
            .col(big_integer("generation"))
            .primary_key(Index::create().col("kind").col("id"))
            .to_owned(),
    ]
}

/// What lists are filtered and sorted by, and what is looked up.
const INDEXED: &[(&str, &[&str])] = &[
    ("networks", &["project_id", "name", "external", "status", "mtu", "physical_network", "segmentation_id"]),
    ("subnetpools", &["project_id", "name", "shared", "is_default"]),
    ("subnets", &["project_id", "name", "network_id", "cidr", "gateway_ip", "subnetpool_id"]),
    ("ports", &["project_id", "name", "status", "device_id", "device_owner", "mac", "host"]),
    ("fixed_ips", &["subnet_id", "port_id", "address"]),
    ("security_groups", &["project_id", "name"]),
    ("default_security_groups", &["group_id"]),
    ("port_security_groups", &["group_id"]),
    ("security_group_rules", &["group_id", "project_id", "remote_group_id", "remote_ip_prefix", "protocol"]),
    ("routers", &["project_id", "name", "gateway_network_id", "gateway_port_id"]),
    (
        "floatingips",
        &[
            "project_id",
            "network_id",
            "address",
            "fixed_ip_address",
            "floating_port_id",
            "port_id",
            "router_id",
        ],
    ),
    ("rbac_policies", &["project_id", "target"]),
    ("tags", &["tag"]),
];

/// What is there once.
const UNIQUE: &[(&str, &[&str])] = &[
    ("networks", &["network_type", "physical_network", "segmentation_id"]),
    ("ports", &["network_id", "mac"]),
    ("rbac_policies", &["object_id", "action", "target"]),
];

fn indexes() -> Vec<IndexCreateStatement> {
    let mut indexes = Vec::new();
    for (table, columns) in INDEXED {
        for column in *columns {
            let name = format!("{table}_{column}_index");
            let mut index = Index::create();
            index.name(name).table(*table).col(*column);
            if *column == "project_id" {
                // Lists are sorted by id when nothing else is asked for.
                index.col("id");
            }
            indexes.push(index);
        }
    }
    for (table, columns) in UNIQUE {
        let mut index = Index::create();
        index.name(format!("{table}_{}_unique", columns.join("_"))).table(*table).unique();
        columns.iter().for_each(|column| {
            index.col(*column);
        });
        indexes.push(index);
    }
    indexes
}
