//! A page costs what it holds: every column that a list can be filtered or sorted by is the first of an index (or comes
//! right behind the project in one).

use std::{collections::BTreeMap, path::Path};

use platform::db::list::DeclaredList;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};

use super::house::House;

/// Columns without an index of their own: service, table, columns, why.
const WITHOUT_INDEX: &[(&str, &str, &[&str], &str)] = &[
    ("keystone", "registered_limit", &["region_id"], SMALL),
    ("glance", "metadef_namespaces", &["updated_at", "visibility"], SMALL),
    ("glance", "tasks", &["kind"], FEW),
    ("nova", "flavors", &["created_at", "disabled", "ephemeral_gb", "is_public", "memory_mb"], SMALL),
    ("nova", "flavors", &["root_gb", "rxtx_factor", "swap_mb", "vcpus"], SMALL),
    ("nova", "servers", &["config_drive", "disk_config", "launch_index", "locked"], FEW),
    ("nova", "servers", &["power_state", "progress", "vcpus", "root_gb", "ephemeral_gb"], FEW),
    ("neutron", "networks", &["admin_state_up"], FEW),
    ("neutron", "subnets", &["enable_dhcp", "ip_version", "ipv6_address_mode", "ipv6_ra_mode"], FEW),
    ("neutron", "subnetpools", &["ip_version", "default_prefixlen", "min_prefixlen", "max_prefixlen"], SMALL),
    ("neutron", "ports", &["admin_state_up"], FEW),
    ("neutron", "routers", &["admin_state_up", "status"], FEW),
    ("neutron", "floatingips", &["status"], FEW),
    ("neutron", "security_groups", &["stateful"], FEW),
    ("neutron", "security_group_rules", &["direction", "ethertype", "port_max", "port_min"], FEW),
    ("neutron", "rbac_policies", &["action"], FEW),
    ("neutron", "networks", &["description"], TEXT),
    ("neutron", "subnets", &["description"], TEXT),
    ("neutron", "subnetpools", &["description"], TEXT),
    ("neutron", "ports", &["description"], TEXT),
    ("neutron", "routers", &["description"], TEXT),
    ("neutron", "floatingips", &["description"], TEXT),
    ("neutron", "security_groups", &["description"], TEXT),
    ("neutron", "security_group_rules", &["description"], TEXT),
    ("cinder", "volumes", &["availability_zone", "bootable", "multiattach"], FEW),
    ("cinder", "attachments", &["status"], FEW),
    ("cinder", "messages", &["event_id", "message_level", "resource_type"], FEW),
    ("cinder", "qos_specs", &["consumer", "created_at"], SMALL),
];
const FEW: &str = "it has few values: an index would lead to a good part of the table";
const SMALL: &str = "the table holds what administrators make: a few dozen rows";
const TEXT: &str = "a text of users' own: filtered within what the project's index leads to";

/// Columns that name an owner: an index may begin with one.
const OWNERS: [&str; 3] = ["project_id", "user_id", "owner"];

async fn rows(db: &DatabaseConnection, sql: String) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap()
}

/// The columns of every index of a table, the primary key's too.
async fn indexes(db: &DatabaseConnection, table: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for index in rows(db, format!("PRAGMA index_list('{table}')")).await {
        let name: String = index.try_get("", "name").unwrap();
        let columns = rows(db, format!("PRAGMA index_info('{name}')")).await;
        let name = |row: &QueryResult| row.try_get::<Option<String>>("", "name").unwrap();
        all.push(columns.iter().map(|row| name(row).unwrap_or_default()).collect());
    }
    let mut key = Vec::new();
    for column in rows(db, format!("PRAGMA table_info('{table}')")).await {
        let place: i32 = column.try_get("", "pk").unwrap();
        if place > 0 {
            key.push((place, column.try_get::<String>("", "name").unwrap()));
        }
    }
    key.sort();
    all.push(key.into_iter().map(|(_, name)| name).collect());
    all
}

