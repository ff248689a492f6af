//! How much is used: of a provider, and by a project.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use http::Method;
use platform::{
    http::{Cx, Fault, Query, Routes},
    policy::Target,
    wire::Version,
};
use serde_json::{Map, Value, json};

use super::fresh;
use crate::{
    Placement,
    model::{
        allocation::{self, TypeUsage},
        inventory, provider,
    },
};

pub(super) fn routes() -> Routes<Placement> {
    Routes::new()
        .get("/resource_providers/{uuid}/usages", "placement:resource_providers:usages", of_provider)
        .versioned(Method::GET, "/usages", "placement:usages", Some((1, 9)), None, of_project)
}

async fn of_provider(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let row = provider::named(db, &id).await?;
    let usage = allocation::usage_of(db, &[row.id]).await?;
    let usages: BTreeMap<String, i64> = inventory::of(db, row.id)
        .await?
        .into_iter()
        .map(|inventory| {
            let used = usage.get(&(row.id, inventory.resource_class.clone())).copied().unwrap_or(0);
            (inventory.resource_class, used)
        })
        .collect();
    fresh::now(&cx, &json!({"resource_provider_generation": row.generation, "usages": usages}))
}

const WITH_TYPES: Version = Version::new(1, 38);

async fn of_project(cx: Cx<Placement>, query: Query) -> Result<Response, Fault> {
    let project = query.get("project_id").unwrap_or_default();
    cx.allow_on(&Target::project(project))?;
    let types = cx.version >= WITH_TYPES;
    check(&query, types)?;
    let found = allocation::of_project(cx.service.db.read(), project, query.get("user_id")).await?;
    if !types {
        return fresh::now(&cx, &json!({"usages": together(found.into_values()).used}));
    }
    let mut usages = Map::new();
    let mut tell = |name: &str, usage: TypeUsage| {
        if usage.consumers > 0 {
            let mut entry = json!(usage.used);
            entry["consumer_count"] = usage.consumers.into();
            usages.insert(name.to_owned(), entry);
        }
    };
    match query.get("consumer_type") {
        Some("all") => tell("all", together(found.into_values())),
        asked => {
            for (kind, usage) in found {
                let name = kind.as_deref().unwrap_or("unknown");
                if asked.is_none_or(|asked| asked == name) {
                    tell(name, usage);
                }
            }
        }
    }
    fresh::now(&cx, &json!({"usages": Value::Object(usages)}))
}

fn together(usages: impl Iterator<Item = TypeUsage>) -> TypeUsage {
    let mut all = TypeUsage::default();
    for usage in usages {
        all.consumers += usage.consumers;
        for (class, used) in usage.used {
            *all.used.entry(class).or_default() += used;
        }
    }
    all
}

fn check(query: &Query, types: bool) -> Result<(), Fault> {
    let wrong = |why: String| Err(Fault::bad_request(format!("Invalid query string parameters: {why}")));
    for (name, value) in &query.pairs {
        let word = |value: &str| {
            matches!(value, "all" | "unknown")
                || value
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        match name.as_str() {
            "project_id" | "user_id" if (1..=255).contains(&value.len()) => {}
            "consumer_type" if types && (1..=255).contains(&value.len()) && word(value) => {}
            "project_id" | "user_id" => return wrong(format!("{name} must have 1 to 255 characters")),
            "consumer_type" if types => {
                return wrong(format!("'{name}' does not match '^[A-Z0-9_]+$|^all|^unknown$'"));
            }
            _ => {
                let name: String = name.chars().take(64).collect();
                return wrong(format!("Additional properties are not allowed ('{name}' was unexpected)"));
            }
        }
    }
    if query.get("project_id").is_none() {
        return wrong("'project_id' is a required property".into());
    }
    Ok(())
}
