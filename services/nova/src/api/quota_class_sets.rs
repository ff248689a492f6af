//! `/os-quota-class-sets`: the limits of projects that nobody set limits for (class `default`).

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    View,
    http::{self as web, Cx, Fault, Routes},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::quota_sets::{limits_schema, wanted};
use crate::{
    Nova,
    model::quota_class,
    quota::{self, Limits},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let one = "/v2.1/os-quota-class-sets/{class}";
    Routes::new().get(one, "os_compute_api:os-quota-class-sets:show", show).put(
        one,
        "os_compute_api:os-quota-class-sets:update",
        update,
    )
}

#[derive(View)]
struct ClassSet<'a> {
    #[view(skip_none)]
    id: Option<&'a str>,
    instances: i64,
    cores: i64,
    ram: i64,
    metadata_items: i64,
    key_pairs: i64,
    #[view(since = "2.50")]
    server_groups: i64,
    #[view(since = "2.50")]
    server_group_members: i64,
    #[view(until = "2.56")]
    injected_files: i64,
    #[view(until = "2.56")]
    injected_file_content_bytes: i64,
    #[view(until = "2.56")]
    injected_file_path_bytes: i64,
    #[view(until = "2.49")]
    fixed_ips: i64,
    #[view(until = "2.49")]
    floating_ips: i64,
    #[view(until = "2.49")]
    security_groups: i64,
    #[view(until = "2.49")]
    security_group_rules: i64,
}

fn view<'a>(id: Option<&'a str>, limits: &Limits) -> ClassSet<'a> {
    let of = |name: &str| limits.get(name).copied().unwrap_or(-1);
    ClassSet {
        id,
        instances: of("instances"),
        cores: of("cores"),
        ram: of("ram"),
        metadata_items: of("metadata_items"),
        key_pairs: of("key_pairs"),
        server_groups: of("server_groups"),
        server_group_members: of("server_group_members"),
        injected_files: of("injected_files"),
        injected_file_content_bytes: of("injected_file_content_bytes"),
        injected_file_path_bytes: of("injected_file_path_bytes"),
        fixed_ips: of("fixed_ips"),
        floating_ips: of("floating_ips"),
        security_groups: of("security_groups"),
        security_group_rules: of("security_group_rules"),
    }
}

#[derive(Deserialize)]
struct Update(Map<String, Value>);

impl Schema for Update {
    fn schema(version: Version) -> Value {
        json!({"type": "object", "properties": limits_schema(version), "additionalProperties": false})
    }
    const WRAP: Option<&'static str> = Some("quota_class_set");
}

async fn show(cx: Cx<Nova>, Path(class): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let limits = quota::defaults(cx.service.db.read(), &class).await?;
    cx.answer(StatusCode::OK, "quota_class_set", &view(Some(&class), &limits))
}

async fn update(
    cx: Cx<Nova>,
    Path(class): Path<String>,
    web::Body(Update(body)): web::Body<Update>,
) -> Result<Response, Fault> {
    cx.allow()?;
    if class.is_empty() || class.len() > 64 {
        return Err(Fault::bad_request("The name of a quota class has 1 to 64 characters."));
    }
    let wanted = wanted(&body)?;
    let tx = cx.service.db.write().await?;
    quota_class::replace(&tx, &class, &wanted).await?;
    let limits = quota::defaults(&*tx, &class).await?;
    tx.commit().await?;
    cx.answer(StatusCode::OK, "quota_class_set", &view(None, &limits))
}
