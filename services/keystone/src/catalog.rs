//! The catalog, as a token shows it.

use std::{collections::HashSet, sync::Arc};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    directory::Directory,
    model::{endpoint, endpoint_group, project_endpoint, project_endpoint_group, service},
};

#[derive(Serialize)]
struct Entry<'a> {
    endpoints: Vec<Endpoint<'a>>,
    id: &'a str,
    name: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    id: &'a str,
    interface: &'a str,
    region: Option<&'a str>,
    region_id: Option<&'a str>,
    url: String,
}

impl Directory {
    /// The catalog for a project (or for none), as JSON.
    pub(crate) async fn catalog(&self, user: &str, project: Option<&str>) -> Result<Arc<RawValue>, DbErr> {
        let generation = self.memory.generation();
        // Addresses that name the user are rare: only then is the catalog one user's own.
        let shared = (generation, format!("project {}", project.unwrap_or_default()));
        let own = (generation, format!("user {user} {}", project.unwrap_or_default()));
        if let Some(known) = self.memory.catalogs.get(&shared).or_else(|| self.memory.catalogs.get(&own)) {
            return Ok(known);
        }
        let db = self.db.read();
        let services = service::Entity::find()
            .filter(service::Column::Enabled.eq(true))
            .order_by_asc(service::Column::Id)
            .all(db)
            .await?;
        let mut endpoints = endpoint::Entity::find()
            .filter(endpoint::Column::Enabled.eq(true))
            .order_by_asc(endpoint::Column::Id)
            .all(db)
            .await?;
        if let Some(project) = project
            && let Some(picked) = picked(db, project, &endpoints).await?
        {
            endpoints.retain(|endpoint| picked.contains(&endpoint.id));
        }
        let names_user = endpoints.iter().any(|endpoint| endpoint.url.contains("(user_id)s"));
        let entries: Vec<Entry<'_>> = services
            .iter()
            .map(|service| Entry {
                endpoints: endpoints
                    .iter()
                    .filter(|endpoint| endpoint.service_id == service.id)
                    .filter_map(|endpoint| {
                        Some(Endpoint {
                            id: &endpoint.id,
                            interface: &endpoint.interface,
                            region: endpoint.region_id.as_deref(),
                            region_id: endpoint.region_id.as_deref(),
                            url: address(&endpoint.url, user, project)?,
                        })
                    })
                    .collect(),
                id: &service.id,
                name: &service.name,
                r#type: &service.kind,
            })
            .collect();
        let text = serde_json::to_string(&entries)
            .and_then(RawValue::from_string)
            .map_err(|error| DbErr::Json(error.to_string()))?;
        let catalog: Arc<RawValue> = text.into();
        self.memory.catalogs.insert(if names_user { own } else { shared }, catalog.clone());
        Ok(catalog)
    }
}

/// The address with what it asks for; none when that is not known, or when it asks for what Keystone does not tell.
fn address(template: &str, user: &str, project: Option<&str>) -> Option<String> {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find("%(").into_iter().chain(rest.find("$(")).min() {
        out.push_str(&rest[..at]);
        let (name, behind) = rest[at + 2..].split_once(")s")?;
        out.push_str(match name {
            "project_id" | "tenant_id" => project?,
            "user_id" => user,
            _ => return None,
        });
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

/// Whether an address can be filled in at all: what is stored must be.
pub(crate) fn well_formed(template: &str) -> bool {
    address(template, "user", Some("project")).is_some()
}

/// The endpoints picked for a project, where any were.
pub(crate) async fn picked(
    db: &impl ConnectionTrait,
    project: &str,
    endpoints: &[endpoint::Model],
) -> Result<Option<HashSet<String>>, DbErr> {
    let single = project_endpoint::Entity::find()
        .filter(project_endpoint::Column::ProjectId.eq(project))
        .all(db)
        .await?;
    let links = project_endpoint_group::Entity::find()
        .filter(project_endpoint_group::Column::ProjectId.eq(project))
        .all(db)
        .await?;
    if single.is_empty() && links.is_empty() {
        return Ok(None);
    }
    let mut picked: HashSet<String> = single.into_iter().map(|link| link.endpoint_id).collect();
    if !links.is_empty() {
        let groups = endpoint_group::Entity::find()
            .filter(endpoint_group::Column::Id.is_in(links.into_iter().map(|link| link.endpoint_group_id)))
            .all(db)
            .await?;
        for group in groups {
            picked.extend(
                endpoints
                    .iter()
                    .filter(|endpoint| in_group(endpoint, &group))
                    .map(|endpoint| endpoint.id.clone()),
            );
        }
    }
    Ok(Some(picked))
}

/// Whether the filters of a group pick the endpoint.
pub(crate) fn in_group(endpoint: &endpoint::Model, group: &endpoint_group::Model) -> bool {
    group.filters.as_object().is_some_and(|filters| {
        filters.iter().all(|(name, value)| {
            let wanted = value.as_str();
            match name.as_str() {
                "service_id" => wanted == Some(&endpoint.service_id),
                "region_id" => wanted == endpoint.region_id.as_deref(),
                "interface" => wanted == Some(&endpoint.interface),
                _ => false,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_filled_in() {
        assert_eq!(address("http://x/v3", "u", None).as_deref(), Some("http://x/v3"));
        assert_eq!(address("http://x/%(project_id)s/y", "u", Some("p")).as_deref(), Some("http://x/p/y"));
        assert_eq!(address("$(tenant_id)s-%(user_id)s", "u", Some("p")).as_deref(), Some("p-u"));
    }

    #[test]
    fn an_address_that_needs_a_project_is_not_shown_without_one() {
        assert_eq!(address("http://x/%(project_id)s", "u", None), None);
    }

    #[test]
    fn an_address_can_ask_for_nothing_else() {
        assert!(!well_formed("http://x/%(admin_token)s"));
        assert!(!well_formed("http://x/$(project_id)"));
        assert!(well_formed("http://x/100%"));
    }
}
