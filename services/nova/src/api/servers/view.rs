//! How a server is shown.

use std::{collections::BTreeMap, net::IpAddr};

use platform::{
    View,
    http::Cx,
    wire::{Version, View},
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha224};
use uuid::Uuid;

use super::super::links::{self, Link};
use crate::{
    Nova,
    model::{
        aggregate, attachment, flavor, host,
        server::{Card, Model},
        server_tag,
    },
    server::state::{VmState, status},
    times::{Iso, Micro},
};

/// The short form.
#[derive(View)]
pub struct ServerRef<'a> {
    id: Uuid,
    name: &'a str,
    links: [Link; 2],
}

impl<'a> ServerRef<'a> {
    /// Of a row.
    pub fn new(cx: &Cx<Nova>, row: &'a Model) -> Self {
        Self { id: row.id, name: &row.name, links: links::links(cx, "servers", row.id) }
    }
}

/// What the answers to an update have before 2.75.
#[derive(View)]
pub struct Plain<'a> {
    #[view(rename = "accessIPv4")]
    access_ip_v4: &'a str,
    #[view(rename = "accessIPv6")]
    access_ip_v6: &'a str,
    addresses: BTreeMap<&'a str, Vec<PlainAddress>>,
    created: Iso,
    #[view(nested)]
    flavor: FlavorView<'a>,
    #[view(rename = "hostId")]
    host_id: String,
    id: Uuid,
    #[view(nested)]
    image: ImageView<'a>,
    links: [Link; 2],
    metadata: &'a flavor::Strings,
    name: &'a str,
    status: &'static str,
    tenant_id: &'a str,
    user_id: &'a str,
    updated: Iso,
    #[view(rename = "OS-DCF:diskConfig")]
    disk_config: &'a str,
    #[view(skip_none)]
    fault: Option<Value>,
    #[view(skip_none)]
    progress: Option<i32>,
    #[view(since = "2.9")]
    locked: bool,
    #[view(since = "2.19")]
    description: Option<&'a str>,
    #[view(since = "2.26")]
    tags: Vec<&'a str>,
    #[view(since = "2.63")]
    trusted_image_certificates: Option<()>,
    #[view(since = "2.71", skip_none)]
    server_groups: Option<Vec<Uuid>>,
    #[view(since = "2.73")]
    locked_reason: Option<&'a str>,
}

