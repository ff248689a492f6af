use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use contracts::{
    CallError, CallResult,
    identity::Caller,
    image::Images,
    image_proxy::{DatedImage, ImageFilter, ImageProxy, PropertyChange},
};
use uuid::Uuid;

use super::FakeImages;

#[async_trait]
impl ImageProxy for FakeImages {
    /// The usual one, if it is asked for.
    async fn images(&self, caller: &Caller, filter: ImageFilter) -> CallResult<Vec<DatedImage>> {
        let usual = self.dated_image(caller, self.usual()).await?;
        let named = filter.name.is_none_or(|name| usual.image.name == Some(name));
        let like =
            filter.properties.iter().all(|(name, value)| usual.image.properties.get(name) == Some(value));
        let other = filter.status.is_some_and(|status| usual.image.status != status);
        Ok(if named && like && !other { vec![usual] } else { vec![] })
    }

    async fn dated_image(&self, caller: &Caller, id: Uuid) -> CallResult<DatedImage> {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        Ok(DatedImage { image: self.image(caller, id).await?, created_at: at, updated_at: at })
    }

    async fn change_properties(
        &self,
        caller: &Caller,
        id: Uuid,
        change: PropertyChange,
    ) -> CallResult<BTreeMap<String, String>> {
        let mut properties = self.image(caller, id).await?.properties;
        match change {
            PropertyChange::Replace(new) => properties = new,
            PropertyChange::Merge(new) => properties.extend(new),
            PropertyChange::Remove(name) => {
                properties.remove(&name).ok_or_else(|| CallError::NotFound("Invalid metadata key".into()))?;
            }
        }
        self.change(id, |image| image.properties = properties.clone());
        Ok(properties)
    }
}
