//! The document of which every answer is a part.

use base64::{Engine, prelude::BASE64_STANDARD};
use contracts::network::Port;
use serde_json::{Value, json};

use super::network_data;
use crate::{
    Nova,
    model::{attachment, interface, server},
    server::machine,
};

/// The dated versions of the OpenStack form.
pub const VERSIONS: [&str; 10] = [
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "2022-02-22",
];

/// The files of each version.
pub const FILES: [&str; 5] =
    ["meta_data.json", "network_data.json", "user_data", "vendor_data.json", "vendor_data2.json"];

/// All that a guest may know of itself.
pub struct Document<'a> {
    pub(super) server: &'a server::Model,
    pub(super) ports: Vec<&'a Port>,
    pub(super) disks: &'a [attachment::Model],
    cards: &'a [interface::Model],
    pub(super) zone: String,
}

impl<'a> Document<'a> {
    /// Of a server with its disks, cards and ports.
    pub fn new(
        nova: &Nova,
        server: &'a server::Model,
        disks: &'a [attachment::Model],
        cards: &'a [interface::Model],
        ports: &'a [Port],
    ) -> Self {
        let zone = server.availability_zone.clone();
        Self {
            server,
            ports: machine::ordered(cards, ports),
            disks,
            cards,
            zone: zone.unwrap_or_else(|| nova.config.default_availability_zone.clone()),
        }
    }

    /// A file of the OpenStack form.
    pub fn openstack(&self, name: &str) -> Option<Vec<u8>> {
        let json = |value: Value| serde_json::to_vec(&value).ok();
        match name {
            "meta_data.json" => json(self.meta_data()),
            "network_data.json" => json(network_data::of(&self.ports)),
            "vendor_data.json" | "vendor_data2.json" => json(json!({})),
            "user_data" => self.user_data(),
            _ => None,
        }
    }

    /// What the user gave the server, decoded.
    pub fn user_data(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(self.server.user_data.as_deref()?).ok()
    }

    /// Files that the user gave the server: path and content.
    pub fn personality(&self) -> Vec<(String, Vec<u8>)> {
        let files = self.server.personality.iter().flat_map(|files| &files.0);
        files.filter_map(|(path, text)| Some((path.clone(), BASE64_STANDARD.decode(text).ok()?))).collect()
    }

    /// The public keys, by name.
    pub(super) fn keys(&self) -> Option<(&str, &str)> {
        let key = self.server.key_data.as_deref()?.trim_end();
        Some((self.server.key_name.as_deref().unwrap_or("key"), key))
    }

    fn meta_data(&self) -> Value {
        let server = self.server;
        let mut data = json!({
            "uuid": server.id,
            "name": server.name,
            "hostname": server.hostname,
            "availability_zone": self.zone,
            "launch_index": server.launch_index,
            "project_id": server.project_id,
            "random_seed": BASE64_STANDARD.encode(rand::random::<[u8; 256]>()),
            "devices": self.devices(),
            "dedicated_cpus": [],
        });
        if !server.metadata.0.is_empty() {
            data["meta"] = json!(server.metadata.0);
        }
        if let Some((name, key)) = self.keys() {
            let kind = if key.starts_with("-----BEGIN CERT") { "x509" } else { "ssh" };
            data["public_keys"] = json!({name: key});
            data["keys"] = json!([{"name": name, "type": kind, "data": key}]);
        }
        let files = self.personality();
        if !files.is_empty() {
            let listed = files.iter().enumerate();
            data["files"] = listed
                .map(|(at, (path, _))| json!({"path": path, "content_path": format!("/content/{at:04}")}))
                .collect();
        }
        data
    }

    fn devices(&self) -> Vec<Value> {
        let mut devices = Vec::new();
        for card in self.cards {
            let port = self.ports.iter().find(|port| port.id == card.port_id);
            if let (Some(port), Some(tag)) = (port, &card.tag) {
                devices.push(
                    json!({"type": "nic", "bus": "none", "address": "none", "mac": port.mac, "tags": [tag]}),
                );
            }
        }
        for disk in self.disks {
            if let Some(tag) = &disk.tag {
                let path = format!("/dev/{}", disk.device.as_deref().unwrap_or_default());
                devices.push(json!({
                    "type": "disk", "bus": "none", "address": "none", "tags": [tag],
                    "serial": disk.volume_id, "path": path,
                }));
            }
        }
        devices
    }
}
