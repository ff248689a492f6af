//! What Glance offers to other services.

use std::collections::BTreeMap;

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    image::{Image, ImageData, Images, NewImage},
};
use platform::events::Event;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Error, Glance,
    content::upload::{self, Incoming, Purpose},
    image::{access, create, rules},
    model::{
        content,
        image::{self, Whole, status},
        property,
    },
};

#[async_trait]
impl Images for Glance {
    async fn image(&self, caller: &Caller, id: Uuid) -> CallResult<Image> {
        let admin = caller.has_role("admin");
        let (image, shared) = image::visible(self.db.read(), caller, admin, id).await?;
        if !self.base.policy.allows("get_image", caller, &access::target(&image, caller, shared)) {
            return Err(Error::NoImage(id).into());
        }
        Ok(self.shown(image).await?)
    }

    async fn create(&self, caller: &Caller, new: NewImage) -> CallResult<Image> {
        let whole = self.made(caller, new)?;
        let mut tx = self.db.write().await.map_err(Error::from)?;
        create::insert(&*tx, &whole, &self.config).await?;
        tx.emit(Event::new("image.create", whole.image.id).project(whole.image.owner.as_str()));
        tx.commit().await.map_err(Error::from)?;
        Ok(told(whole))
    }

    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)> {
        let image = image::get(self.db.read(), id).await?;
        let Some(content) = image.content.filter(|_| image.status == status::ACTIVE) else {
            return Err(CallError::Conflict(format!("Image {id} is not active.")));
        };
        let length = u64::try_from(image.size).unwrap_or(0);
        let data = self.store.read(content, 0, length).await.map_err(Error::Storage)?;
        Ok((self.shown(image).await?, data))
    }

    async fn store(&self, id: Uuid, data: ImageData) -> CallResult<Image> {
        let incoming = Incoming { image: id, data, announced: None, purpose: Purpose::Upload, request: None };
        let service =
            self.me.upgrade().ok_or_else(|| CallError::unavailable("glance", "it is coming to its end"))?;
        let image = upload::take(&service, incoming).await?;
        Ok(self.shown(image).await?)
    }

    async fn discard(&self, id: Uuid) -> CallResult<()> {
        match self.remove(id, None).await {
            Ok(()) | Err(Error::NoImage(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn delete(&self, caller: &Caller, id: Uuid) -> CallResult<()> {
        let admin = caller.has_role("admin");
        let (image, shared) = image::visible(self.db.read(), caller, admin, id).await?;
        if !self.base.policy.allows("delete_image", caller, &access::target(&image, caller, shared)) {
            return Err(CallError::Forbidden(format!("You are not permitted to delete image {id}.")));
        }
        Ok(self.remove(id, None).await?)
    }

    async fn having(&self, caller: &Caller, wanted: &BTreeMap<String, String>) -> CallResult<Vec<Image>> {
        let Some(project) = caller.project_id() else { return Ok(Vec::new()) };
        let images = image::having(self.db.read(), project, wanted).await.map_err(Error::from)?;
        Ok(images.into_iter().map(told).collect())
    }
}

impl Glance {
    async fn shown(&self, image: image::Model) -> Result<Image, Error> {
        let properties = property::of(self.db.read(), image.id).await?;
        Ok(told(Whole { image, properties, tags: Default::default() }))
    }

    fn made(&self, caller: &Caller, new: NewImage) -> Result<Whole, Error> {
        let project = caller
            .project_id()
            .ok_or_else(|| Error::Invalid("A token that is scoped to a project is needed.".into()))?;
        let mut given: Map<String, Value> = Map::new();
        for (name, value) in new.properties {
            // Names that users may not set are not set for them either.
            if rules::check_name(&name, false).is_ok() && !create::is_own(&name) {
                given.insert(name, value.into());
            }
        }
        let own = json!({
            "name": new.name,
            "visibility": new.visibility.as_deref().unwrap_or("private"),
            "disk_format": new.disk_format,
            "container_format": "bare",
            "min_disk": new.min_disk,
            "min_ram": new.min_ram,
        });
        given.extend(own.as_object().cloned().unwrap_or_default());
        for (name, value) in &given {
            rules::check_value(name, value)?;
        }
        create::new(given, project)
    }
}

pub(crate) fn told(whole: Whole) -> Image {
    let text = |text: String| (!text.is_empty()).then_some(text);
    let Whole { image, properties, .. } = whole;
    Image {
        id: image.id,
        name: text(image.name),
        status: image.status,
        owner: text(image.owner),
        visibility: image.visibility,
        disk_format: text(image.disk_format),
        container_format: text(image.container_format),
        size: u64::try_from(image.size).ok(),
        virtual_size: u64::try_from(image.virtual_size).ok(),
        min_disk: u64::try_from(image.min_disk).unwrap_or(0),
        min_ram: u64::try_from(image.min_ram).unwrap_or(0),
        sha512: image.hash_value,
        properties,
    }
}

impl Glance {
    /// Deletes an image, whoever asks. Its content follows.
    pub(crate) async fn remove(&self, id: Uuid, event: Option<Event>) -> Result<(), Error> {
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let mut tx = self.db.write().await?;
        let image = image::get(&*tx, id).await?;
        let done = image::Entity::delete_many()
            .filter(image::Column::Id.eq(id))
            .filter(image::Column::Protected.eq(false))
            .exec(&*tx)
            .await?;
        if done.rows_affected == 0 {
            return Err(Error::Forbidden(format!("Image {id} is protected and cannot be deleted.")));
        }
        let contents = content::doom_all(&*tx, id).await?;
        crate::model::task::abandon(&*tx, id).await?;
        tx.emit(event.unwrap_or_else(|| Event::new("image.delete", id).project(image.owner.as_str())));
        tx.commit().await?;
        contents.into_iter().for_each(|content| self.collector.wake(content));
        Ok(())
    }
}
