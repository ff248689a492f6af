//! Metadata definitions as they are given: checked against the schemas that are shown.

use platform::{
    http::Fault,
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::schemas;

macro_rules! given {
    ($($(#[$doc:meta])* $name:ident => $schema:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(transparent)]
        pub(super) struct $name(pub(super) Map<String, Value>);

        impl Schema for $name {
            fn schema(_: Version) -> Value {
                let mut schema: Value = $schema;
                schema["type"] = "object".into();
                schema
            }
        }
    )*};
}

given! {
    /// A namespace.
    Namespace => schemas::namespace();
    /// An object.
    Object => schemas::object();
    /// A property.
    Property => schemas::property(true);
    /// A tag.
    Tag => schemas::tag();
    /// Tags.
    Tags => serde_json::json!({"required": ["tags"], "additionalProperties": false,
        "properties": {"tags": {"type": "array", "items": schemas::tag()}}});
    /// A resource type.
    ResourceType => schemas::resource_type();
}

/// Takes the name out. What only Glance says is refused.
pub(super) fn named(
    mut given: Map<String, Value>,
    name: &str,
) -> Result<(String, Map<String, Value>), Fault> {
    for known in ["self", "schema", "created_at", "updated_at"] {
        if given.contains_key(known) {
            return Err(Fault::forbidden(format!("Attribute '{known}' is read-only.")));
        }
    }
    match given.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok((text, given)),
        _ => Err(Fault::bad_request(format!("'{name}' can't be empty"))),
    }
}