/// The whole form.
#[derive(View)]
pub struct ServerView<'a> {
    #[view(rename = "accessIPv4")]
    access_ip_v4: &'a str,
    #[view(rename = "accessIPv6")]
    access_ip_v6: &'a str,
    addresses: BTreeMap<&'a str, Vec<Address<'a>>>,
    created: Iso,
    #[view(nested)]
    flavor: FlavorView<'a>,
    #[view(rename = "hostId")]
    host_id: String,
    id: Uuid,
    #[view(nested)]
    image: ImageView<'a>,
    links: [Link; 2],
    metadata: &'a flavor::Strings,
    name: &'a str,
    status: &'static str,
    tenant_id: &'a str,
    user_id: &'a str,
    updated: Iso,
    #[view(rename = "OS-DCF:diskConfig")]
    disk_config: &'a str,
    #[view(skip_none)]
    fault: Option<Value>,
    #[view(skip_none)]
    progress: Option<i32>,
    #[view(rename = "OS-EXT-AZ:availability_zone")]
    zone: String,
    config_drive: &'static str,
    key_name: Option<&'a str>,
    #[view(rename = "OS-SRV-USG:launched_at")]
    launched_at: Option<Micro>,
    #[view(rename = "OS-SRV-USG:terminated_at")]
    terminated_at: Option<Micro>,
    #[view(skip_none)]
    security_groups: Option<Vec<Value>>,
    #[view(rename = "OS-EXT-SRV-ATTR:host", skip_none)]
    host: Option<Option<&'a str>>,
    #[view(rename = "OS-EXT-SRV-ATTR:instance_name", skip_none)]
    instance_name: Option<String>,
    #[view(rename = "OS-EXT-SRV-ATTR:hypervisor_hostname", skip_none)]
    hypervisor_hostname: Option<Option<&'a str>>,
    #[view(rename = "OS-EXT-SRV-ATTR:hostname", since = "2.3", skip_none)]
    hostname: Option<&'a str>,
    #[view(rename = "OS-EXT-SRV-ATTR:kernel_id", since = "2.3", skip_none)]
    kernel_id: Option<&'static str>,
    #[view(rename = "OS-EXT-SRV-ATTR:ramdisk_id", since = "2.3", skip_none)]
    ramdisk_id: Option<&'static str>,
    #[view(rename = "OS-EXT-SRV-ATTR:launch_index", since = "2.3", skip_none)]
    launch_index: Option<i32>,
    #[view(rename = "OS-EXT-SRV-ATTR:reservation_id", since = "2.3", skip_none)]
    reservation_id: Option<&'a str>,
    #[view(rename = "OS-EXT-SRV-ATTR:root_device_name", since = "2.3", skip_none)]
    root_device_name: Option<Option<&'a str>>,
    #[view(rename = "OS-EXT-SRV-ATTR:user_data", since = "2.3", skip_none)]
    user_data: Option<Option<&'a str>>,
    #[view(rename = "OS-EXT-STS:task_state")]
    task_state: Option<&'a str>,
    #[view(rename = "OS-EXT-STS:vm_state")]
    vm_state: &'a str,
    #[view(rename = "OS-EXT-STS:power_state")]
    power_state: i32,
    #[view(rename = "os-extended-volumes:volumes_attached", nested)]
    volumes_attached: Vec<VolumeView>,
    #[view(since = "2.9")]
    locked: bool,
    #[view(since = "2.16", skip_none)]
    host_status: Option<&'static str>,
    #[view(since = "2.19")]
    description: Option<&'a str>,
    #[view(since = "2.26")]
    tags: Vec<&'a str>,
    #[view(since = "2.63")]
    trusted_image_certificates: Option<()>,
    #[view(since = "2.71", skip_none)]
    server_groups: Option<Vec<Uuid>>,
    #[view(since = "2.73")]
    locked_reason: Option<&'a str>,
    #[view(rename = "OS-EXT-SRV-ATTR:hostname", since = "2.90", skip_none)]
    own_hostname: Option<&'a str>,
    #[view(since = "2.96")]
    pinned_availability_zone: Option<&'a str>,
    #[view(since = "2.100")]
    scheduler_hints: &'a Value,
}

#[derive(View)]
struct VolumeView {
    id: Option<Uuid>,
    #[view(since = "2.3")]
    delete_on_termination: bool,
}

/// The flavor: by reference until 2.46, in full from 2.47 on.
#[derive(View)]
struct FlavorView<'a> {
    #[view(until = "2.46")]
    id: &'a str,
    #[view(until = "2.46")]
    links: [Link; 1],
    #[view(since = "2.47")]
    vcpus: i64,
    #[view(since = "2.47")]
    ram: i64,
    #[view(since = "2.47")]
    disk: i64,
    #[view(since = "2.47")]
    ephemeral: i64,
    #[view(since = "2.47")]
    swap: i64,
    #[view(since = "2.47")]
    original_name: &'a str,
    #[view(since = "2.47", skip_none)]
    extra_specs: Option<&'a BTreeMap<String, String>>,
}

/// The image, or an empty text when the server boots from a volume.
struct ImageView<'a>(Option<(Uuid, Link, &'a Model)>);

