//! `/v2.0/subnetpools`

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use ipnet::IpNet;
use platform::{
    db::list::{Kind as Column, ListSpec},
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Given, Is, read_create, read_update},
    id as id_of,
    listing::page,
    permit, permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{self, json::Prefixes, subnet, subnetpool},
    network::Eyes,
    quota::{Counted, admit},
    subnet::{Bounds, check_bounds},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)).required(),
    Attribute::new("prefixes", Is::Any).required(),
    Attribute::new("default_quota", Is::MaybeNumber(0, i64::MAX)),
    Attribute::new("default_prefixlen", Is::MaybeNumber(0, 128)),
    Attribute::new("min_prefixlen", Is::MaybeNumber(0, 128)),
    Attribute::new("max_prefixlen", Is::MaybeNumber(0, 128)),
    Attribute::new("shared", Is::Flag).fixed().guarded_if_said(),
    Attribute::new("is_default", Is::Flag).guarded_if_said(),
    Attribute::shown("ip_version"),
    Attribute::shown("tags"),
];

static LIST: ListSpec<subnetpool::Entity> = ListSpec {
    id: subnetpool::Column::Id,
    id_kind: Column::Uuid,
    filters: &[
        ("id", subnetpool::Column::Id, Column::Uuid),
        ("name", subnetpool::Column::Name, Column::Text),
        ("project_id", subnetpool::Column::ProjectId, Column::Text),
        ("tenant_id", subnetpool::Column::ProjectId, Column::Text),
        ("ip_version", subnetpool::Column::IpVersion, Column::Int),
        ("shared", subnetpool::Column::Shared, Column::Bool),
        ("is_default", subnetpool::Column::IsDefault, Column::Bool),
        ("default_prefixlen", subnetpool::Column::DefaultPrefixlen, Column::Int),
        ("min_prefixlen", subnetpool::Column::MinPrefixlen, Column::Int),
        ("max_prefixlen", subnetpool::Column::MaxPrefixlen, Column::Int),
        ("description", subnetpool::Column::Description, Column::Text),
    ],
    sorts: &[
        ("id", subnetpool::Column::Id),
        ("name", subnetpool::Column::Name),
        ("project_id", subnetpool::Column::ProjectId),
        ("tenant_id", subnetpool::Column::ProjectId),
        ("ip_version", subnetpool::Column::IpVersion),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/subnetpools", "get_subnetpool", list)
        .list(&LIST)
        .post("/v2.0/subnetpools", "create_subnetpool", create)
        .get("/v2.0/subnetpools/{id}", "get_subnetpool", show)
        .put("/v2.0/subnetpools/{id}", "update_subnetpool", update)
        .delete("/v2.0/subnetpools/{id}", "delete_subnetpool", delete)
}

/// A pool as the target of a policy.
pub(super) fn target(pool: &subnetpool::Model) -> Target<'_> {
    Target::project(pool.project_id.as_str()).with("shared", if pool.shared { "True" } else { "False" })
}

fn view(pool: subnetpool::Model, tags: Vec<String>) -> Shown {
    Shown::new()
        .with("name", pool.name)
        .json("prefixes", &pool.prefixes)
        .with("ip_version", pool.ip_version)
        .with("default_prefixlen", pool.default_prefixlen)
        .with("min_prefixlen", pool.min_prefixlen)
        .with("max_prefixlen", pool.max_prefixlen)
        .with("default_quota", pool.default_quota)
        .with("shared", pool.shared)
        .with("is_default", pool.is_default)
        .with("address_scope_id", Value::Null)
        .standard(
            pool.id,
            &pool.project_id,
            &pool.description,
            (pool.created_at, pool.updated_at, pool.revision),
        )
        .tags(tags)
}

