//! `/v2.0/subnetpools`

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use ipnet::IpNet;
use platform::{
    db::owned::Owned,
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Given, Is, read_create, read_update},
    listing::page,
    permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{Eyes, json::Prefixes, subnet, subnetpool, tag},
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

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/subnetpools", "get_subnetpool", list)
        .list(&subnetpool::LIST)
        .post("/v2.0/subnetpools", "create_subnetpool", create)
        .get("/v2.0/subnetpools/{id}", "get_subnetpool", show)
        .put("/v2.0/subnetpools/{id}", "update_subnetpool", update)
        .delete("/v2.0/subnetpools/{id}", "delete_subnetpool", delete)
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

/// The pool, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<subnetpool::Model, Error> {
    Ok(cx.open(subnetpool::find(cx.service.db.read(), id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = subnetpool::visible(&Eyes::of(&cx)?);
    let page = page(&cx.service, select, &subnetpool::LIST, &query, &[]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|pool| pool.id).collect();
    let mut tags = tag::of_all(cx.service.db.read(), &page.items).await?;
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
    let tags = tag::of(cx.service.db.read(), &pool).await?;
    wrapped(StatusCode::OK, "subnetpool", &view(pool, tags).only(&query))
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
    change.insert(&pool).await?;
    change.emit(cx.event("subnetpool.create.end", pool.id));
    Ok(pool)
}

async fn refuse_second_default(change: &Change<'_>, v4: bool, own: Option<Uuid>) -> Result<(), Error> {
    let other = subnetpool::default_id(&**change, if v4 { 4 } else { 6 }).await?;
    match other.filter(|other| Some(*other) != own) {
        Some(_) => Err(Error::invalid(
            "A default subnetpool for this IP family has already been set. Only one default may exist per IP family",
        )),
        None => Ok(()),
    }
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "subnetpool", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    given.allow(&cx, "update_subnetpool", &found.target())?;
    let change = cx.service.change().await?;
    let mut pool = change.again(&found).await?;
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
    change.save(&pool).await?;
    change.commit().await?;
    let tags = tag::of(cx.service.db.read(), &pool).await?;
    wrapped(StatusCode::OK, "subnetpool", &view(pool, tags))
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let pool = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    if !subnet::cut_from(&*change, &pool).await?.is_empty() {
        return Err(Error::subnetpool_in_use("Subnet pool has existing allocations"));
    }
    tag::clear(&change, &pool).await?;
    change.delete(&pool).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