impl View for ImageView<'_> {
    fn serialize_at<S: serde::Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(View)]
        struct Image<'a> {
            id: Uuid,
            links: [&'a Link; 1],
            #[view(since = "2.98")]
            properties: BTreeMap<&'a str, &'a str>,
        }
        let Some((id, link, row)) = &self.0 else { return serializer.serialize_str("") };
        let properties = row.image.iter().flat_map(|image| &image.properties);
        let properties = properties
            .filter(|(name, value)| name.len() <= 255 && value.len() <= 255)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Image { id: *id, links: [link], properties }.serialize_at(version, serializer)
    }
}

#[derive(Serialize)]
struct Address<'a> {
    version: u8,
    addr: IpAddr,
    #[serde(rename = "OS-EXT-IPS:type")]
    kind: &'static str,
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr")]
    mac: &'a str,
}

/// An address without extensions.
#[derive(Debug, Serialize)]
pub struct PlainAddress {
    version: u8,
    addr: IpAddr,
}

fn each(cards: &[Card]) -> impl Iterator<Item = (&str, &str, IpAddr, &'static str)> {
    cards.iter().flat_map(|card| {
        card.ips.iter().flat_map(|(_, fixed, floating)| {
            let floating = floating.map(|address| (address, "floating"));
            std::iter::once((*fixed, "fixed"))
                .chain(floating)
                .map(|(address, kind)| (card.network_name.as_str(), card.mac.as_str(), address, kind))
        })
    })
}

const fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { 4 } else { 6 }
}

/// A server's addresses by network, without extensions.
pub fn plain_addresses(cards: &[Card]) -> BTreeMap<&str, Vec<PlainAddress>> {
    let mut networks: BTreeMap<&str, Vec<PlainAddress>> = BTreeMap::new();
    for card in cards {
        networks.entry(&card.network_name).or_default();
    }
    for (network, _, addr, _) in each(cards) {
        networks.entry(network).or_default().push(PlainAddress { version: family(addr), addr });
    }
    networks
}

fn addresses(cards: &[Card]) -> BTreeMap<&str, Vec<Address<'_>>> {
    let mut networks: BTreeMap<&str, Vec<Address<'_>>> = BTreeMap::new();
    for card in cards {
        networks.entry(&card.network_name).or_default();
    }
    for (network, mac, addr, kind) in each(cards) {
        networks.entry(network).or_default().push(Address { version: family(addr), addr, kind, mac });
    }
    networks
}

/// What many servers' views need besides their rows, read with a few queries for all of them.
pub struct Surroundings {
    disks: Vec<attachment::Model>,
    tags: Vec<server_tag::Model>,
    zones: BTreeMap<String, String>,
    down: Vec<String>,
    disabled: Vec<String>,
    attributes: bool,
    host_status: bool,
    extra_specs: bool,
    groups: bool,
}

impl Surroundings {
    /// Of these servers. `groups`: their groups are shown (not in lists).
    pub async fn read(cx: &Cx<Nova>, rows: &[&Model], groups: bool) -> Result<Self, sea_orm::DbErr> {
        let db = cx.service.db.read();
        let owner = rows.first().map(|row| row.project_id.clone()).unwrap_or_default();
        let target = platform::policy::Target::project(owner);
        let aggregates = aggregate::all(db).await?;
        let zones =
            aggregate::zones(&aggregates).into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        let host_status = cx.may("os_compute_api:servers:show:host_status", &target);
        let (mut down, mut disabled) = (Vec::new(), Vec::new());
        if host_status {
            let connected: Vec<String> =
                cx.service.hosts.connected().into_iter().map(|host| host.host).collect();
            for host in host::all(db).await? {
                if host.forced_down || !connected.contains(&host.name) {
                    down.push(host.name);
                } else if host.disabled {
                    disabled.push(host.name);
                }
            }
        }
        Ok(Self {
            disks: attachment::volumes_of(db, rows).await?,
            tags: server_tag::of_each(db, rows).await?,
            zones,
            down,
            disabled,
            attributes: cx.may("os_compute_api:os-extended-server-attributes", &target),
            host_status,
            extra_specs: cx.may("os_compute_api:servers:show:flavor-extra-specs", &target),
            groups,
        })
    }

