//! `/os-quota-class-sets`: limits for all projects that have none of their own. Only the class `default` has effect.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body, View,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::Version,
};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde::Deserialize;

use super::quota_sets::Limit;
use crate::{
    Nova,
    model::quota::class::{ActiveModel, Column, Entity},
    quota::{self, Limits},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/os-quota-class-sets/{id}", "os_compute_api:os-quota-class-sets:show", show).put(
        "/v2.1/os-quota-class-sets/{id}",
        "os_compute_api:os-quota-class-sets:update",
        update,
    )
}

#[derive(View)]
struct ClassView<'a> {
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
    #[view(until = "2.49")]
    fixed_ips: i64,
    #[view(until = "2.49")]
    floating_ips: i64,
    #[view(until = "2.49")]
    security_groups: i64,
    #[view(until = "2.49")]
    security_group_rules: i64,
    #[view(until = "2.56")]
    injected_files: i64,
    #[view(until = "2.56")]
    injected_file_content_bytes: i64,
    #[view(until = "2.56")]
    injected_file_path_bytes: i64,
}

fn view<'a>(id: Option<&'a str>, limits: &Limits) -> ClassView<'a> {
    let of = |name: &str| limits.get(name).copied().unwrap_or(-1);
    ClassView {
        id,
        instances: of("instances"),
        cores: of("cores"),
        ram: of("ram"),
        metadata_items: of("metadata_items"),
        key_pairs: of("key_pairs"),
        server_groups: of("server_groups"),
        server_group_members: of("server_group_members"),
        fixed_ips: of("fixed_ips"),
        floating_ips: of("floating_ips"),
        security_groups: of("security_groups"),
        security_group_rules: of("security_group_rules"),
        injected_files: of("injected_files"),
        injected_file_content_bytes: of("injected_file_content_bytes"),
        injected_file_path_bytes: of("injected_file_path_bytes"),
    }
}

#[derive(Deserialize, Body)]
#[body(wrap = "quota_class_set")]
struct Update {
    instances: Option<Limit>,
    cores: Option<Limit>,
    ram: Option<Limit>,
    metadata_items: Option<Limit>,
    key_pairs: Option<Limit>,
    server_groups: Option<Limit>,
    server_group_members: Option<Limit>,
    #[body(until = "2.49")]
    fixed_ips: Option<Limit>,
    #[body(until = "2.49")]
    floating_ips: Option<Limit>,
    #[body(until = "2.49")]
    security_groups: Option<Limit>,
    #[body(until = "2.49")]
    security_group_rules: Option<Limit>,
    #[body(until = "2.56")]
    injected_files: Option<Limit>,
    #[body(until = "2.56")]
    injected_file_content_bytes: Option<Limit>,
    #[body(until = "2.56")]
    injected_file_path_bytes: Option<Limit>,
}

impl Update {
    fn given(self) -> impl Iterator<Item = (&'static str, i64)> {
        let all = [
            ("instances", self.instances),
            ("cores", self.cores),
            ("ram", self.ram),
            ("metadata_items", self.metadata_items),
            ("key_pairs", self.key_pairs),
            ("server_groups", self.server_groups),
            ("server_group_members", self.server_group_members),
            ("fixed_ips", self.fixed_ips),
            ("floating_ips", self.floating_ips),
            ("security_groups", self.security_groups),
            ("security_group_rules", self.security_group_rules),
            ("injected_files", self.injected_files),
            ("injected_file_content_bytes", self.injected_file_content_bytes),
            ("injected_file_path_bytes", self.injected_file_path_bytes),
        ];
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?.0)))
    }
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version >= Version::new(2, 102) {
        query.only(&[])?;
    }
    let limits = quota::defaults(cx.service.db.read(), &id).await?;
    cx.answer(StatusCode::OK, "quota_class_set", &view(Some(&id), &limits))
}

async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Update>,
) -> Result<Response, Fault> {
    cx.allow()?;
    // The column's room; Nova itself takes 255.
    if id.chars().count() > 64 {
        return Err(Fault::bad_request("quota_class_name has more than 64 characters."));
    }
    let rows: Vec<ActiveModel> = body
        .given()
        .map(|(resource, limit)| ActiveModel {
            class: Set(id.clone()),
            resource: Set(resource.to_owned()),
            hard_limit: Set(limit),
        })
        .collect();
    let mut tx = cx.service.db.write().await?;
    if !rows.is_empty() {
        let again = OnConflict::columns([Column::Class, Column::Resource])
            .update_column(Column::HardLimit)
            .to_owned();
        Entity::insert_many(rows).on_conflict(again).exec_without_returning(&*tx).await?;
    }
    let limits = quota::defaults(&*tx, &id).await?;
    tx.emit(cx.event("quota_class.update", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "quota_class_set", &view(None, &limits))
}
