//! What a request for a server says.

use std::collections::BTreeMap;

use platform::{
    Body,
    wire::{Patch, Version},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::lenient::{Flag, MAX, Number, description, metadata, name, tags};

/// `POST /servers`
#[derive(Deserialize, Body)]
#[allow(missing_docs)]
pub struct CreateRequest {
    /// The server.
    pub server: NewServer,
    /// Hints for the scheduler.
    #[serde(rename = "os:scheduler_hints")]
    #[body(schema = hints)]
    pub hints: Option<Map<String, Value>>,
    /// The same under its old name.
    #[serde(rename = "OS-SCH-HNT:scheduler_hints")]
    #[body(schema = hints)]
    pub old_hints: Option<Map<String, Value>>,
}

/// A server to be made.
#[derive(Deserialize, Body)]
#[allow(missing_docs)]
pub struct NewServer {
    #[body(schema = name)]
    pub name: String,
    #[serde(rename = "imageRef", default)]
    #[body(schema = image)]
    pub image: Option<String>,
    #[serde(rename = "flavorRef")]
    #[body(schema = flavor)]
    pub flavor: Value,
    #[serde(rename = "adminPass")]
    #[body(schema = text)]
    pub admin_pass: Option<String>,
    #[serde(default)]
    #[body(schema = metadata)]
    pub metadata: BTreeMap<String, String>,
    #[serde(default)]
    #[body(schema = networks)]
    pub networks: Value,
    #[serde(rename = "OS-DCF:diskConfig")]
    #[body(one_of = ["AUTO", "MANUAL"])]
    pub disk_config: Option<String>,
    #[serde(rename = "accessIPv4")]
    #[body(format = "ipv4")]
    pub access_ip_v4: Option<String>,
    #[serde(rename = "accessIPv6")]
    #[body(format = "ipv6")]
    pub access_ip_v6: Option<String>,
    #[body(until = "2.56")]
    pub personality: Option<Vec<File>>,
    #[body(schema = zone)]
    pub availability_zone: Option<String>,
    #[serde(default)]
    pub block_device_mapping: Option<Vec<LegacyDevice>>,
    #[serde(default)]
    pub block_device_mapping_v2: Option<Vec<Device>>,
    pub config_drive: Option<Flag>,
    pub key_name: Option<String>,
    pub min_count: Option<Number<1, MAX>>,
    pub max_count: Option<Number<1, MAX>>,
    pub return_reservation_id: Option<Flag>,
    #[serde(default)]
    pub security_groups: Vec<Group>,
    #[body(max = 65535)]
    pub user_data: Option<String>,
    #[body(since = "2.19", schema = description)]
    pub description: Option<String>,
    #[serde(default)]
    #[body(since = "2.52", schema = tags)]
    pub tags: Vec<String>,
    #[body(since = "2.63")]
    pub trusted_image_certificates: Option<Vec<String>>,
    #[body(since = "2.74", min = 1, max = 255)]
    pub host: Option<String>,
    #[body(since = "2.74", min = 1, max = 255)]
    pub hypervisor_hostname: Option<String>,
    #[body(since = "2.90", schema = hostname)]
    pub hostname: Option<String>,
}

/// A file for the config drive.
#[derive(Deserialize, Body)]
#[allow(missing_docs)]
pub struct File {
    pub path: String,
    pub contents: String,
}

/// A security group by name.
#[derive(Deserialize, Body)]
#[allow(missing_docs)]
pub struct Group {
    #[body(min = 1, max = 255)]
    pub name: String,
}

/// A network, a port, or an address.
#[derive(Deserialize, Body)]
#[allow(missing_docs)]
pub struct Nic {
    pub uuid: Option<Uuid>,
    pub port: Option<Uuid>,
    pub fixed_ip: Option<std::net::IpAddr>,
    #[body(since = "2.32", min = 1, max = 60, pattern = "^[^,/]*$")]
    pub tag: Option<String>,
}

/// A disk, in the form of today.
#[derive(Deserialize, Body, Default)]
#[allow(missing_docs)]
pub struct Device {
    #[body(one_of = ["image", "volume", "snapshot", "blank"])]
    pub source_type: Option<String>,
    #[body(one_of = ["local", "volume"])]
    pub destination_type: Option<String>,
    pub uuid: Option<Uuid>,
    pub volume_size: Option<Number<1, MAX>>,
    pub delete_on_termination: Option<Flag>,
    #[serde(default)]
    #[body(schema = boot_index)]
    pub boot_index: Option<Value>,
    #[body(min = 1, max = 255, pattern = "^[a-zA-Z0-9._/-]*$")]
    pub device_name: Option<String>,
    pub guest_format: Option<String>,
    #[allow(dead_code)]
    pub device_type: Option<String>,
    pub disk_bus: Option<String>,
    pub image_id: Option<Uuid>,
    pub volume_id: Option<Uuid>,
    pub snapshot_id: Option<Uuid>,
    #[serde(default)]
    pub no_device: Option<Value>,
    #[allow(dead_code)]
    pub connection_info: Option<String>,
    #[body(since = "2.32", min = 1, max = 60, pattern = "^[^,/]*$")]
    pub tag: Option<String>,
    #[body(since = "2.67", max = 255)]
    pub volume_type: Option<String>,
}

/// A disk, in the form of old.
#[derive(Deserialize, Body)]
#[allow(missing_docs)]
pub struct LegacyDevice {
    #[allow(dead_code)]
    pub virtual_name: Option<String>,
    pub volume_id: Option<Uuid>,
    pub snapshot_id: Option<Uuid>,
    pub volume_size: Option<Number<1, MAX>>,
    pub delete_on_termination: Option<Flag>,
    #[body(min = 1, max = 255, pattern = "^[a-zA-Z0-9._/-]*$")]
    pub device_name: Option<String>,
    #[allow(dead_code)]
    pub connection_info: Option<String>,
    #[serde(default)]
    pub no_device: Option<Value>,
}

/// `PUT /servers/{id}`
#[derive(Deserialize, Body)]
#[body(wrap = "server")]
#[allow(missing_docs)]
pub struct UpdateServer {
    #[serde(default)]
    #[body(schema = name)]
    pub name: Option<String>,
    #[serde(rename = "OS-DCF:diskConfig")]
    #[body(one_of = ["AUTO", "MANUAL"])]
    pub disk_config: Option<String>,
    #[serde(rename = "accessIPv4", default)]
    #[body(format = "ipv4")]
    pub access_ip_v4: Patch<String>,
    #[serde(rename = "accessIPv6", default)]
    #[body(format = "ipv6")]
    pub access_ip_v6: Patch<String>,
    #[serde(default)]
    #[body(since = "2.19", schema = description)]
    pub description: Patch<String>,
    #[body(since = "2.90", schema = hostname)]
    pub hostname: Option<String>,
    #[serde(default)]
    #[body(since = "2.104", min = 1, max = 255)]
    pub pinned_availability_zone: Patch<String>,
}

fn text(_: Version) -> Value {
    json!({"type": "string"})
}

fn image(_: Version) -> Value {
    json!({"type": "string", "anyOf": [{"maxLength": 0}, {"format": "uuid"}, {"pattern": "^https?://"}]})
}

fn flavor(_: Version) -> Value {
    json!({"type": ["string", "integer"], "minLength": 1})
}

fn hostname(version: Version) -> Value {
    // From 2.94 a whole domain name.
    let (pattern, max) = if version >= Version::new(2, 94) {
        (
            r"^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$",
            255,
        )
    } else {
        (r"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$", 63)
    };
    json!({"type": "string", "minLength": 2, "maxLength": max, "pattern": pattern})
}

fn zone(_: Version) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255})
}

fn boot_index(_: Version) -> Value {
    json!({"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$"})
}

fn networks(version: Version) -> Value {
    use platform::wire::Schema;
    let list = <Vec<Nic> as Schema>::schema(version);
    if version >= Version::new(2, 37) {
        json!({"oneOf": [list, {"type": "string", "enum": ["none", "auto"]}]})
    } else {
        list
    }
}

fn hints(_: Version) -> Value {
    let uuids = json!({"anyOf": [
        {"type": "string", "format": "uuid"},
        {"type": "array", "items": {"type": "string", "format": "uuid"}},
    ]});
    json!({"type": "object", "properties": {
        "group": {"type": "string", "format": "uuid"},
        "same_host": uuids, "different_host": uuids,
        "query": {"type": ["string", "object"]},
        "target_cell": {"type": "string"},
        "different_cell": {"type": ["string", "array"]},
        "build_near_host_ip": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
        "cidr": {"type": "string"},
    }})
}