async fn find(cx: &Cx<Neutron>, text: &str) -> Result<subnetpool::Model, Error> {
    let id = id_of(text, Error::subnetpool_missing)?;
    let missing = || Error::subnetpool_missing(id);
    let pool = subnetpool::Entity::find_by_id(id).one(cx.service.db.read()).await?.ok_or_else(missing)?;
    permit(cx, "get_subnetpool", &target(&pool), missing)?;
    Ok(pool)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let mut select = subnetpool::Entity::find();
    if !eyes.all {
        select = select.filter(
            Condition::any()
                .add(subnetpool::Column::ProjectId.eq(eyes.project.as_str()))
                .add(subnetpool::Column::Shared.eq(true)),
        );
    }
    let page = page(&cx.service, select, &LIST, &query, &[]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|pool| pool.id).collect();
    let mut tags = model::tags_of(cx.service.db.read(), &ids).await?;
    let shown = page
        .items
        .into_iter()
        .map(|pool| {
            let tags = tags.remove(&pool.id).unwrap_or_default();
            view(pool, tags)
        })
        .collect();
    listed(&cx, "subnetpools", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let pool = find(&cx, &id).await?;
    let tags = model::tags_of(cx.service.db.read(), &[pool.id]).await?.remove(&pool.id);
    wrapped(StatusCode::OK, "subnetpool", &view(pool, tags.unwrap_or_default()).only(&query))
}

/// Prefixes as given (a list, or one alone), joined where they touch.
fn prefixes(given: &Given) -> Result<Option<(bool, Vec<IpNet>)>, Error> {
    let texts: Vec<String> = match given.value("prefixes") {
        None => return Ok(None),
        Some(Value::String(one)) => vec![one.clone()],
        Some(_) => given.read("prefixes")?.unwrap_or_default(),
    };
    let nets = texts
        .iter()
        .map(|text| {
            text.parse::<IpNet>()
                .map(|net| net.trunc())
                .map_err(|_| Error::bad_value("prefixes", format!("'{text}' is not a valid IP subnet")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = nets.first() else { return Err(Error::subnetpool_empty()) };
    let v4 = matches!(first, IpNet::V4(_));
    if nets.iter().any(|net| matches!(net, IpNet::V4(_)) != v4) {
        return Err(Error::subnetpool_mixed());
    }
    Ok(Some((v4, IpNet::aggregate(&nets))))
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "subnetpool", "subnetpools", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut shown = Vec::new();
    for given in &bodies.given {
        shown.push(view(create_one(&cx, &mut change, given).await?, Vec::new()));
    }
    change.commit().await?;
    made(bodies.bulk, "subnetpool", "subnetpools", shown)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
) -> Result<subnetpool::Model, Error> {
    let project = given.project(cx)?;
    let target = Target::project(project.as_str());
    permit_making(cx, &target)?;
    given.allow(cx, "create_subnetpool", &target)?;
    admit(change, &project, Counted::SubnetPool, 1).await?;
    let Some((v4, prefixes)) = prefixes(given)? else { return Err(Error::subnetpool_empty()) };
    let min = given.number("min_prefixlen").unwrap_or(if v4 { 8 } else { 64 });
    let max = given.number("max_prefixlen").unwrap_or(if v4 { 32 } else { 128 });
    let default = given.number("default_prefixlen").unwrap_or(min);
    check_bounds(v4, Bounds { min, max, default })?;
    let is_default = given.flag("is_default").unwrap_or(false);
    if is_default {
        refuse_second_default(change, v4, None).await?;
    }
    let now = Utc::now();
    let pool = subnetpool::Model {
        id: Uuid::new_v4(),
        project_id: project,
        name: given.text_or("name", ""),
        ip_version: if v4 { 4 } else { 6 },
        prefixes: Prefixes(prefixes),
        default_prefixlen: default as i32,
        min_prefixlen: min as i32,
        max_prefixlen: max as i32,
        default_quota: given.number("default_quota"),
        shared: given.flag("shared").unwrap_or(false),
        is_default,
        description: given.text_or("description", ""),
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    subnetpool::Entity::insert(pool.clone().into_active_model()).exec_without_returning(&**change).await?;
    change.emit(cx.event("subnetpool.create.end", pool.id));
    Ok(pool)
}

async fn refuse_second_default(change: &Change<'_>, v4: bool, own: Option<Uuid>) -> Result<(), Error> {
    let other = subnetpool::Entity::find()
        .filter(subnetpool::Column::IsDefault.eq(true))
        .filter(subnetpool::Column::IpVersion.eq(if v4 { 4 } else { 6 }))
        .one(&**change)
        .await?;
    match other.filter(|other| Some(other.id) != own) {
        Some(_) => Err(Error::invalid(
            "A default subnetpool for this IP family has already been set. Only one default may exist per IP family",
        )),
        None => Ok(()),
    }
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "subnetpool", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    given.allow(&cx, "update_subnetpool", &target(&found))?;
    let change = cx.service.change().await?;
    let missing = || Error::subnetpool_missing(&id);
    let mut pool = subnetpool::Entity::find_by_id(found.id).one(&*change).await?.ok_or_else(missing)?;
    let v4 = pool.ip_version == 4;
    given.set_text("name", &mut pool.name);
    given.set_text("description", &mut pool.description);
    if let Some((family, wanted)) = prefixes(&given)? {
        if family != v4 {
            return Err(Error::subnetpool_mixed());
        }
        let kept = pool.prefixes.0.iter().all(|old| wanted.iter().any(|new| new.contains(old)));
        if !kept {
            return Err(Error::subnetpool_shrinks("Existing prefixes must be a subset of the new prefixes"));
        }
        pool.prefixes.0 = wanted;
    }
    let number = |name: &str, now: i32| given.number(name).unwrap_or(i64::from(now));
    let bounds = Bounds {
        min: number("min_prefixlen", pool.min_prefixlen),
        max: number("max_prefixlen", pool.max_prefixlen),
        default: number("default_prefixlen", pool.default_prefixlen),
    };
    check_bounds(v4, bounds)?;
    pool.min_prefixlen = bounds.min as i32;
    pool.max_prefixlen = bounds.max as i32;
    pool.default_prefixlen = bounds.default as i32;
    if given.has("default_quota") {
        pool.default_quota = given.number("default_quota");
    }
    if let Some(is_default) = given.flag("is_default") {
        if is_default {
            refuse_second_default(&change, v4, Some(pool.id)).await?;
        }
        pool.is_default = is_default;
    }
    pool.updated_at = Utc::now();
    pool.revision += 1;
    subnetpool::Entity::update(pool.clone().into_active_model().reset_all()).exec(&*change).await?;
    change.commit().await?;
    let tags = model::tags_of(cx.service.db.read(), &[pool.id]).await?.remove(&pool.id);
    wrapped(StatusCode::OK, "subnetpool", &view(pool, tags.unwrap_or_default()))
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let pool = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    let used = subnet::Entity::find().filter(subnet::Column::SubnetpoolId.eq(pool.id)).one(&*change).await?;
    if used.is_some() {
        return Err(Error::subnetpool_in_use("Subnet pool has existing allocations"));
    }
    model::untag(&*change, pool.id).await?;
    subnetpool::Entity::delete_by_id(pool.id).exec(&*change).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
