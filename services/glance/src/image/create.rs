//! Making images.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use platform::db::WriteTx;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{access, rules};
use crate::{
    Config, Error,
    model::image::{self, Model, Whole, status},
};

/// A new image from what was given, which the schema has passed.
pub fn new(given: Map<String, Value>, project: &str) -> Result<Whole, Error> {
    let now = Utc::now();
    let mut whole = Whole {
        image: Model {
            id: Uuid::new_v4(),
            name: String::new(),
            status: status::QUEUED.to_owned(),
            visibility: "shared".to_owned(),
            owner: project.to_owned(),
            disk_format: String::new(),
            container_format: String::new(),
            size: -1,
            virtual_size: -1,
            min_disk: 0,
            min_ram: 0,
            protected: false,
            hidden: false,
            checksum: None,
            hash_value: None,
            content: None,
            created_at: now,
            updated_at: now,
        },
        properties: BTreeMap::new(),
        tags: BTreeSet::new(),
    };
    for (name, value) in given {
        rules::check_name(&name, true)?;
        match name.as_str() {
            "id" => {
                let text = value.as_str().unwrap_or_default();
                whole.image.id =
                    text.parse().map_err(|_| Error::Invalid(format!("Invalid image id format: {text}")))?;
            }
            "locations" => {
                return Err(Error::Forbidden(
                    "It's not allowed to add locations if locations are invisible.".into(),
                ));
            }
            _ => set(&mut whole, &name, value),
        }
    }
    check_numbers(&whole)?;
    Ok(whole)
}

/// Sets one property, whose name and value were checked.
pub fn set(whole: &mut Whole, name: &str, value: Value) {
    let image = &mut whole.image;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match name {
        "name" => image.name = text(&value),
        "visibility" => image.visibility = text(&value),
        "owner" => image.owner = text(&value),
        "disk_format" => image.disk_format = text(&value),
        "container_format" => image.container_format = text(&value),
        "min_disk" => image.min_disk = value.as_i64().unwrap_or(0),
        "min_ram" => image.min_ram = value.as_i64().unwrap_or(0),
        "protected" => image.protected = value.as_bool().unwrap_or(false),
        "os_hidden" => image.hidden = value.as_bool().unwrap_or(false),
        "tags" => {
            whole.tags = value.as_array().into_iter().flatten().map(text).collect();
        }
        _ => {
            whole.properties.insert(name.to_owned(), text(&value));
        }
    }
}

/// Whether the name is that of a property that every image has.
pub fn is_own(name: &str) -> bool {
    matches!(
        name,
        "name"
            | "visibility"
            | "owner"
            | "disk_format"
            | "container_format"
            | "min_disk"
            | "min_ram"
            | "protected"
            | "os_hidden"
            | "tags"
    )
}

/// Refuses more properties or tags than an image may have.
pub fn check_numbers(whole: &Whole) -> Result<(), Error> {
    // Those that Glance keeps for itself don't count.
    let own = whole.properties.keys().filter(|name| !name.starts_with("os_glance_")).count();
    if own > rules::MOST {
        return Err(Error::TooLarge(format!(
            "The limit has been exceeded on the number of allowed image properties. Attempted: {own}, Maximum: {}",
            rules::MOST
        )));
    }
    if whole.tags.len() > rules::MOST {
        return Err(Error::TooLarge(format!(
            "The limit has been exceeded on the number of allowed image tags. Attempted: {}, Maximum: {}",
            whole.tags.len(),
            rules::MOST
        )));
    }
    Ok(())
}

/// Writes a new image, if its project may have one more.
pub async fn insert(tx: &WriteTx, whole: &Whole, config: &Config) -> Result<(), Error> {
    if let Some(most) = config.images_per_project {
        let (count, _) = image::usage(&**tx, &access::all_of(&whole.image.owner), &[]).await?;
        if count >= most {
            return Err(Error::TooLarge(format!(
                "Project {} is over a limit: image_count_total is limited to {most}",
                whole.image.owner
            )));
        }
    }
    match image::insert(tx, whole).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            Err(Error::Conflict(format!("Image ID {} already exists!", whole.image.id)))
        }
        inserted => Ok(inserted?),
    }
}
