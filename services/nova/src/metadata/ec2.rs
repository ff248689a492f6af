//! The EC2 form: a tree of texts.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::document::Document;

/// Its dated versions.
pub const VERSIONS: [&str; 9] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
];

/// A short id as EC2 has it, from the server's id.
fn short(prefix: &str, id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let number: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-{number}")
}

/// The tree.
pub fn whole(document: &Document<'_>) -> Value {
    let server = document.server;
    let id = server.id.to_string();
    let addresses = || document.ports.iter().flat_map(|port| &port.fixed_ips);
    let fixed = addresses().map(|ip| ip.address).find(|address| address.is_ipv4());
    let floating = addresses().find_map(|ip| ip.floating);
    let text = |address: Option<std::net::IpAddr>| address.map(|a| a.to_string()).unwrap_or_default();
    let mut groups: Vec<&str> = Vec::new();
    for name in document.ports.iter().flat_map(|port| &port.security_groups) {
        if !groups.contains(&name.as_str()) {
            groups.push(name);
        }
    }
    let image = server.image_id.map(|id| short("ami", &id.to_string())).unwrap_or_default();
    let mut tree = json!({
        "ami-id": image,
        "ami-launch-index": server.launch_index.to_string(),
        "ami-manifest-path": "none",
        "block-device-mapping": block_devices(document),
        "hostname": server.hostname,
        "instance-action": "none",
        "instance-id": short("i", &id),
        "instance-type": server.flavor.name,
        "local-hostname": server.hostname,
        "local-ipv4": text(fixed),
        "placement": {"availability-zone": document.zone},
        "public-hostname": server.hostname,
        "public-ipv4": text(floating),
        "reservation-id": server.reservation_id,
        "security-groups": groups.join("\n"),
    });
    if let Some((name, key)) = document.keys() {
        tree["public-keys"] = json!({"0": {"_name": format!("0={name}"), "openssh-key": key}});
    }
    tree
}

fn block_devices(document: &Document<'_>) -> Map<String, Value> {
    let mut devices = Map::new();
    let root = document.server.root_device_name.as_deref().unwrap_or("/dev/vda");
    devices.insert("ami".into(), json!(root.trim_start_matches("/dev/")));
    devices.insert("root".into(), json!(root));
    let further = document.disks.iter().filter(|disk| disk.boot_index != Some(0));
    for (at, disk) in further.enumerate() {
        let name = format!("/dev/{}", disk.device.as_deref().unwrap_or_default());
        devices.insert(format!("ebs{at}"), json!(name));
    }
    devices
}

/// What stands at a path of the tree: a text, or the names below it.
pub fn at(tree: &Value, path: &[&str]) -> Option<String> {
    let mut place = tree;
    for part in path {
        place = place.get(part.split('=').next().unwrap_or(part))?;
    }
    match place {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => {
            let names =
                members.iter().filter(|(name, _)| *name != "_name").map(|(name, below)| match below {
                    Value::Object(below) => match below.get("_name").and_then(Value::as_str) {
                        Some(named) => named.to_owned(),
                        None => format!("{name}/"),
                    },
                    _ => name.clone(),
                });
            Some(names.collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    }
}
