//! Changing images: JSON patches, in both of their media types.

use serde_json::Value;

use super::{create, rules};
use crate::{
    Error,
    model::image::{Whole, status},
};

/// What a change does.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Sets a property, there or not (in the old media type: not there).
    Add(Value),
    /// Sets a property that is there.
    Replace(Value),
    /// Takes a property away.
    Remove,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is done.
    pub op: Op,
    /// To which property.
    pub name: String,
    /// Whether an addition must not find the property there.
    pub must_be_new: bool,
}

/// The media types of patches, and whether they are the old one.
pub const MEDIA_TYPES: [(&str, bool); 2] = [
    ("application/openstack-images-v2.0-json-patch", true),
    ("application/openstack-images-v2.1-json-patch", false),
];

const OPS: [&str; 3] = ["add", "remove", "replace"];

/// Reads a patch.
pub fn read(body: &Value, old: bool) -> Result<Vec<Change>, Error> {
    let invalid = |text: &str| Error::Invalid(text.to_owned());
    let list =
        body.as_array().ok_or_else(|| invalid("Request body must be a JSON array of operation objects."))?;
    list.iter()
        .map(|raw| {
            let raw = raw.as_object().ok_or_else(|| invalid("Operations must be JSON objects."))?;
            let (op, path) = if old {
                let mut ops = OPS.iter().filter(|op| raw.contains_key(**op));
                match (ops.next(), ops.next()) {
                    (Some(op), None) => (*op, raw.get(*op)),
                    _ => {
                        return Err(invalid(
                            "Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".",
                        ));
                    }
                }
            } else {
                let op = raw.get("op").and_then(Value::as_str);
                let op = op.and_then(|op| OPS.iter().find(|known| **known == op)).ok_or_else(|| {
                    invalid("Invalid operation: `op` must be one of the following: add, remove, replace.")
                })?;
                (*op, raw.get("path"))
            };
            let path = path
                .and_then(Value::as_str)
                .ok_or_else(|| invalid("Unable to find 'path' in JSON Schema change"))?;
            let value = || {
                raw.get("value")
                    .cloned()
                    .ok_or_else(|| Error::Invalid(format!("Operation \"{op}\" requires a member named \"value\".")))
            };
            let name = pointer(path, op)?;
            let op = match op {
                "add" => Op::Add(value()?),
                "replace" => Op::Replace(value()?),
                _ => Op::Remove,
            };
            rules::check_name(&name, false)?;
            if let Op::Add(value) | Op::Replace(value) = &op
                && name != "locations"
            {
                rules::check_value(&name, value)?;
            }
            Ok(Change { op, name, must_be_new: old })
        })
        .collect()
}

/// The property that a JSON pointer names. Only what users see of locations goes deeper than one level.
fn pointer(path: &str, op: &str) -> Result<String, Error> {
    let wrong = |why: &str| Err(Error::Invalid(format!("Pointer `{path}` {why}.")));
    let Some(rest) = path.strip_prefix('/') else { return wrong("does not start with \"/\"") };
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.len() > 1 && parts.iter().any(|part| part.trim().is_empty()) {
        return wrong(if rest.ends_with('/') { "end with \"/\"" } else { "contains adjacent \"/\"" });
    }
    if rest.trim().is_empty() {
        return wrong("does not contains valid token");
    }
    let escapes =
        rest.match_indices('~').all(|(at, _)| matches!(rest.as_bytes().get(at + 1), Some(b'0' | b'1')));
    if !escapes {
        return wrong("contains \"~\" not part of a recognized escape sequence");
    }
    let name = parts[0].replace("~1", "/").replace("~0", "~").trim().to_owned();
    let deep = usize::from(name == "locations" && op != "replace") + 1;
    if parts.len() != deep {
        return Err(Error::Invalid(format!("Invalid JSON pointer for this resource: '{path}'")));
    }
    Ok(name)
}

