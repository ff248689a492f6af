//! What a request body must look like, as JSON schema, for each microversion.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, LazyLock, RwLock},
};

use jsonschema::Validator;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Version, refusal};

/// A type that knows its JSON schema. Derived with `#[derive(Body)]` for request bodies.
pub trait Schema {
    /// The schema of the value in that version.
    fn schema(version: Version) -> Value;

    /// The member of the body that holds the value (`{"server": {...}}`), if it is wrapped.
    const WRAP: Option<&'static str> = None;

    /// Whether a struct's field of this type may be absent.
    const OPTIONAL: bool = false;
}

macro_rules! plain {
    ($($type:ty => $schema:tt),* $(,)?) => {$(
        impl Schema for $type {
            fn schema(_: Version) -> Value { json!($schema) }
        }
    )*};
}

plain! {
    String => {"type": "string"},
    bool => {"type": "boolean"},
    i64 => {"type": "integer"},
    i32 => {"type": "integer"},
    u64 => {"type": "integer", "minimum": 0},
    u32 => {"type": "integer", "minimum": 0},
    u16 => {"type": "integer", "minimum": 0, "maximum": 65535},
    f64 => {"type": "number"},
    Value => {},
    Uuid => {"type": "string", "format": "uuid"},
    IpAddr => {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
    () => {"type": "null"},
    serde_json::Map<String, Value> => {"type": "object"},
}

impl<T: Schema> Schema for Option<T> {
    fn schema(version: Version) -> Value {
        let mut schema = T::schema(version);
        // `{"type": ["string", "null"]}` where that says it all, as OpenStack's own schemas do.
        match (schema.get("type").cloned(), schema.get("enum"), schema.get("anyOf"), schema.get("oneOf")) {
            (Some(kind @ Value::String(_)), None, None, None) => {
                schema["type"] = json!([kind, "null"]);
                schema
            }
            _ => json!({"anyOf": [schema, {"type": "null"}]}),
        }
    }
    const OPTIONAL: bool = true;
}

impl<T: Schema> Schema for Vec<T> {
    fn schema(version: Version) -> Value {
        json!({"type": "array", "items": T::schema(version)})
    }
}

impl<T: Schema> Schema for BTreeMap<String, T> {
    fn schema(version: Version) -> Value {
        json!({"type": "object", "additionalProperties": T::schema(version)})
    }
}

impl<T: Schema> Schema for Box<T> {
    fn schema(version: Version) -> Value {
        T::schema(version)
    }
    const OPTIONAL: bool = T::OPTIONAL;
}

/// A field of an update: absent, `null`, or a value. Give the field `#[serde(default)]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not spoken of: stays as it is.
    #[default]
    Absent,
    /// To be emptied.
    Null,
    /// To be this.
    Set(T),
}

impl<T> Patch<T> {
    /// The new value where one was given: `Some(None)` for `null`.
    pub fn given(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::<T>::deserialize(deserializer)? {
            Some(value) => Self::Set(value),
            None => Self::Null,
        })
    }
}

impl<T: Schema> Schema for Patch<T> {
    fn schema(version: Version) -> Value {
        Option::<T>::schema(version)
    }
    const OPTIONAL: bool = true;
}

/// Adds keywords to a field's schema: into the value's own schema where `null` is allowed beside it.
#[doc(hidden)]
pub fn constrain(mut schema: Value, keywords: Value) -> Value {
    let place = match schema.get_mut("anyOf").and_then(|any| any.get_mut(0)) {
        Some(inner) if !inner.get("format").is_some_and(|format| format == "ipv4") => inner,
        _ => &mut schema,
    };
    let nullable = place.get("type").is_some_and(Value::is_array);
    if let (Some(place), Value::Object(mut keywords)) = (place.as_object_mut(), keywords) {
        if let (true, Some(Value::Array(values))) = (nullable, keywords.get_mut("enum")) {
            values.push(Value::Null);
        }
        place.extend(keywords);
    }
    schema
}

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is not JSON.
    #[error("Malformed request body: {0}")]
    Malformed(String),
    /// The whole of it has the wrong shape.
    #[error("{0}")]
    Whole(String),
    /// It is JSON of the wrong shape. The words are OpenStack's.
    #[error("Invalid input for field/attribute {field}. Value: {value}. {why}")]
    Invalid {
        /// The field's name.
        field: String,
        /// What was given, as JSON (shortened).
        value: String,
        /// What is wrong with it.
        why: String,
    },
}

