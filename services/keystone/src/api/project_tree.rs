//! What a project lies in and what lies in it, for `GET /v3/projects/{id}?parents_as_list` and its like.

use std::collections::{BTreeMap, HashMap, HashSet};

use platform::{
    http::Fault,
    wire::{At, Version},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value, json};

use super::{
    Cx,
    listing::Listing,
    projects::{ProjectView, tags_of},
};
use crate::{
    model::{assignment, project},
    roles,
};

/// The members `parents` and `subtree`, as asked.
pub(super) async fn relatives(
    cx: &Cx,
    project: &project::Model,
    listing: &Listing,
) -> Result<Map<String, Value>, Fault> {
    let flag = |name: &str| listing.flag(name).unwrap_or(false);
    let (up_list, up_ids) = (flag("parents_as_list"), flag("parents_as_ids"));
    let (down_list, down_ids) = (flag("subtree_as_list"), flag("subtree_as_ids"));
    for (list, ids, what) in [(up_list, up_ids, "parents"), (down_list, down_ids, "subtree")] {
        if list && ids {
            return Err(Fault::bad_request(format!(
                "Cannot use {what}_as_list and {what}_as_ids query params at the same time."
            )));
        }
    }
    let mut out = Map::new();
    if !(up_list || up_ids || down_list || down_ids) {
        return Ok(out);
    }
    let mine = if up_list || down_list { own_projects(cx).await? } else { HashSet::new() };
    if up_list || up_ids {
        let facts = cx.service.authority.directory.project(&project.id).await?;
        let ids = facts.map(|facts| facts.ancestors.clone()).unwrap_or_default();
        let chain: Value = ids.iter().rev().fold(Value::Null, |inner, id| json!({id: inner}));
        let value = if up_ids {
            chain
        } else {
            let rows = project::Entity::find()
                .filter(project::Column::Id.is_in(ids))
                .all(cx.service.db.read())
                .await?;
            views(cx, rows.into_iter().filter(|row| mine.contains(&row.id)).collect()).await?
        };
        out.insert("parents".into(), value);
    }
    if down_list || down_ids {
        let rows = below(cx, &project.id).await?;
        let value = if down_ids {
            let mut by_parent: HashMap<&str, Vec<&str>> = HashMap::new();
            for row in &rows {
                by_parent.entry(&row.parent_id).or_default().push(&row.id);
            }
            ids_below(&project.id, &by_parent)
        } else {
            views(cx, rows.into_iter().filter(|row| mine.contains(&row.id)).collect()).await?
        };
        out.insert("subtree".into(), value);
    }
    Ok(out)
}

/// All that lies in the project: one query for each level.
async fn below(cx: &Cx, id: &str) -> Result<Vec<project::Model>, Fault> {
    let mut all: Vec<project::Model> = Vec::new();
    let mut level = vec![id.to_owned()];
    while !level.is_empty() {
        let next = project::Entity::find()
            .filter(project::Column::ParentId.is_in(level))
            .all(cx.service.db.read())
            .await?;
        level = next.iter().map(|row| row.id.clone()).collect();
        all.extend(next);
    }
    Ok(all)
}

fn ids_below(id: &str, by_parent: &HashMap<&str, Vec<&str>>) -> Value {
    match by_parent.get(id) {
        None => Value::Null,
        Some(children) => {
            let inner: BTreeMap<&str, Value> =
                children.iter().map(|child| (*child, ids_below(child, by_parent))).collect();
            json!(inner)
        }
    }
}

/// Projects in which the caller itself has a role: lists of relatives show no others.
async fn own_projects(cx: &Cx) -> Result<HashSet<String>, Fault> {
    let rows = assignment::Entity::find()
        .filter(roles::of_user(&cx.caller.user.id))
        .filter(assignment::Column::TargetKind.eq("project"))
        .filter(assignment::Column::Inherited.eq(false))
        .all(cx.service.db.read())
        .await?;
    Ok(rows.into_iter().map(|row| row.target_id).collect())
}

async fn views(cx: &Cx, rows: Vec<project::Model>) -> Result<Value, Fault> {
    let tags = tags_of(cx.service.db.read(), &rows).await?;
    let mut out = Vec::new();
    for row in rows {
        let view = ProjectView::of(cx, row, &tags);
        out.push(json!({"project": serde_json::to_value(At(&view, Version::new(0, 0)))?}));
    }
    Ok(Value::Array(out))
}
