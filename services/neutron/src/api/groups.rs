//! `/v2.0/security-groups`

use std::collections::HashMap;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    db::list::{Kind as Column, ListSpec},
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Is, read_create, read_update},
    group_rules::view as view_rule,
    id as id_of,
    listing::page,
    permit, permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    error::Error,
    group as groups,
    model::{self, group, group_rule, port_group},
    network::Eyes,
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)),
    Attribute::new("stateful", Is::Flag),
    Attribute::shown("security_group_rules"),
    Attribute::shown("tags"),
];

static LIST: ListSpec<group::Entity> = ListSpec {
    id: group::Column::Id,
    id_kind: Column::Uuid,
    filters: &[
        ("id", group::Column::Id, Column::Uuid),
        ("name", group::Column::Name, Column::Text),
        ("project_id", group::Column::ProjectId, Column::Text),
        ("tenant_id", group::Column::ProjectId, Column::Text),
        ("stateful", group::Column::Stateful, Column::Bool),
        ("description", group::Column::Description, Column::Text),
    ],
    sorts: &[
        ("id", group::Column::Id),
        ("name", group::Column::Name),
        ("project_id", group::Column::ProjectId),
        ("tenant_id", group::Column::ProjectId),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/security-groups", "get_security_group", list)
        .list(&LIST)
        .post("/v2.0/security-groups", "create_security_group", create)
        .get("/v2.0/security-groups/{id}", "get_security_group", show)
        .put("/v2.0/security-groups/{id}", "update_security_group", update)
        .delete("/v2.0/security-groups/{id}", "delete_security_group", delete)
}

fn target(group: &group::Model) -> Target<'_> {
    Target::project(group.project_id.as_str())
}

/// Groups as they are shown, with their rules.
async fn views(cx: &Cx<Neutron>, groups: Vec<group::Model>) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let ids: Vec<Uuid> = groups.iter().map(|group| group.id).collect();
    let mut rules: HashMap<Uuid, Vec<Shown>> = HashMap::new();
    for rule in model::all_in(db, group_rule::Entity::find(), group_rule::Column::GroupId, &ids).await? {
        rules.entry(rule.group_id).or_default().push(view_rule(rule));
    }
    let mut tags = model::tags_of(db, &ids).await?;
    Ok(groups
        .into_iter()
        .map(|group| {
            Shown::new()
                .with("name", group.name)
                .with("stateful", group.stateful)
                .with("shared", false)
                .json("security_group_rules", &rules.remove(&group.id).unwrap_or_default())
                .standard(
                    group.id,
                    &group.project_id,
                    &group.description,
                    (group.created_at, group.updated_at, group.revision),
                )
                .tags(tags.remove(&group.id).unwrap_or_default())
        })
        .collect())
}

async fn view_one(cx: &Cx<Neutron>, group: group::Model) -> Result<Shown, Error> {
    Ok(views(cx, vec![group]).await?.pop().unwrap_or_default())
}

async fn find(cx: &Cx<Neutron>, text: &str) -> Result<group::Model, Error> {
    let id = id_of(text, Error::group_missing)?;
    let missing = || Error::group_missing(id);
    let group = group::Entity::find_by_id(id).one(cx.service.db.read()).await?.ok_or_else(missing)?;
    permit(cx, "get_security_group", &target(&group), missing)?;
    Ok(group)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let eyes = Eyes::of(&cx.service, &cx.caller);
    // A project has its default group from the moment it, or an administrator on its behalf, looks.
    let named = query.get("project_id").or(query.get("tenant_id")).filter(|_| eyes.all);
    let project = named.unwrap_or(&eyes.project);
    if !project.is_empty() && groups::default_of(cx.service.db.read(), project).await?.is_none() {
        let mut change = cx.service.change().await?;
        groups::ensure_default(&mut change, project).await?;
        change.commit().await?;
    }
    let mut select = group::Entity::find();
    if !eyes.all {
        select = select.filter(group::Column::ProjectId.eq(eyes.project.as_str()));
    }
    if query.flag("shared")? == Some(true) {
        select = select.filter(model::nothing());
    }
    let page = page(&cx.service, select, &LIST, &query, &["shared"]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|group| group.id).collect();
    let shown = views(&cx, page.items).await?;
    listed(&cx, "security_groups", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let group = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "security_group", &view_one(&cx, group).await?.only(&query))
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "security_group", "security_groups", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut made_now = Vec::new();
    for given in &bodies.given {
        let project = given.project(&cx)?;
        permit_making(&cx, &Target::project(project.as_str()))?;
        let name = given.text_or("name", "");
        let description = given.text("description").unwrap_or_default();
        let stateful = given.flag("stateful").unwrap_or(true);
        let group = groups::create(&mut change, &project, &name, description, stateful).await?;
        change.emit(cx.event("security_group.create.end", group.id));
        made_now.push(group);
    }
    change.commit().await?;
    let shown = views(&cx, made_now).await?;
    made(bodies.bulk, "security_group", "security_groups", shown)
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "security_group", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    let missing = || Error::group_missing(&id);
    let mut group = group::Entity::find_by_id(found.id).one(&*change).await?.ok_or_else(missing)?;
    if let Some(name) = given.text("name") {
        groups::check_name(&group, name)?;
    }
    if let Some(stateful) = given.flag("stateful").filter(|stateful| *stateful != group.stateful) {
        let used =
            port_group::Entity::find().filter(port_group::Column::GroupId.eq(group.id)).one(&*change).await?;
        if used.is_some() {
            return Err(Error::group_in_use(group.id));
        }
        group.stateful = stateful;
    }
    given.set_text("name", &mut group.name);
    given.set_text("description", &mut group.description);
    groups::save(&mut change, &mut group).await?;
    change.emit(cx.event("security_group.update.end", group.id));
    change.commit().await?;
    wrapped(StatusCode::OK, "security_group", &view_one(&cx, group).await?)
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let group = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    groups::remove(&mut change, &group, cx.is_admin()).await?;
    change.emit(cx.event("security_group.delete.end", group.id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
