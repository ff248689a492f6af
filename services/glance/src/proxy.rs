//! What Nova's old API shows of Glance.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::Utc;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    image_proxy::{DatedImage, ImageFilter, ImageProxy, PropertyChange},
};
use platform::{
    db::{
        list::{self, Paging},
        owned::{Denied, Sealed},
    },
    events::Event,
    http::{Base, Fault, Query},
};
use sea_orm::{ConnectionTrait, Order};
use uuid::Uuid;

use crate::{
    Error, Glance,
    image::{create, rules},
    model::{
        image::{self, Seen, Whole},
        image_list as images,
    },
    offers::told,
};

/// The most that one list holds.
const PAGE: u64 = 1000;

fn dated(whole: Whole) -> DatedImage {
    let (created_at, updated_at) = (whole.image.created_at, whole.image.updated_at);
    DatedImage { image: told(whole), created_at, updated_at }
}

/// A refusal of lists, whose reasons are the query's.
fn refused(fault: Fault) -> CallError {
    if fault.status.is_client_error() {
        CallError::Invalid(fault.message)
    } else {
        CallError::unavailable("image", fault.message)
    }
}

/// The filter in the words of Glance's own lists.
fn query(filter: ImageFilter) -> Query {
    let mut pairs: Vec<(String, String)> = filter
        .properties
        .into_iter()
        // Names that lists know otherwise are no custom properties: no image has such a one.
        .filter(|(name, _)| !create::is_own(name) && rules::check_name(name, false).is_ok())
        .collect();
    let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
    if let Some(name) = filter.name {
        put("name", format!("eq:{name}"));
    }
    if let Some(status) = filter.status {
        put("status", format!("eq:{status}"));
    }
    if let Some(since) = filter.changes_since {
        put("updated_at", format!("gte:{}", since.format("%Y-%m-%dT%H:%M:%S%.6fZ")));
    }
    if let Some(min_ram) = filter.min_ram {
        put("min_ram", min_ram.to_string());
    }
    if let Some(min_disk) = filter.min_disk {
        put("min_disk", min_disk.to_string());
    }
    Query { pairs }
}

async fn found(db: &impl ConnectionTrait, caller: &Caller, id: Uuid) -> Result<Sealed<Seen>, Error> {
    Ok(image::find(db, caller, caller.has_role("admin"), id).await?)
}

#[async_trait]
impl ImageProxy for Glance {
    async fn images(&self, caller: &Caller, filter: ImageFilter) -> CallResult<Vec<DatedImage>> {
        let db = self.db.read();
        let limit = filter.limit.unwrap_or(PAGE).min(PAGE);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let paging = Paging {
            limit: Some(limit),
            marker: filter.marker.map(|id| id.to_string()),
            sort: vec![("created_at".to_owned(), Order::Desc)],
            reverse: false,
        };
        let scope = self.base.scope_of_all(caller, "context_is_admin");
        let scope = scope.unwrap_or_else(|| Base::own_scope(caller));
        let select = images::visible(&query(filter), caller, &scope)?;
        let page = list::page_of(db, select, &images::SPEC, &paging).await.map_err(refused)?;
        let wholes = image::whole(db, page.items).await.map_err(Error::from)?;
        Ok(wholes.into_iter().map(dated).collect())
    }

    async fn dated_image(&self, caller: &Caller, id: Uuid) -> CallResult<DatedImage> {
        let db = self.db.read();
        let seen = self.base.open(caller, "get_image", found(db, caller, id).await?)?;
        Ok(dated(image::one_whole(db, seen.image).await.map_err(Error::from)?))
    }

    async fn change_properties(
        &self,
        caller: &Caller,
        id: Uuid,
        change: PropertyChange,
    ) -> CallResult<BTreeMap<String, String>> {
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let seen = match self.base.open(caller, "modify_image", found(&*tx, caller, id).await?) {
            Err(Denied::Refused(_)) => {
                return Err(CallError::Forbidden(format!("You are not permitted to modify image {id}.")));
            }
            opened => opened?,
        };
        let unchanged = image::one_whole(&*tx, seen.image).await.map_err(Error::from)?;
        let (mut whole, before) = (unchanged.clone(), &unchanged.properties);
        match change {
            PropertyChange::Replace(properties) => whole.properties = properties,
            PropertyChange::Merge(properties) => whole.properties.extend(properties),
            PropertyChange::Remove(name) => {
                if whole.properties.remove(&name).is_none() {
                    return Err(CallError::NotFound("Invalid metadata key".into()));
                }
            }
        }
        for (name, value) in whole.properties.iter().filter(|(name, value)| before.get(*name) != Some(value))
        {
            if create::is_own(name) {
                return Err(CallError::Invalid(format!("{name} is no custom property.")));
            }
            rules::check_name(name, false)?;
            rules::check_value(name, &value.as_str().into())?;
        }
        create::check_numbers(&whole)?;
        whole.image.updated_at = Utc::now();
        image::save(&tx, &unchanged, &whole).await.map_err(Error::from)?;
        tx.emit(Event::new("image.update", id).project(whole.image.owner.as_str()));
        tx.commit().await.map_err(Error::from)?;
        Ok(whole.properties)
    }
}
