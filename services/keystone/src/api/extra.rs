//! Attributes that only clients know: Keystone keeps what it is given with users, projects and the like.

use platform::http::Fault;
use serde_json::{Map, Value, json};

use crate::error::Error;

/// Attributes that are Keystone's own, whatever a body says.
const OWN: &[&str] = &["id", "links", "password_expires_at", "extra"];

/// The attributes of a new thing.
pub(super) fn kept(mut given: Map<String, Value>) -> Value {
    for name in OWN {
        given.remove(*name);
    }
    Value::Object(given)
}

/// The attributes after an update: `null` is kept as a value, as Keystone does.
pub(super) fn merged(before: &Value, given: Map<String, Value>) -> Value {
    let mut all = before.as_object().cloned().unwrap_or_default();
    if let Value::Object(given) = kept(given) {
        all.extend(given);
    }
    Value::Object(all)
}

/// Options after an update: `null` takes one away.
pub(super) fn options(before: &Value, given: Option<Map<String, Value>>) -> Value {
    let mut all = before.as_object().cloned().unwrap_or_default();
    all.extend(given.unwrap_or_default());
    all.retain(|_, value| !value.is_null());
    Value::Object(all)
}

/// Options are of those that the resource has: on or off, but for the rules of authentication, which are a list.
pub(super) fn known_options(given: Option<&Map<String, Value>>, known: &[&str]) -> Result<(), Fault> {
    let refuse = |field: &str, value: &dyn std::fmt::Display, why: String| {
        Err(Fault::bad_request(format!("Invalid input for field/attribute {field}. Value: {value}. {why}")))
    };
    for (name, value) in given.into_iter().flatten() {
        if !known.contains(&name.as_str()) {
            let why = format!("Additional properties are not allowed ('{name}' was unexpected)");
            return refuse("options", &json!(given), why);
        }
        let (right, kind) = match name.as_str() {
            "multi_factor_auth_rules" => (value.is_array(), "array"),
            _ => (value.is_boolean(), "boolean"),
        };
        if !right && !value.is_null() {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return refuse(name, &shown, format!("'{shown}' is not of type '{kind}', 'null'"));
        }
    }
    Ok(())
}

/// A body that names an id names this one.
pub(super) fn same_id(given: &Map<String, Value>, what: &str, id: &str) -> Result<(), Error> {
    match given.get("id") {
        Some(other) if other != id => Err(Error::Invalid(format!("Cannot change {what} ID"))),
        _ => Ok(()),
    }
}

/// Whether the options say that nothing may be changed.
pub(super) fn immutable(options: &Value) -> bool {
    options.get("immutable").and_then(Value::as_bool).unwrap_or(false)
}

/// A thing that its options protect may be changed only by an update of these options; it is never deleted.
pub(super) fn may_update(
    what: &str,
    id: &str,
    options: &Value,
    given: Option<&Map<String, Value>>,
) -> Result<(), Error> {
    let lifted =
        given.and_then(|given| given.get("immutable")).is_some_and(|value| value != &Value::Bool(true));
    if immutable(options) && !lifted {
        return Err(Error::Forbidden(format!(
            "Unable to update immutable {what} resource: `{id}. Set resource option \"immutable\" to false first."
        )));
    }
    Ok(())
}

/// See [`may_update`].
pub(super) fn may_delete(what: &str, id: &str, options: &Value) -> Result<(), Error> {
    if immutable(options) {
        return Err(Error::Forbidden(format!(
            "Unable to delete immutable {what} resource: `{id}. Set resource option \"immutable\" to false first."
        )));
    }
    Ok(())
}

/// The extra attributes as a map to be shown beside the others.
pub(super) fn shown(extra: Value) -> Map<String, Value> {
    match extra {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
