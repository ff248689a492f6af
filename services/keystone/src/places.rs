//! Making, changing and deleting projects and domains: what must hold among them.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect,
};
use serde_json::Value;

use crate::{
    Keystone,
    change::Change,
    deletion,
    error::Error,
    model::{project, project_tag},
};

/// A project or domain to be made.
pub(crate) struct NewPlace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) is_domain: bool,
    pub(crate) enabled: bool,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) options: Value,
    pub(crate) extra: Value,
    /// The domain of a project that names neither domain nor parent.
    pub(crate) fallback: String,
}

/// What is to be different.
pub(crate) struct PlaceUpdate {
    pub(crate) name: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) options: Value,
    pub(crate) extra: Value,
}

/// What it is called in messages.
fn kind(is_domain: bool) -> &'static str {
    if is_domain { "domain" } else { "project" }
}

fn taken(row: &project::Model) -> Error {
    Error::name_taken(kind(row.is_domain), &row.name, &row.domain_id)
}

pub(crate) async fn create(
    keystone: &Keystone,
    tx: &Change,
    new: NewPlace,
) -> Result<(project::Model, Vec<String>), Error> {
    let (domain_id, parent_id) = if new.is_domain {
        if new.parent.is_some() || new.domain.is_some() {
            return Err(Error::Invalid("only root projects are allowed to act as domains.".into()));
        }
        (String::new(), String::new())
    } else {
        whereabouts(keystone, tx, &new).await?
    };
    let row = project::Model {
        id: new.id,
        domain_id,
        name: new.name,
        parent_id,
        is_domain: new.is_domain,
        enabled: new.enabled,
        description: new.description,
        options: new.options,
        extra: new.extra,
    };
    project::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || taken(&row)))?;
    set_tags(tx, &row.id, &new.tags).await?;
    Ok((row, new.tags))
}

/// The domain and the parent of a new project.
async fn whereabouts(keystone: &Keystone, tx: &Change, new: &NewPlace) -> Result<(String, String), Error> {
    let invalid = |what: &'static str, id: &str| Error::Invalid(Error::missing(what, id).to_string());
    let Some(parent) = &new.parent else {
        let domain = new.domain.clone().unwrap_or_else(|| new.fallback.clone());
        let row = project::Entity::find_by_id(domain.as_str()).one(tx.db()).await?;
        let row = row.filter(|row| row.is_domain).ok_or_else(|| invalid("domain", &domain))?;
        return if row.enabled { Ok((domain.clone(), domain)) } else { Err(disabled(&domain)) };
    };
    let row = project::Entity::find_by_id(parent.as_str()).one(tx.db()).await?;
    let row = row.ok_or_else(|| invalid("project", parent))?;
    let domain = if row.is_domain { row.id.clone() } else { row.domain_id.clone() };
    if new.domain.as_ref().is_some_and(|named| *named != domain) {
        return Err(Error::Invalid(
            "Invalid project parent: the parent is in another domain than the project.".into(),
        ));
    }
    if new.enabled && !row.enabled {
        return Err(disabled(parent));
    }
    let mut depth = 2;
    let mut above = row;
    while !above.parent_id.is_empty() {
        depth += 1;
        if depth > keystone.config.max_project_tree_depth {
            return Err(Error::Forbidden(format!("Max hierarchy depth reached for {parent} branch.")));
        }
        let next = project::Entity::find_by_id(above.parent_id.as_str()).one(tx.db()).await?;
        above = next.ok_or_else(|| invalid("project", parent))?;
    }
    Ok((domain, parent.clone()))
}

fn disabled(id: &str) -> Error {
    Error::Invalid(format!("Cannot create a project below {id}, which is disabled."))
}

pub(crate) async fn update(
    keystone: &Keystone,
    tx: &Change,
    before: project::Model,
    update: PlaceUpdate,
) -> Result<project::Model, Error> {
    let mut row = before.clone();
    row.name = update.name.map_or(row.name, |name| name.trim().to_owned());
    row.enabled = update.enabled.unwrap_or(row.enabled);
    row.description = update.description.unwrap_or(row.description);
    row.options = update.options;
    row.extra = update.extra;
    if !row.is_domain && row.enabled != before.enabled {
        may_switch(keystone, tx, &row).await?;
    }
    if before.enabled && !row.enabled {
        keystone.authority.void(tx.db(), format!("{}:{}", kind(row.is_domain), row.id)).await?;
    }
    project::Entity::update(row.clone().into_active_model().reset_all())
        .exec(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || taken(&row)))?;
    if let Some(tags) = update.tags {
        set_tags(tx, &row.id, &tags).await?;
    }
    Ok(row)
}

/// An enabled project does not lie in a disabled one.
async fn may_switch(keystone: &Keystone, tx: &Change, row: &project::Model) -> Result<(), Error> {
    if row.enabled {
        let facts = keystone.authority.directory.project(&row.id).await?;
        let above = facts.map(|facts| facts.ancestors.clone()).unwrap_or_default();
        let off = project::Entity::find()
            .filter(project::Column::Id.is_in(above))
            .filter(project::Column::IsDomain.eq(false))
            .filter(project::Column::Enabled.eq(false))
            .limit(1)
            .count(tx.db())
            .await?;
        if off > 0 {
            return Err(Error::Forbidden(format!(
                "Cannot enable project {} since it has disabled parents",
                row.id
            )));
        }
        return Ok(());
    }
    let on = project::Entity::find()
        .filter(project::Column::ParentId.eq(row.id.as_str()))
        .filter(project::Column::Enabled.eq(true))
        .limit(1)
        .count(tx.db())
        .await?;
    if on > 0 {
        return Err(Error::Forbidden(format!(
            "Cannot disable project {} since its subtree contains enabled projects.",
            row.id
        )));
    }
    Ok(())
}

/// Deletes a domain with all that is in it.
pub(crate) async fn delete_domain(
    keystone: &Keystone,
    tx: &Change,
    row: &project::Model,
) -> Result<(), Error> {
    if row.enabled {
        return Err(Error::Forbidden(
            "Cannot delete a domain that is enabled, please disable it first.".into(),
        ));
    }
    Ok(deletion::domain(&keystone.authority, tx, &row.id).await?)
}

/// Puts these tags in place of all others.
pub(crate) async fn set_tags(tx: &Change, project: &str, tags: &[String]) -> Result<(), DbErr> {
    project_tag::Entity::delete_many()
        .filter(project_tag::Column::ProjectId.eq(project))
        .exec(tx.db())
        .await?;
    if tags.is_empty() {
        return Ok(());
    }
    let rows = tags
        .iter()
        .map(|tag| project_tag::ActiveModel { project_id: Set(project.to_owned()), name: Set(tag.clone()) });
    project_tag::Entity::insert_many(rows).exec_without_returning(tx.db()).await?;
    Ok(())
}
