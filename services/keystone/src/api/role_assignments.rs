//! `/v3/role_assignments`.

use axum::response::Response;
use platform::{
    http::{Fault, Routes},
    policy::Target,
};
use serde_json::{Map, Value, json};

use super::{
    Cx,
    guard::{Guard, about_list},
    listing::Listing,
};
use crate::{
    Keystone,
    assignments::{Actor, Asked, Assigned, Names, Target as Place},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new().get("/v3/role_assignments", "identity:list_role_assignments", list)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    let get = |name: &str| listing.query.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let asked = Asked {
        user: get("user.id"),
        group: get("group.id"),
        role: get("role.id"),
        project: get("scope.project.id"),
        domain: get("scope.domain.id"),
        system: listing.query.get("scope.system").is_some(),
        inherited: get("scope.OS-INHERIT:inherited_to").map(|text| text == "projects"),
        effective: listing.flag("effective").unwrap_or(false),
        subtree: listing.flag("include_subtree").unwrap_or(false),
    };
    permit(&cx, &asked).await?;
    check(&asked)?;
    let directory = &cx.service.authority.directory;
    let mut all = directory.assignments(&asked).await?;
    if let Some(domain) = cx.domain_scope() {
        directory.keep_domain(&mut all, domain).await?;
    }
    let names = match listing.flag("include_names").unwrap_or(false) {
        true => Some(directory.names(&all).await?),
        false => None,
    };
    let views: Vec<Value> = all.iter().map(|one| view(&cx, one, names.as_ref())).collect();
    listing.answer(&cx, "role_assignments", &views, None)
}

async fn permit(cx: &Cx, asked: &Asked) -> Result<(), Fault> {
    match (&asked.project, asked.subtree) {
        (Some(project), true) => {
            let project = cx.service.authority.directory.project(project).await?;
            let domain = project.map(|project| project.domain.id.clone()).unwrap_or_default();
            cx.permit(&Target::none().with("target.domain_id", domain))
        }
        _ => cx.permit(&about_list(cx)),
    }
}

/// Some questions make no sense together.
fn check(asked: &Asked) -> Result<(), Fault> {
    let refused = |why: &str| Err(Fault::bad_request(why));
    if asked.domain.is_some() && asked.project.is_some() {
        return refused("Specify a domain or project, not both");
    }
    if asked.system && asked.domain.is_some() {
        return refused("Specify system or domain, not both");
    }
    if asked.system && asked.project.is_some() {
        return refused("Specify system or project, not both");
    }
    if asked.user.is_some() && asked.group.is_some() {
        return refused("Specify a user or group, not both");
    }
    if asked.effective && asked.group.is_some() {
        return refused("Combining effective and group filter will always result in an empty list.");
    }
    if asked.effective && asked.inherited == Some(true) && asked.domain.is_some() {
        return refused(
            "Combining effective, domain and inherited filters will always result in an empty list.",
        );
    }
    if asked.subtree && asked.project.is_none() {
        return refused("scope.project.id must be specified if include_subtree is also specified");
    }
    Ok(())
}

fn view(cx: &Cx, one: &Assigned, names: Option<&Names>) -> Value {
    let described = |kind: &str, id: &str| match names.and_then(|names| names.of(kind, id)) {
        Some((name, Some(domain))) => json!({"id": id, "name": name, "domain": domain}),
        Some((name, None)) => json!({"id": id, "name": name}),
        None => json!({"id": id}),
    };
    let mut scope = Map::new();
    match &one.target {
        Place::Project(id) => scope.insert("project".into(), described("project", id)),
        Place::Domain(id) => scope.insert("domain".into(), described("domain", id)),
        Place::System => scope.insert("system".into(), json!({"all": true})),
    };
    if one.inherited {
        scope.insert("OS-INHERIT:inherited_to".into(), json!("projects"));
    }
    let mut links = Map::new();
    links.insert("assignment".into(), json!(cx.link(&path(one))));
    if let Some(group) = &one.by_group
        && let Actor::User(user) = &one.actor
    {
        links.insert("membership".into(), json!(cx.link(&format!("/v3/groups/{group}/users/{user}"))));
    }
    if let Some(prior) = &one.by_role {
        links.insert(
            "prior_role".into(),
            json!(cx.link(&format!("/v3/prior_role/{prior}/implies/{}", one.role))),
        );
    }
    let mut shown = json!({"role": described("role", &one.role), "scope": scope, "links": links});
    match &one.actor {
        Actor::User(id) => shown["user"] = described("user", id),
        Actor::Group(id) => shown["group"] = described("group", id),
    }
    shown
}

/// The path of the assignment that this comes from.
fn path(one: &Assigned) -> String {
    let target = match one.source.as_ref().unwrap_or(&one.target) {
        Place::Project(id) => format!("projects/{id}"),
        Place::Domain(id) => format!("domains/{id}"),
        Place::System => "system".into(),
    };
    let actor = match (&one.by_group, &one.actor) {
        (Some(group), _) => format!("groups/{group}"),
        (None, Actor::User(id)) => format!("users/{id}"),
        (None, Actor::Group(id)) => format!("groups/{id}"),
    };
    let role = one.by_role.as_ref().unwrap_or(&one.role);
    match one.inherited {
        true => format!("/v3/OS-INHERIT/{target}/{actor}/roles/{role}/inherited_to_projects"),
        false => format!("/v3/{target}/{actor}/roles/{role}"),
    }
}
