//! What Glance offers to other services.

use std::collections::BTreeMap;

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    image::{Image, ImageData, Images, NewImage},
};
use platform::{
    db::{
        opened,
        owned::{Denied, Inside},
    },
    events::Event,
    http::Base,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Error, Glance,
    content::upload::{self, Incoming, Purpose},
    image::{create, rules},
    model::{
        content,
        image::{self, Whole, status},
        property, task,
    },
};

const OTHERS: Inside =
    Inside::because("Nova and Cinder go on with images that their users were allowed to use");

#[async_trait]
impl Images for Glance {
    async fn image(&self, caller: &Caller, id: Uuid) -> CallResult<Image> {
        let found = image::find(self.db.read(), caller, caller.has_role("admin"), id).await;
        let seen = self.base.open(caller, "get_image", found.map_err(Error::from)?)?;
        Ok(self.shown(seen.image).await?)
    }

    async fn create(&self, caller: &Caller, new: NewImage) -> CallResult<Image> {
        let whole = self.made(caller, new)?;
        let mut tx = self.db.write().await.map_err(Error::from)?;
        create::insert(&tx, &whole, &self.config).await?;
        tx.emit(Event::new("image.create", whole.image.id).project(whole.image.owner.as_str()));
        tx.commit().await.map_err(Error::from)?;
        Ok(told(whole))
    }

    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)> {
        let image = image::get(self.db.read(), id, &OTHERS).await?;
        let Some(content) = image.content.filter(|_| image.status == status::ACTIVE) else {
            return Err(CallError::Conflict(format!("Image {id} is not active.")));
        };
        let length = u64::try_from(image.size).unwrap_or(0);
        let data = self.store.read(content, 0, length).await.map_err(Error::Storage)?;
        Ok((self.shown(image).await?, data))
    }

    async fn store(&self, id: Uuid, data: ImageData) -> CallResult<Image> {
        let image = image::get(self.db.read(), id, &OTHERS).await?;
        let incoming = Incoming { image, data, announced: None, purpose: Purpose::Upload, request: None };
        let service =
            self.me.upgrade().ok_or_else(|| CallError::unavailable("glance", "it is coming to its end"))?;
        let image = upload::take(&service, incoming).await?;
        Ok(self.shown(image).await?)
    }

    async fn discard(&self, id: Uuid) -> CallResult<()> {
        let image = image::get(self.db.read(), id, &OTHERS).await;
        let removed = async { self.remove(&image?, None).await };
        match removed.await {
            Ok(()) | Err(Error::NoImage(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn delete(&self, caller: &Caller, id: Uuid) -> CallResult<()> {
        let found = image::find(self.db.read(), caller, caller.has_role("admin"), id).await;
        match self.base.open(caller, "delete_image", found.map_err(Error::from)?) {
            Ok(seen) => Ok(self.remove(&seen.image, None).await?),
            Err(Denied::Missing(error)) => Err(error.into()),
            Err(Denied::Refused(_)) => {
                Err(CallError::Forbidden(format!("You are not permitted to delete image {id}.")))
            }
        }
    }

    async fn having(&self, caller: &Caller, wanted: &BTreeMap<String, String>) -> CallResult<Vec<Image>> {
        let own = Base::own_scope(caller);
        let images = image::having(self.db.read(), &own, wanted).await.map_err(Error::from)?;
        Ok(images.into_iter().map(told).collect())
    }
}

impl Glance {
    async fn shown(&self, image: image::Model) -> Result<Image, Error> {
        let properties = property::of(self.db.read(), &image).await?;
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
    /// Deletes an image. Its content follows.
    pub(crate) async fn remove(&self, image: &image::Model, event: Option<Event>) -> Result<(), Error> {
        let (id, mut tx) = (image.id, self.db.write().await?);
        let image = opened::lock(&tx, image).await?.ok_or_else(|| Error::no_image(id))?;
        if !image::delete(&tx, &image).await? {
            return Err(Error::Forbidden(format!("Image {id} is protected and cannot be deleted.")));
        }
        let contents = content::doom_all(&*tx, id).await?;
        task::abandon(&tx, &image).await?;
        tx.emit(event.unwrap_or_else(|| Event::new("image.delete", id).project(image.owner.as_str())));
        tx.commit().await?;
        contents.into_iter().for_each(|content| self.collector.wake(content));
        Ok(())
    }
}
