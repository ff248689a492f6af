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
    db::list::{self, Paging},
    events::Event,
    http::{Fault, Query},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter};
use uuid::Uuid;

use crate::{
    Error, Glance,
    image::{access, create, list as images, rules},
    model::{
        image::{self, Whole},
        property,
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
        let select = images::select(&query(filter), caller, caller.has_role("admin"))?;
        let page = list::page_of(db, select, &images::SPEC, &paging).await.map_err(refused)?;
        let wholes = image::whole(db, page.items).await.map_err(Error::from)?;
        Ok(wholes.into_iter().map(dated).collect())
    }

    async fn dated_image(&self, caller: &Caller, id: Uuid) -> CallResult<DatedImage> {
        let (db, admin) = (self.db.read(), caller.has_role("admin"));
        let (image, shared) = image::visible(db, caller, admin, id).await?;
        if !self.base.policy.allows("get_image", caller, &access::target(&image, caller, shared)) {
            return Err(Error::NoImage(id).into());
        }
        Ok(dated(image::one_whole(db, image).await.map_err(Error::from)?))
    }

    async fn change_properties(
        &self,
        caller: &Caller,
        id: Uuid,
        change: PropertyChange,
    ) -> CallResult<BTreeMap<String, String>> {
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let (image, shared) = image::visible(&*tx, caller, caller.has_role("admin"), id).await?;
        if !self.base.policy.allows("modify_image", caller, &access::target(&image, caller, shared)) {
            return Err(CallError::Forbidden(format!("You are not permitted to modify image {id}.")));
        }
        let mut whole = image::one_whole(&*tx, image).await.map_err(Error::from)?;
        let before = whole.properties.clone();
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
        property::replace(&*tx, id, &whole.properties).await.map_err(Error::from)?;
        let changed = image::ActiveModel { updated_at: Set(Utc::now()), ..Default::default() };
        image::Entity::update_many()
            .set(changed)
            .filter(image::Column::Id.eq(id))
            .exec(&*tx)
            .await
            .map_err(Error::from)?;
        tx.emit(Event::new("image.update", id).project(whole.image.owner.as_str()));
        tx.commit().await.map_err(Error::from)?;
        Ok(whole.properties)
    }
}