    fn host_status(&self, row: &Model) -> Option<&'static str> {
        if !self.host_status {
            return None;
        }
        Some(match &row.host {
            None => "",
            Some(host) if self.down.contains(host) => "DOWN",
            Some(host) if self.disabled.contains(host) => "MAINTENANCE",
            Some(_) => "UP",
        })
    }
}

fn flavor<'a>(cx: &Cx<Nova>, row: &'a Model, specs: bool) -> FlavorView<'a> {
    let flavor = &row.flavor;
    FlavorView {
        id: &flavor.id,
        links: [links::bookmark(cx, "flavors", &flavor.id)],
        vcpus: flavor.vcpus,
        ram: flavor.memory_mb,
        disk: flavor.root_gb,
        ephemeral: flavor.ephemeral_gb,
        swap: flavor.swap_mb,
        original_name: &flavor.name,
        extra_specs: specs.then_some(&flavor.extra_specs),
    }
}

fn image<'a>(cx: &Cx<Nova>, row: &'a Model) -> ImageView<'a> {
    ImageView(row.image_id.map(|id| (id, links::bookmark(cx, "images", id), row)))
}

/// What a project sees instead of the host's name: the same for its servers on one host, different for other projects.
pub fn host_id(row: &Model) -> String {
    let Some(host) = &row.host else { return String::new() };
    let digest = Sha224::digest(format!("{}{host}", row.project_id));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The status that users see.
pub fn shown_status(row: &Model) -> &'static str {
    status(row.state(), row.current_task())
}

/// Only administrators are shown what went wrong in detail.
fn fault(cx: &Cx<Nova>, row: &Model) -> Option<Value> {
    if !matches!(row.state(), VmState::Error | VmState::Deleted) {
        return None;
    }
    let fault = row.fault.as_ref()?;
    let mut shown = json!({"code": fault.code, "created": Iso(fault.created), "message": fault.message});
    if cx.is_admin() && !fault.details.is_empty() {
        shown["details"] = json!(fault.details);
    }
    Some(shown)
}

fn progress(row: &Model) -> Option<i32> {
    let shown = ["ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"];
    shown.contains(&shown_status(row)).then_some(row.progress)
}

/// The answer to an update before 2.75.
pub fn plain<'a>(cx: &Cx<Nova>, row: &'a Model, around: &'a Surroundings) -> Plain<'a> {
    Plain {
        access_ip_v4: row.access_ip_v4.as_deref().unwrap_or_default(),
        access_ip_v6: row.access_ip_v6.as_deref().unwrap_or_default(),
        addresses: plain_addresses(&row.addresses.0),
        created: Iso(row.created_at),
        flavor: flavor(cx, row, around.extra_specs),
        host_id: host_id(row),
        id: row.id,
        image: image(cx, row),
        links: links::links(cx, "servers", row.id),
        metadata: &row.metadata,
        name: &row.name,
        status: shown_status(row),
        tenant_id: &row.project_id,
        user_id: &row.user_id,
        updated: Iso(row.updated_at),
        disk_config: &row.disk_config,
        fault: fault(cx, row),
        progress: progress(row),
        locked: row.locked,
        description: row.description.as_deref(),
        tags: tags(row, around),
        trusted_image_certificates: None,
        server_groups: around.groups.then(|| row.group_id.into_iter().collect()),
        locked_reason: row.locked_reason.as_deref(),
    }
}

fn tags<'a>(row: &Model, around: &'a Surroundings) -> Vec<&'a str> {
    around.tags.iter().filter(|tag| tag.server_id == row.id).map(|tag| tag.tag.as_str()).collect()
}

