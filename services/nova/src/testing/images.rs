use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    image::{Image, ImageData, Images, NewImage},
};
use uuid::Uuid;

/// Images in a map.
pub struct FakeImages {
    images: Mutex<BTreeMap<Uuid, Image>>,
    usual: Uuid,
    /// In the order in which they were made.
    made: Mutex<Vec<Uuid>>,
}

impl FakeImages {
    pub fn new() -> Arc<Self> {
        let usual = Uuid::new_v4();
        let image = Image {
            id: usual,
            name: Some("cirros".into()),
            status: "active".into(),
            owner: None,
            visibility: "public".into(),
            disk_format: Some("qcow2".into()),
            container_format: Some("bare".into()),
            size: Some(1000),
            virtual_size: Some(1000),
            min_disk: 0,
            min_ram: 0,
            sha512: Some("00".into()),
            properties: BTreeMap::from([("hw_disk_bus".into(), "virtio".into())]),
        };
        Arc::new(Self { images: Mutex::new(BTreeMap::from([(usual, image)])), usual, made: Mutex::default() })
    }

    pub fn usual(&self) -> Uuid {
        self.usual
    }

    pub fn change(&self, id: Uuid, change: impl FnOnce(&mut Image)) {
        change(self.images.lock().unwrap().get_mut(&id).unwrap());
    }

    pub fn is_there(&self, id: Uuid) -> bool {
        self.images.lock().unwrap().contains_key(&id)
    }

    pub fn number(&self) -> usize {
        self.images.lock().unwrap().len()
    }
}

#[async_trait]
impl Images for FakeImages {
    async fn image(&self, _: &Caller, id: Uuid) -> CallResult<Image> {
        let images = self.images.lock().unwrap();
        images.get(&id).cloned().ok_or_else(|| CallError::NotFound(format!("Image {id} could not be found.")))
    }

    async fn create(&self, caller: &Caller, new: NewImage) -> CallResult<Image> {
        let image = Image {
            id: Uuid::new_v4(),
            name: Some(new.name),
            status: "queued".into(),
            owner: caller.project_id().map(str::to_owned),
            visibility: "private".into(),
            disk_format: Some(new.disk_format),
            container_format: Some("bare".into()),
            size: None,
            virtual_size: None,
            min_disk: new.min_disk,
            min_ram: new.min_ram,
            sha512: None,
            properties: new.properties,
        };
        self.images.lock().unwrap().insert(image.id, image.clone());
        self.made.lock().unwrap().push(image.id);
        Ok(image)
    }

    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)> {
        let images = self.images.lock().unwrap();
        let image = images.get(&id).cloned().ok_or_else(|| CallError::NotFound("no image".into()))?;
        Ok((image, Box::pin(futures::stream::empty())))
    }

    async fn store(&self, id: Uuid, _: ImageData) -> CallResult<Image> {
        Ok(self.open(id).await?.0)
    }

    async fn delete(&self, caller: &Caller, id: Uuid) -> CallResult<()> {
        self.image(caller, id).await?;
        self.discard(id).await
    }

    async fn having(&self, caller: &Caller, wanted: &BTreeMap<String, String>) -> CallResult<Vec<Image>> {
        let images = self.images.lock().unwrap();
        let mut found: Vec<Image> = images
            .values()
            .filter(|image| image.owner.as_deref() == caller.project_id())
            .filter(|image| wanted.iter().all(|(name, value)| image.properties.get(name) == Some(value)))
            .cloned()
            .collect();
        found.sort_by_key(|image| self.made.lock().unwrap().iter().position(|id| *id == image.id));
        Ok(found)
    }

    async fn discard(&self, id: Uuid) -> CallResult<()> {
        self.images.lock().unwrap().remove(&id);
        Ok(())
    }
}
