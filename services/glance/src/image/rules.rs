//! What may be said of an image: the schema of its properties, and the names that are not for users.

use platform::wire::Version;
use serde_json::{Map, Value, json};

use crate::Error;

/// The disk formats that there are.
pub const DISK_FORMATS: &[&str] =
    &["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop", "gpt"];

/// The container formats that there are.
pub const CONTAINER_FORMATS: &[&str] = &["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"];

/// Known from the content and never said by users (OSSA-2015-019, OSSA-2016-006).
const READ_ONLY: &[&str] = &[
    "created_at",
    "updated_at",
    "status",
    "checksum",
    "size",
    "virtual_size",
    "direct_url",
    "self",
    "file",
    "schema",
    "id",
    "os_hash_algo",
    "os_hash_value",
    "stores",
];

/// Names that no property may have.
const RESERVED: &[&str] = &["location", "deleted", "deleted_at"];

/// The most properties, and the most tags, that an image may have.
pub const MOST: usize = 128;

/// The longest value of a custom property.
pub const LONGEST_VALUE: usize = 65_535;

/// Refuses names that users may not set. `creating`: an id may be given.
pub fn check_name(name: &str, creating: bool) -> Result<(), Error> {
    if READ_ONLY.contains(&name) && !(creating && name == "id") {
        return Err(Error::Forbidden(format!("Attribute '{name}' is read-only.")));
    }
    if RESERVED.contains(&name) || name.starts_with("os_glance_") {
        return Err(Error::Forbidden(format!("Attribute '{name}' is reserved.")));
    }
    if name.is_empty() || name.chars().count() > 255 {
        return Err(Error::Invalid("Custom property should not be greater than 255 characters.".into()));
    }
    Ok(())
}

/// The properties that every image has, as JSON schema.
pub fn base() -> Map<String, Value> {
    let read_only = |mut schema: Value| {
        schema["readOnly"] = true.into();
        schema
    };
    let or_null = |values: &[&str]| {
        let mut list = vec![Value::Null];
        list.extend(values.iter().map(|value| Value::from(*value)));
        list
    };
    let text = |longest: u32, what: &str| json!({"type": ["null", "string"], "description": what, "maxLength": longest});
    let known = json!({
        "id": {"type": "string", "description": "An identifier for the image",
            "pattern": "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"},
        "name": text(255, "Descriptive name for the image"),
        "status": read_only(json!({"type": "string", "description": "Status of the image",
            "enum": ["queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete", "deactivated"]})),
        "visibility": {"type": "string", "description": "Scope of image accessibility",
            "enum": ["community", "public", "private", "shared"]},
        "protected": {"type": "boolean", "description": "If true, image will not be deletable."},
        "os_hidden": {"type": "boolean", "description": "If true, image will not appear in default image list response."},
        "checksum": read_only(text(32, "md5 hash of image contents.")),
        "os_hash_algo": read_only(text(64, "Algorithm to calculate the os_hash_value")),
        "os_hash_value": read_only(text(128, "Hexdigest of the image contents using the algorithm specified by the os_hash_algo")),
        "owner": text(255, "Owner of the image"),
        "size": read_only(json!({"type": ["null", "integer"], "description": "Size of image file in bytes"})),
        "virtual_size": read_only(json!({"type": ["null", "integer"], "description": "Virtual size of image in bytes"})),
        "container_format": {"type": ["null", "string"], "description": "Format of the container",
            "enum": or_null(CONTAINER_FORMATS)},
        "disk_format": {"type": ["null", "string"], "description": "Format of the disk", "enum": or_null(DISK_FORMATS)},
        "created_at": read_only(json!({"type": "string", "description": "Date and time of image registration"})),
        "updated_at": read_only(json!({"type": "string", "description": "Date and time of the last image modification"})),
        "tags": {"type": "array", "description": "List of strings related to the image",
            "items": {"type": "string", "maxLength": 255}},
        "direct_url": read_only(json!({"type": "string", "description": "URL to access the image file kept in external store"})),
        "min_ram": {"type": "integer", "description": "Amount of ram (in MB) required to boot image.", "minimum": 0, "maximum": 2147483647},
        "min_disk": {"type": "integer", "description": "Amount of disk space (in GB) required to boot image.", "minimum": 0, "maximum": 2147483647},
        "self": read_only(json!({"type": "string", "description": "An image self url"})),
        "file": read_only(json!({"type": "string", "description": "An image file url"})),
        "stores": read_only(json!({"type": "string", "description": "Store in which image data resides."})),
        "schema": read_only(json!({"type": "string", "description": "An image schema url"})),
        "locations": {"type": "array", "description": "A set of URLs to access the image file kept in external store",
            "items": {"type": "object", "properties": {"url": {"type": "string", "maxLength": 255}, "metadata": {"type": "object"}},
                "required": ["url", "metadata"]}},
    });
    match known {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// An image (or a part of one) as users give it.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub struct Given(pub Map<String, Value>);

impl platform::wire::Schema for Given {
    fn schema(_: Version) -> Value {
        json!({
            "type": "object",
            "properties": base(),
            "additionalProperties": {"type": "string", "maxLength": LONGEST_VALUE},
        })
    }
}

/// Refuses a value that the property can't have.
pub fn check_value(name: &str, value: &Value) -> Result<(), Error> {
    let part = json!({name: value});
    platform::wire::schema::check::<Given>(&part, Version::new(2, 0))
        .map_err(|error| Error::Invalid(format!("Provided object does not match schema 'image': {error}")))
}
