//! `/os-quota-sets`: limits of projects, and of users in them, with what is used.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body, View,
    db::{list::count, sum},
    http::{self as web, Cx, Fault, Query, Routes},
    policy::Target,
    wire::Version,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};

use super::lenient::{Flag, MAX, Number};
use crate::{
    Nova,
    model::{
        quota::{ActiveModel, Column, Entity},
        server, server_group,
    },
    quota::{self, Limits, Usage},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let one = "/v2.1/os-quota-sets/{id}";
    Routes::new()
        .get(one, "os_compute_api:os-quota-sets:show", show)
        .get("/v2.1/os-quota-sets/{id}/detail", "os_compute_api:os-quota-sets:detail", detail)
        .get("/v2.1/os-quota-sets/{id}/defaults", "os_compute_api:os-quota-sets:defaults", defaults)
        .put(one, "os_compute_api:os-quota-sets:update", update)
        .delete(one, "os_compute_api:os-quota-sets:delete", delete)
}

/// A limit: -1 for none.
pub type Limit = Number<-1, MAX>;

#[derive(View)]
struct QuotaView<'a, V: Serialize> {
    #[view(skip_none)]
    id: Option<&'a str>,
    instances: V,
    cores: V,
    ram: V,
    metadata_items: V,
    key_pairs: V,
    server_groups: V,
    server_group_members: V,
    #[view(until = "2.35")]
    fixed_ips: V,
    #[view(until = "2.35")]
    floating_ips: V,
    #[view(until = "2.35")]
    security_groups: V,
    #[view(until = "2.35")]
    security_group_rules: V,
    #[view(until = "2.56")]
    injected_files: V,
    #[view(until = "2.56")]
    injected_file_content_bytes: V,
    #[view(until = "2.56")]
    injected_file_path_bytes: V,
}

impl<'a, V: Serialize> QuotaView<'a, V> {
    fn new(id: Option<&'a str>, of: impl Fn(&str) -> V) -> Self {
        Self {
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
}

fn of_limits<'a>(id: Option<&'a str>, limits: &Limits) -> QuotaView<'a, i64> {
    QuotaView::new(id, |name| limits.get(name).copied().unwrap_or(-1))
}

#[derive(Serialize)]
struct Detail {
    limit: i64,
    in_use: i64,
    reserved: i64,
}

#[derive(Deserialize, Body)]
#[body(wrap = "quota_set")]
struct Update {
    instances: Option<Limit>,
    cores: Option<Limit>,
    ram: Option<Limit>,
    metadata_items: Option<Limit>,
    key_pairs: Option<Limit>,
    server_groups: Option<Limit>,
    server_group_members: Option<Limit>,
    #[body(until = "2.35")]
    fixed_ips: Option<Limit>,
    #[body(until = "2.35")]
    floating_ips: Option<Limit>,
    #[body(until = "2.35")]
    security_groups: Option<Limit>,
    #[body(until = "2.35")]
    security_group_rules: Option<Limit>,
    #[body(until = "2.56")]
    injected_files: Option<Limit>,
    #[body(until = "2.56")]
    injected_file_content_bytes: Option<Limit>,
    #[body(until = "2.56")]
    injected_file_path_bytes: Option<Limit>,
    /// Also below what is used.
    force: Option<Flag>,
}

impl Update {
    fn given(self) -> Vec<(&'static str, i64)> {
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
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?.0))).collect()
    }
}

/// The limits of a project, or of a user in it: those that nobody set are the project's.
async fn limits(db: &impl ConnectionTrait, project: &str, user: Option<&str>) -> Result<Limits, DbErr> {
    let mut limits = quota::limits(db, project).await?;
    let Some(user) = user else { return Ok(limits) };
    let rows =
        Entity::find().filter(Column::ProjectId.eq(project)).filter(Column::UserId.eq(user)).all(db).await?;
    for row in rows {
        if let Some(limit) = limits.get_mut(row.resource.as_str()) {
            *limit = row.hard_limit;
        }
    }
    Ok(limits)
}

/// What a project has, or a user in it.
async fn usage(db: &impl ConnectionTrait, project: &str, user: Option<&str>) -> Result<Usage, DbErr> {
    let Some(user) = user else { return quota::usage(db, project).await };
    let own = server::Entity::find()
        .filter(server::Column::ProjectId.eq(project))
        .filter(server::Column::UserId.eq(user))
        .filter(server::Column::Deleted.eq(false));
    let instances = count(db, own.clone()).await?;
    let sums: Option<(Option<i64>, Option<i64>)> = own
        .select_only()
        .column_as(sum(db, server::Column::Vcpus), "cores")
        .column_as(sum(db, server::Column::MemoryMb), "ram")
        .into_tuple()
        .one(db)
        .await?;
    let (cores, ram) = sums.unwrap_or_default();
    let groups = server_group::Entity::find()
        .filter(server_group::Column::ProjectId.eq(project))
        .filter(server_group::Column::UserId.eq(user));
    let server_groups = count(db, groups).await? as i64;
    Ok(Usage { instances: instances as i64, cores: cores.unwrap_or(0), ram: ram.unwrap_or(0), server_groups })
}

