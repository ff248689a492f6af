//! The user's own pairs, of volumes and of snapshots: what they look like.

use std::collections::BTreeMap;

use platform::wire::{Schema, Version};
use serde::Deserialize;
use serde_json::{Value, json};

/// Names (1 to 255 characters) and values (up to 255).
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pairs(pub BTreeMap<String, String>);

impl Pairs {
    pub(crate) fn into_json(self) -> Value {
        json!(self.0)
    }
}

impl Schema for Pairs {
    fn schema(_: Version) -> Value {
        json!({
            "type": "object",
            "propertyNames": {"minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9\\-_:. /]*$"},
            "additionalProperties": {"type": "string", "maxLength": 255},
        })
    }
}