fn serves(index: &[String], column: &str) -> bool {
    let mut rest =
        index.iter().map(String::as_str).skip_while(|name| OWNERS.contains(name) && *name != column);
    rest.next() == Some(column)
}

fn declared(house: &House) -> BTreeMap<(&'static str, String), DeclaredList> {
    let lists = house.routes().filter_map(|(part, route)| Some((part, route.list.clone()?)));
    lists.map(|(part, list)| ((part.scheme.name, list.table.clone()), list)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_that_lists_go_by_has_an_index() {
    let house = House::open().await;
    for ((service, table), list) in declared(&house) {
        let file = house.folder.path().join(format!("db/{service}.db"));
        let db = Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        let indexes = indexes(&db, &table).await;
        let filters = list.filters.iter().map(|(_, column)| column);
        let sorts = list.sorts.iter().map(|(_, column)| column);
        for column in filters.chain(sorts) {
            let excused = WITHOUT_INDEX.iter().any(|(of, at, names, _)| {
                (*of, *at) == (service, &table) && names.contains(&column.as_str())
            });
            match indexes.iter().any(|index| serves(index, column)) {
                true if excused => {
                    house.complain(format!("{service}: {table}.{column} has an index after all"))
                }
                false if !excused => house.complain(format!("{service}: {table}.{column} has no index")),
                _ => {}
            }
        }
    }
    for (service, table, columns, why) in WITHOUT_INDEX {
        println!("{service}: {table} ({}): {why}", columns.join(", "));
    }
    house.verdict();
}

/// The first page of what an owner has, or of all where nobody owns: along an index, and sorted by it.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_of_every_list_goes_along_an_index() {
    let house = House::open().await;
    for ((service, table), list) in declared(&house) {
        if WITHOUT_INDEX.iter().any(|(of, at, _, why)| (*of, *at) == (service, &table) && *why == SMALL) {
            continue;
        }
        let file = house.folder.path().join(format!("db/{service}.db"));
        let db = Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        let columns: Vec<String> = rows(&db, format!("PRAGMA table_info('{table}')"))
            .await
            .iter()
            .map(|row| row.try_get("", "name").unwrap())
            .collect();
        // What Keystone lists is the cloud's.
        let names = if service == "keystone" {
            &[][..]
        } else {
            &["project_id", "owner", "source_project_id", "user_id"][..]
        };
        let owner = names.iter().find(|name| columns.iter().any(|column| column == **name));
        let mut conditions: Vec<String> = owner.iter().map(|owner| format!("{owner} = 'x'")).collect();
        if columns.iter().any(|column| column == "deleted") {
            conditions.push("deleted = FALSE".into());
        }
        let filter =
            if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        let order: Vec<String> = list
            .order
            .iter()
            .map(|(column, down)| format!("{column} {}", if *down { "DESC" } else { "ASC" }))
            .collect();
        let sql = format!("SELECT * FROM {table} {filter} ORDER BY {} LIMIT 51", order.join(", "));
        for step in rows(&db, format!("EXPLAIN QUERY PLAN {sql}")).await {
            let step: String = step.try_get("", "detail").unwrap();
            let scan = step.starts_with("SCAN") && (owner.is_some() || !step.contains("USING"));
            if scan || step.contains("TEMP B-TREE") {
                house.complain(format!("{service}: {sql}: {step}"));
            }
        }
    }
    house.verdict();
}

/// A list that no route names would escape the walk.
#[tokio::test(flavor = "multi_thread")]
async fn every_list_stands_beside_its_route() {
    let house = House::open().await;
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let mut written = 0;
    let mut folders = vec![services];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                written += text
                    .lines()
                    .filter(|line| line.contains(": ListSpec<") && line.contains("static "))
                    .count();
            }
        }
    }
    assert_eq!(written, declared(&house).len(), "a list is declared that no route names (`.list(&SPEC)`)");
}