type Validators = RwLock<HashMap<(TypeId, Version), Arc<Validator>>>;
static VALIDATORS: LazyLock<Validators> = LazyLock::new(Validators::default);

/// The validator of a type at a version, built once.
fn validator<T: Schema + 'static>(version: Version) -> Result<Arc<Validator>, BodyError> {
    let key = (TypeId::of::<T>(), version);
    if let Some(found) = VALIDATORS.read().ok().and_then(|known| known.get(&key).cloned()) {
        return Ok(found);
    }
    let mut schema = T::schema(version);
    if let Some(wrap) = T::WRAP {
        schema = json!({
            "type": "object",
            "properties": {wrap: schema},
            "required": [wrap],
            "additionalProperties": false,
        });
    }
    let built = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| BodyError::Malformed(error.to_string()))?;
    let built = Arc::new(built);
    if let Ok(mut known) = VALIDATORS.write() {
        known.insert(key, built.clone());
    }
    Ok(built)
}

/// Reads a body: JSON, checked against the schema of the version, unwrapped, typed.
pub fn read<T: Schema + DeserializeOwned + 'static>(bytes: &[u8], version: Version) -> Result<T, BodyError> {
    let body: Value =
        serde_json::from_slice(bytes).map_err(|error| BodyError::Malformed(error.to_string()))?;
    // In JSON the character can only be written so, and what is written so is mostly something else.
    if bytes.windows(6).any(|six| six == b"\\u0000") && has_nul(&body) {
        return Err(BodyError::Invalid {
            field: "body".into(),
            value: "(see message)".into(),
            why: "no text may hold the character NUL (\\u0000)".into(),
        });
    }
    check::<T>(&body, version)?;
    let value = match (T::WRAP, body) {
        (Some(wrap), Value::Object(mut members)) => members.remove(wrap).unwrap_or_default(),
        (_, body) => body,
    };
    serde_json::from_value(value).map_err(|error| BodyError::Invalid {
        field: "body".into(),
        value: "(see message)".into(),
        why: outside(&error),
    })
}

/// What a fault may show of an error: not the types of ours that were expected.
fn outside(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(", expected ") {
        Some((said, _)) => said.to_owned(),
        None => text,
    }
}

/// Whether some text holds a NUL, which not every database takes.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Checks a body against the schema of the version.
pub fn check<T: Schema + 'static>(body: &Value, version: Version) -> Result<(), BodyError> {
    let validator = validator::<T>(version)?;
    let Err(error) = validator.validate(body) else { return Ok(()) };
    let path = error.instance_path().to_string();
    let field = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default().to_owned();
    let secret =
        field.to_ascii_lowercase().contains("pass") || path.contains("/auth") || path.contains("/payload");
    let shown = if secret { "***".to_owned() } else { shortened(refusal::repr(error.instance()), 400) };
    let value = if secret { shown.clone() } else { shortened(refusal::plain(error.instance()), 400) };
    let mut why = refusal::why(&error, &shown);
    if why.len() > 1000 {
        why = format!("The value does not satisfy the schema ({}).", error.schema_path());
    }
    if field.is_empty() { Err(BodyError::Whole(why)) } else { Err(BodyError::Invalid { field, value, why }) }
}

fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate((0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0));
        text.push_str("...");
    }
    text
}