/// The zone that it is in; that which was asked for while it is in none.
pub fn zone(cx: &Cx<Nova>, row: &Model, around: &Surroundings) -> String {
    match &row.host {
        Some(host) => around
            .zones
            .get(host)
            .cloned()
            .unwrap_or_else(|| cx.service.config.default_availability_zone.clone()),
        None => row.availability_zone.clone().unwrap_or_default(),
    }
}

/// The whole form.
pub fn full<'a>(cx: &Cx<Nova>, row: &'a Model, around: &'a Surroundings) -> ServerView<'a> {
    let admin = around.attributes;
    let zone = zone(cx, row, around);
    let groups: Vec<Value> = row.security_groups.0.iter().map(|name| json!({"name": name})).collect();
    let volumes = around.disks.iter().filter(|disk| disk.server_id == row.id);
    ServerView {
        access_ip_v4: row.access_ip_v4.as_deref().unwrap_or_default(),
        access_ip_v6: row.access_ip_v6.as_deref().unwrap_or_default(),
        addresses: addresses(&row.addresses.0),
        created: Iso(row.created_at),
        flavor: flavor(cx, row, around.extra_specs),
        host_id: host_id(row),
        id: row.id,
        image: image(cx, row),
        links: links::links(cx, "servers", row.id),
        metadata: &row.metadata,
        name: &row.name,
        status: shown_status(row),
        tenant_id: &row.project_id,
        user_id: &row.user_id,
        updated: Iso(row.updated_at),
        disk_config: &row.disk_config,
        fault: fault(cx, row),
        progress: progress(row),
        zone,
        config_drive: if row.config_drive { "True" } else { "" },
        key_name: row.key_name.as_deref(),
        launched_at: row.launched_at.map(Micro),
        terminated_at: row.terminated_at.map(Micro),
        security_groups: (!groups.is_empty()).then_some(groups),
        host: admin.then_some(row.host.as_deref()),
        instance_name: admin.then(|| format!("instance-{}", row.id)),
        hypervisor_hostname: admin.then_some(row.host.as_deref()),
        hostname: admin.then_some(&row.hostname),
        kernel_id: admin.then_some(""),
        ramdisk_id: admin.then_some(""),
        launch_index: admin.then_some(row.launch_index),
        reservation_id: admin.then_some(&row.reservation_id),
        root_device_name: admin.then_some(row.root_device_name.as_deref()),
        user_data: admin.then_some(row.user_data.as_deref()),
        task_state: row.task_state.as_deref(),
        vm_state: &row.vm_state,
        power_state: row.power_state,
        volumes_attached: volumes
            .map(|disk| VolumeView { id: disk.volume_id, delete_on_termination: disk.delete_on_termination })
            .collect(),
        locked: row.locked,
        host_status: around.host_status(row),
        description: row.description.as_deref(),
        tags: tags(row, around),
        trusted_image_certificates: None,
        server_groups: around.groups.then(|| row.group_id.into_iter().collect()),
        locked_reason: row.locked_reason.as_deref(),
        own_hostname: (!admin).then_some(&row.hostname),
        pinned_availability_zone: row.availability_zone.as_deref(),
        scheduler_hints: &row.hints,
    }
}

/// The answer to an update or a rebuild: the plain form until 2.74, the whole from 2.75 on.
pub enum Changed<'a> {
    /// Until 2.74.
    Plain(Box<Plain<'a>>),
    /// From 2.75 on.
    Full(Box<ServerView<'a>>),
}

impl View for Changed<'_> {
    fn serialize_at<S: serde::Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(view) => view.serialize_at(version, serializer),
            Self::Full(view) => view.serialize_at(version, serializer),
        }
    }
}

/// See [`Changed`].
pub fn changed<'a>(cx: &Cx<Nova>, row: &'a Model, around: &'a Surroundings) -> Changed<'a> {
    if cx.version < Version::new(2, 75) {
        Changed::Plain(Box::new(plain(cx, row, around)))
    } else {
        Changed::Full(Box::new(full(cx, row, around)))
    }
}