/// The user that the query names.
fn user<'q>(cx: &Cx<Nova>, query: &'q Query) -> Result<Option<&'q str>, Fault> {
    if cx.version >= Version::new(2, 75) {
        query.only(&["user_id"])?;
    }
    let user = query.get("user_id").filter(|user| !user.is_empty());
    match user {
        Some(user) if user.chars().count() > 64 => {
            Err(Fault::bad_request("user_id has more than 64 characters."))
        }
        user => Ok(user),
    }
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(id.as_str()))?;
    let user = user(&cx, &query)?;
    let limits = limits(cx.service.db.read(), &id, user).await?;
    cx.answer(StatusCode::OK, "quota_set", &of_limits(Some(&id), &limits))
}

async fn detail(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(id.as_str()))?;
    let user = user(&cx, &query)?;
    let db = cx.service.db.read();
    let (limits, usage) = (limits(db, &id, user).await?, usage(db, &id, user).await?);
    let keypairs = match user {
        Some(user) => quota::keypairs(db, user).await?,
        None => 0,
    };
    let view = QuotaView::new(Some(&id), |name| Detail {
        limit: limits.get(name).copied().unwrap_or(-1),
        in_use: if name == "key_pairs" { keypairs } else { usage.of(name) },
        // Nothing is reserved: a server counts from the moment of its row.
        reserved: 0,
    });
    cx.answer(StatusCode::OK, "quota_set", &view)
}

async fn defaults(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(id.as_str()))?;
    if cx.version >= Version::new(2, 102) {
        query.only(&[])?;
    }
    let limits = quota::defaults(cx.service.db.read(), "default").await?;
    cx.answer(StatusCode::OK, "quota_set", &of_limits(Some(&id), &limits))
}

/// A limit may be neither below what is used nor, for a user, above the project's.
fn settable(resource: &str, limit: i64, used: i64, most: i64) -> Result<(), Fault> {
    let height = |limit: i64| if limit < 0 { i64::MAX } else { limit };
    if height(limit) < used {
        return Err(Fault::bad_request(format!(
            "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved {used}."
        )));
    }
    if height(limit) > height(most) {
        return Err(Fault::bad_request(format!(
            "Quota limit {limit} for {resource} must be less than or equal to {most}."
        )));
    }
    Ok(())
}

async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    query: Query,
    web::Body(body): web::Body<Update>,
) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(id.as_str()))?;
    let user = user(&cx, &query)?;
    if id.chars().count() > 64 {
        return Err(Fault::bad_request(format!(
            "Project ID {} is not a valid project.",
            id.chars().take(64).collect::<String>()
        )));
    }
    let forced = body.force.is_some_and(|flag| flag.0);
    let given = body.given();
    let mut tx = cx.service.db.write().await?;
    if !forced {
        let used = usage(&*tx, &id, user).await?;
        let project = quota::limits(&*tx, &id).await?;
        for (resource, limit) in &given {
            let most = if user.is_some() { project.get(resource).copied().unwrap_or(-1) } else { -1 };
            settable(resource, *limit, used.of(resource), most)?;
        }
    }
    let rows: Vec<ActiveModel> = given
        .into_iter()
        .map(|(resource, limit)| ActiveModel {
            project_id: Set(id.clone()),
            user_id: Set(user.unwrap_or_default().to_owned()),
            resource: Set(resource.to_owned()),
            hard_limit: Set(limit),
        })
        .collect();
    if !rows.is_empty() {
        let again = OnConflict::columns([Column::ProjectId, Column::UserId, Column::Resource])
            .update_column(Column::HardLimit)
            .to_owned();
        Entity::insert_many(rows).on_conflict(again).exec_without_returning(&*tx).await?;
    }
    let limits = limits(&*tx, &id, user).await?;
    tx.emit(cx.event("quota.update", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "quota_set", &of_limits(None, &limits))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<StatusCode, Fault> {
    cx.allow_on(&Target::project(id.as_str()))?;
    let mut gone = Entity::delete_many().filter(Column::ProjectId.eq(id.as_str()));
    if let Some(user) = user(&cx, &query)? {
        gone = gone.filter(Column::UserId.eq(user));
    }
    let mut tx = cx.service.db.write().await?;
    gone.exec(&*tx).await?;
    tx.emit(cx.event("quota.delete", &id));
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_not_set_below_what_is_used() {
        assert!(settable("cores", 3, 4, -1).is_err());
        assert!(settable("cores", 4, 4, -1).is_ok());
        assert!(settable("cores", -1, 4, -1).is_ok());
    }

    #[test]
    fn a_users_limit_is_not_set_above_the_projects() {
        assert!(settable("cores", 21, 0, 20).is_err());
        assert!(settable("cores", -1, 0, 20).is_err());
        assert!(settable("cores", 20, 0, 20).is_ok());
    }
}
