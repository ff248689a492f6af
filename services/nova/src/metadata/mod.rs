//! What a guest is told of itself: by the metadata service on 169.254.169.254, and by the config drive. Both are made of
//! the same document.

mod document;
mod ec2;
mod network_data;
pub mod service;

use std::collections::BTreeMap;

use contracts::network::Port;

use crate::{
    Nova,
    model::{attachment, interface, server},
};

/// The files of a server's config drive.
pub fn drive(
    nova: &Nova,
    server: &server::Model,
    disks: &[attachment::Model],
    cards: &[interface::Model],
    ports: &[Port],
) -> BTreeMap<String, Vec<u8>> {
    let document = document::Document::new(nova, server, disks, cards, ports);
    let mut files = BTreeMap::new();
    for version in document::VERSIONS.iter().copied().chain(["latest"]) {
        for name in document::FILES {
            if let Some(content) = document.openstack(name) {
                files.insert(format!("openstack/{version}/{name}"), content);
            }
        }
    }
    for (at, (_, content)) in document.personality().into_iter().enumerate() {
        files.insert(format!("openstack/content/{at:04}"), content);
    }
    if let Ok(ec2) = serde_json::to_vec(&ec2::whole(&document)) {
        files.insert("ec2/latest/meta-data.json".into(), ec2);
    }
    if let Some(user_data) = document.user_data() {
        files.insert("ec2/latest/user-data".into(), user_data);
    }
    files
}
