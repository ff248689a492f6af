//! What a consumer is to have, in the form of each version.

use std::collections::BTreeMap;

use platform::wire::{Schema, Version};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::allocate::{Amounts, Expect, Wanted};

/// Stands for the project and user that were not named before 1.8.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

const CONSUMER_GENERATION: Version = Version::new(1, 28);

/// Allocations of one consumer.
#[derive(Debug, Deserialize)]
pub(super) struct ForConsumer {
    allocations: Allocations,
    project_id: Option<String>,
    user_id: Option<String>,
    #[serde(default)]
    consumer_generation: Option<i64>,
    consumer_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Allocations {
    /// Until 1.11.
    List(Vec<Listed>),
    /// Since 1.12.
    ByProvider(BTreeMap<Uuid, Held>),
}

#[derive(Debug, Deserialize)]
struct Listed {
    resource_provider: Provider,
    resources: Amounts,
}

#[derive(Debug, Deserialize)]
struct Provider {
    uuid: Uuid,
}

#[derive(Debug, Deserialize)]
struct Held {
    resources: Amounts,
}

impl ForConsumer {
    /// What that means.
    pub(super) fn wanted(self, consumer: Uuid, version: Version) -> Wanted {
        let resources = match self.allocations {
            Allocations::List(list) => {
                list.into_iter().map(|entry| (entry.resource_provider.uuid, entry.resources)).collect()
            }
            Allocations::ByProvider(map) => {
                map.into_iter().map(|(provider, held)| (provider, held.resources)).collect()
            }
        };
        let expect = match self.consumer_generation {
            _ if version < CONSUMER_GENERATION => Expect::Any,
            None => Expect::New,
            Some(generation) => Expect::Generation(generation),
        };
        Wanted {
            consumer,
            project: self.project_id.unwrap_or_else(|| NOBODY.to_owned()),
            user: self.user_id.unwrap_or_else(|| NOBODY.to_owned()),
            consumer_type: self.consumer_type,
            expect,
            resources,
        }
    }
}

fn resources() -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "patternProperties": {"^[A-Z0-9_]+$": {"type": "integer", "minimum": 1, "maximum": 0x7FFF_FFFF}},
        "additionalProperties": false,
    })
}

fn list() -> Value {
    json!({
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "resource_provider": {
                    "type": "object",
                    "properties": {"uuid": {"type": "string", "format": "uuid"}},
                    "required": ["uuid"],
                    "additionalProperties": false,
                },
                "resources": resources(),
            },
            "required": ["resource_provider", "resources"],
            "additionalProperties": false,
        },
    })
}

fn by_provider(at_least: u32) -> Value {
    json!({
        "type": "object",
        "minProperties": at_least,
        "propertyNames": {"format": "uuid"},
        "additionalProperties": {
            "type": "object",
            "properties": {"generation": {"type": "integer"}, "resources": resources()},
            "required": ["resources"],
            "additionalProperties": false,
        },
    })
}

/// The schema of one consumer's allocations; `may_be_empty` where nothing means "take all away".
fn for_consumer(version: Version, may_be_empty: bool) -> Value {
    let since = |minor| version >= Version::new(1, minor);
    let may_be_empty = may_be_empty || version >= CONSUMER_GENERATION;
    let allocations = if since(12) { by_provider(u32::from(!may_be_empty)) } else { list() };
    let name = json!({"type": "string", "minLength": 1, "maxLength": 255});
    let mut schema = json!({
        "type": "object",
        "properties": {"allocations": allocations},
        "required": ["allocations"],
        "additionalProperties": false,
    });
    let mut add = |field: &str, of: Value, required: bool| {
        schema["properties"][field] = of;
        if let (true, Some(list)) = (required, schema["required"].as_array_mut()) {
            list.push(field.into());
        }
    };
    if since(8) {
        add("project_id", name.clone(), true);
        add("user_id", name, true);
    }
    if since(28) {
        add("consumer_generation", json!({"type": ["integer", "null"]}), true);
    }
    if since(34) {
        let ids = json!({"type": "array", "minItems": 1, "items": {"type": "string", "format": "uuid"}});
        // The group without a suffix has the empty name.
        add("mappings", json!({"type": "object", "minProperties": 1, "additionalProperties": ids}), false);
    }
    if since(38) {
        let kind = json!({"type": "string", "pattern": "^[A-Z0-9_]+$", "minLength": 1, "maxLength": 255});
        add("consumer_type", kind, true);
    }
    schema
}

impl Schema for ForConsumer {
    fn schema(version: Version) -> Value {
        for_consumer(version, false)
    }
}

/// Allocations of several consumers.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct ForConsumers(BTreeMap<Uuid, ForConsumer>);

impl ForConsumers {
    pub(super) fn wanted(self, version: Version) -> Vec<Wanted> {
        self.0.into_iter().map(|(consumer, body)| body.wanted(consumer, version)).collect()
    }

    /// The schema, for a body that names at least so many consumers.
    pub(super) fn at_least(version: Version, count: u32) -> Value {
        json!({
            "type": "object",
            "minProperties": count,
            "propertyNames": {"format": "uuid"},
            "additionalProperties": for_consumer(version, true),
        })
    }
}

impl Schema for ForConsumers {
    fn schema(version: Version) -> Value {
        Self::at_least(version, 1)
    }
}