/// Makes a change. The caller has been allowed to; `admin` decides of the owner.
pub fn apply(whole: &mut Whole, change: Change, admin: bool) -> Result<(), Error> {
    let Change { op, name, must_be_new } = change;
    let own = create::is_own(&name);
    let there = own || whole.properties.contains_key(&name);
    if name == "locations" {
        return Err(Error::Forbidden(
            match op {
                Op::Add(_) => "It's not allowed to add locations if locations are invisible.",
                Op::Replace(_) => "It's not allowed to update locations if locations are invisible.",
                Op::Remove => "It's not allowed to remove locations if locations are invisible.",
            }
            .into(),
        ));
    }
    if name == "owner" && !admin {
        return Err(Error::Forbidden("Owner can't be updated by non admin.".into()));
    }
    let value = match op {
        Op::Remove if own => return Err(Error::Forbidden(format!("Property {name} may not be removed."))),
        Op::Remove => {
            return match whole.properties.remove(&name) {
                Some(_) => Ok(()),
                None => Err(Error::Conflict(format!("Property {name} does not exist."))),
            };
        }
        Op::Replace(_) if !there => return Err(Error::Conflict(format!("Property {name} does not exist."))),
        Op::Add(_) if there && must_be_new => {
            return Err(Error::Conflict(format!("Property {name} already present.")));
        }
        Op::Add(value) | Op::Replace(value) => value,
    };
    let formats = matches!(name.as_str(), "disk_format" | "container_format");
    if formats && whole.image.status != status::QUEUED {
        return Err(Error::Forbidden(format!("Attribute {name} can be only replaced for a queued image.")));
    }
    create::set(whole, &name, value);
    create::check_numbers(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(change: Value) -> Result<Change, Error> {
        Ok(read(&json!([change]), false)?.remove(0))
    }

    #[test]
    fn both_media_types_say_the_same() {
        let new = one(json!({"op": "replace", "path": "/name", "value": "x"})).unwrap();
        let old = read(&json!([{"replace": "/name", "value": "x"}]), true).unwrap();
        assert_eq!((&new.op, &new.name), (&old[0].op, &old[0].name));
        assert!(read(&json!([{"replace": "/a", "add": "/b", "value": "x"}]), true).is_err());
    }

    #[test]
    fn pointers_are_read_strictly() {
        assert_eq!(one(json!({"op": "add", "path": "/a~1b~0c", "value": "x"})).unwrap().name, "a/b~c");
        for path in ["name", "/", "//", "/a//b", "/a/", "/a~2", "/a~", "/a/b", "/locations"] {
            let change = json!({"op": "add", "path": path, "value": "x"});
            assert!(matches!(one(change), Err(Error::Invalid(_))), "{path}");
        }
    }

    #[test]
    fn ossa_2015_019_status_and_what_is_known_from_content_are_not_for_users() {
        for name in
            ["status", "size", "checksum", "os_hash_value", "id", "created_at", "virtual_size", "stores"]
        {
            for op in ["add", "replace", "remove"] {
                let change = json!({"op": op, "path": format!("/{name}"), "value": "active"});
                assert!(matches!(one(change), Err(Error::Forbidden(_))), "{op} {name}");
            }
        }
        for name in ["deleted", "location", "os_glance_import_task"] {
            let change = json!({"op": "add", "path": format!("/{name}"), "value": "x"});
            assert!(matches!(one(change), Err(Error::Forbidden(_))), "{name}");
        }
    }

    #[test]
    fn values_must_suit_their_property() {
        for (name, value) in [
            ("name", json!(5)),
            ("protected", json!("yes")),
            ("min_disk", json!(-1)),
            ("disk_format", json!("nonsense")),
            ("visibility", json!("secret")),
            ("tags", json!("x")),
            ("custom", json!(5)),
            ("custom", json!(null)),
        ] {
            let change = json!({"op": "add", "path": format!("/{name}"), "value": value});
            assert!(matches!(one(change), Err(Error::Invalid(_))), "{name}");
        }
    }
}
