//! The schemas of metadata definitions.

use serde_json::{Value, json};

/// The schema that is called so.
pub(in crate::api) fn schema(name: &str) -> Option<Value> {
    Some(match name {
        "namespace" => namespace(),
        "namespaces" => collection("namespaces", namespace()),
        "object" => object(),
        "objects" => collection("objects", object()),
        "property" => property(true),
        "properties" => {
            let mut schema = collection("properties", Value::Null);
            schema["properties"]["properties"] =
                json!({"type": "object", "additionalProperties": property(false)});
            schema
        }
        "tag" => tag(),
        "tags" => collection("tags", tag()),
        "resource_type" => resource_type(),
        "resource_types" => collection("resource_type_associations", resource_type()),
        _ => return None,
    })
}

fn dates(schema: &mut Value, of: &str) {
    for (name, what) in [("created_at", "creation"), ("updated_at", "the last modification")] {
        schema["properties"][name] = json!({"type": "string", "readOnly": true,
            "description": format!("Date and time of {of} {what}"), "format": "date-time"});
    }
}

fn definitions() -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    json!({
        "positiveInteger": count,
        "positiveIntegerDefault0": {"allOf": [{"$ref": "#/definitions/positiveInteger"}, {"default": 0}]},
        "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
        "property": {"type": "object", "additionalProperties": {
            "type": "object", "required": ["title", "type"], "properties": property_fields()}},
    })
}

fn property_fields() -> Value {
    let kinds = json!(["array", "boolean", "integer", "number", "object", "string", null]);
    json!({
        "name": {"type": "string", "maxLength": 80},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "operators": {"type": "array", "items": {"type": "string"}},
        "type": {"type": "string", "enum": kinds},
        "required": {"$ref": "#/definitions/stringArray"},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "maxLength": {"$ref": "#/definitions/positiveInteger"},
        "minLength": {"$ref": "#/definitions/positiveIntegerDefault0"},
        "pattern": {"type": "string"},
        "enum": {"type": "array"},
        "readonly": {"type": "boolean"},
        "default": {},
        "items": {"type": "object", "properties": {"type": {"type": "string", "enum": kinds}, "enum": {"type": "array"}}},
        "maxItems": {"$ref": "#/definitions/positiveInteger"},
        "minItems": {"$ref": "#/definitions/positiveIntegerDefault0"},
        "uniqueItems": {"type": "boolean", "default": false},
        "additionalItems": {"type": "boolean"},
    })
}

/// A namespace.
pub(super) fn namespace() -> Value {
    let text =
        |longest: u32, what: &str| json!({"type": "string", "description": what, "maxLength": longest});
    let mut schema = json!({
        "name": "namespace",
        "properties": {
            "namespace": text(80, "The unique namespace text."),
            "display_name": text(80, "The user friendly name for the namespace. Used by UI if available."),
            "description": text(500, "Provides a user friendly description of the namespace."),
            "visibility": {"type": "string", "description": "Scope of namespace accessibility.", "enum": ["public", "private"]},
            "protected": {"type": "boolean", "description": "If true, namespace will not be deletable."},
            "owner": text(255, "Owner of the namespace."),
            "schema": {"readOnly": true, "type": "string"},
            "self": {"readOnly": true, "type": "string"},
            "resource_type_associations": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 80}, "prefix": {"type": "string", "maxLength": 80},
                "properties_target": {"type": "string", "maxLength": 80}}}},
            "properties": {"$ref": "#/definitions/property"},
            "objects": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 80}, "description": {"type": "string"},
                "required": {"$ref": "#/definitions/stringArray"}, "properties": {"$ref": "#/definitions/property"}}}},
            "tags": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 80}}}},
        },
        "required": ["namespace"],
        "additionalProperties": false,
        "definitions": definitions(),
    });
    dates(&mut schema, "namespace");
    schema
}

/// An object.
pub(super) fn object() -> Value {
    let mut schema = json!({
        "name": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 80},
            "description": {"type": "string"},
            "required": {"$ref": "#/definitions/stringArray"},
            "properties": {"$ref": "#/definitions/property"},
            "schema": {"readOnly": true, "type": "string"},
            "self": {"readOnly": true, "type": "string"},
        },
        "required": ["name"],
        "additionalProperties": false,
        "definitions": definitions(),
    });
    dates(&mut schema, "object");
    schema
}

/// A property, with its name or without.
pub(super) fn property(named: bool) -> Value {
    let required = if named { json!(["type", "title", "name"]) } else { json!(["type", "title"]) };
    let mut definitions = definitions();
    if let Some(definitions) = definitions.as_object_mut() {
        definitions.remove("property");
    }
    json!({"name": "property", "properties": property_fields(), "required": required,
        "additionalProperties": false, "definitions": definitions})
}

/// A tag.
pub(super) fn tag() -> Value {
    let mut schema = json!({"name": "tag", "properties": {"name": {"type": "string", "maxLength": 80}},
        "required": ["name"], "additionalProperties": false});
    dates(&mut schema, "tag");
    schema
}

/// A resource type that a namespace is for.
pub(super) fn resource_type() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what, "maxLength": 80});
    let mut schema = json!({
        "name": "resource_type_association",
        "properties": {
            "name": text("Resource type names should be aligned with Heat resource types whenever possible"),
            "prefix": text("Specifies the prefix to use for the given resource type."),
            "properties_target": text("Where several kinds of properties can be set: which of them is meant."),
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    dates(&mut schema, "resource type association");
    schema
}

fn collection(name: &str, item: Value) -> Value {
    json!({
        "name": name,
        "properties": {
            name: {"type": "array", "items": item},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    })
}
