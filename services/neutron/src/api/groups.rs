//! `/v2.0/security-groups`

use std::collections::HashMap;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Is, read_create, read_update},
    group_rules::view as view_rule,
    listing::page,
    permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    error::Error,
    group as groups,
    model::{Eyes, default_group, group, group_rule, port_group, tag},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)),
    Attribute::new("stateful", Is::Flag),
    Attribute::shown("security_group_rules"),
    Attribute::shown("tags"),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/security-groups", "get_security_group", list)
        .list(&group::LIST)
        .post("/v2.0/security-groups", "create_security_group", create)
        .get("/v2.0/security-groups/{id}", "get_security_group", show)
        .put("/v2.0/security-groups/{id}", "update_security_group", update)
        .delete("/v2.0/security-groups/{id}", "delete_security_group", delete)
}

/// Groups as they are shown, with their rules.
async fn views(cx: &Cx<Neutron>, groups: Vec<group::Model>) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let mut rules: HashMap<Uuid, Vec<Shown>> = HashMap::new();
    for rule in group_rule::of(db, &groups).await? {
        rules.entry(rule.group_id).or_default().push(view_rule(rule));
    }
    let mut tags = tag::of_all(db, &groups).await?;
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

/// The group, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<group::Model, Error> {
    Ok(cx.open(group::find(cx.service.db.read(), id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let eyes = Eyes::of(&cx)?;
    // A project has its default group from the moment it, or an administrator on its behalf, looks.
    let named = query.get("project_id").or(query.get("tenant_id")).filter(|_| eyes.scope().is_everybody());
    let project = named.unwrap_or(eyes.project());
    if !project.is_empty() && default_group::id_of(cx.service.db.read(), project).await?.is_none() {
        let mut change = cx.service.change().await?;
        groups::ensure_default(&mut change, project).await?;
        change.commit().await?;
    }
    let select = group::visible(&eyes, &query)?;
    let page = page(&cx.service, select, &group::LIST, &query, &["shared"]).await?;
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
    let mut group = change.again(&found).await?;
    if let Some(name) = given.text("name") {
        groups::check_name(&group, name)?;
    }
    if let Some(stateful) = given.flag("stateful").filter(|stateful| *stateful != group.stateful) {
        if port_group::has_ports(&*change, &group).await? {
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
