//! An image, as it is shown.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::model::image::{Whole, status};

/// The name of the store, as clients know it.
pub const STORE: &str = "local";

/// Glance's times: to the second.
pub fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Shows an image: its custom properties stand beside its own.
pub struct View<'a>(pub &'a Whole);

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Whole { image, properties, tags } = self.0;
        let text = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        let known = |number: i64| (number >= 0).then_some(number);
        let path = format!("/v2/images/{}", image.id);
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in properties {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("name", &text(&image.name))?;
        map.serialize_entry("disk_format", &text(&image.disk_format))?;
        map.serialize_entry("container_format", &text(&image.container_format))?;
        map.serialize_entry("visibility", &image.visibility)?;
        map.serialize_entry("size", &known(image.size))?;
        map.serialize_entry("virtual_size", &known(image.virtual_size))?;
        map.serialize_entry("status", &image.status)?;
        map.serialize_entry("checksum", &image.checksum)?;
        map.serialize_entry("protected", &image.protected)?;
        map.serialize_entry("min_ram", &image.min_ram)?;
        map.serialize_entry("min_disk", &image.min_disk)?;
        map.serialize_entry("owner", &text(&image.owner))?;
        map.serialize_entry("os_hidden", &image.hidden)?;
        map.serialize_entry("os_hash_algo", &image.hash_value.as_ref().map(|_| "sha512"))?;
        map.serialize_entry("os_hash_value", &image.hash_value)?;
        map.serialize_entry("id", &image.id)?;
        map.serialize_entry("created_at", &time(image.created_at))?;
        map.serialize_entry("updated_at", &time(image.updated_at))?;
        map.serialize_entry("tags", tags)?;
        map.serialize_entry("self", &path)?;
        map.serialize_entry("file", &format!("{path}/file"))?;
        map.serialize_entry("schema", "/v2/schemas/image")?;
        if matches!(image.status.as_str(), status::ACTIVE | status::DEACTIVATED) {
            map.serialize_entry("stores", STORE)?;
        }
        map.end()
    }
}
