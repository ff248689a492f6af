//! What a host is told a machine is: put together anew from the rows whenever a machine is started.

use std::collections::BTreeMap;

use contracts::{
    CallError,
    machine::{DiskBus, DiskSource, DiskSpec, MachineSpec, NicSpec},
    network::Port,
    volume::Connection,
};
use uuid::Uuid;

use crate::{
    Nova, metadata,
    model::{attachment, interface, server},
};

/// The disk bus of that name.
pub fn bus(name: &str) -> DiskBus {
    match name {
        "scsi" => DiskBus::Scsi,
        "sata" => DiskBus::Sata,
        "ide" => DiskBus::Ide,
        _ => DiskBus::Virtio,
    }
}

/// The first name that is free on that bus.
pub fn free_device(bus: &str, taken: &[Option<String>]) -> String {
    let prefix = match bus {
        "scsi" | "sata" => "sd",
        "ide" => "hd",
        _ => "vd",
    };
    let named = |letter: u8| format!("{prefix}{}", letter as char);
    let free = |name: &String| !taken.iter().flatten().any(|known| known == name);
    (b'a'..=b'z').map(named).find(free).unwrap_or_else(|| format!("{prefix}z"))
}

/// A card of a port.
pub fn nic(port: &Port) -> NicSpec {
    NicSpec { port: port.id, mac: port.mac.clone(), mtu: port.network.mtu, metadata: port.metadata.clone() }
}

/// A disk. Volumes are connected to the host on the way.
pub async fn disk(
    nova: &Nova,
    server: &server::Model,
    row: &attachment::Model,
    host: &str,
) -> Result<DiskSpec, CallError> {
    let source = match (row.destination.as_str(), row.source.as_str()) {
        ("volume", _) => match nova.volumes.connect(row.id, host).await? {
            Connection::File { path, format } => DiskSource::File { path, format },
        },
        (_, "image") => {
            let image = server.image.as_ref().ok_or_else(|| {
                CallError::Invalid(format!("Instance {} has lost track of its image.", server.id))
            })?;
            DiskSource::Image {
                image: image.id,
                format: image.disk_format.clone(),
                sha512: image.sha512.clone(),
                size_gib: server.root_gb.max(0) as u64,
            }
        }
        _ => DiskSource::Blank { size_mib: row.size_mib.max(0) as u64 },
    };
    Ok(DiskSpec {
        device: row.device.clone().unwrap_or_else(|| "vda".into()),
        bus: bus(&row.bus),
        source,
        boot_index: row.boot_index.and_then(|index| u32::try_from(index).ok()),
        serial: row.volume_id.map(|id| id.to_string()),
    })
}

/// The whole machine. `ports` are the server's ports that its host has bound.
pub async fn spec(
    nova: &Nova,
    server: &server::Model,
    disks: &[attachment::Model],
    cards: &[interface::Model],
    ports: &[Port],
    host: &str,
) -> Result<MachineSpec, CallError> {
    let mut specs = Vec::new();
    for row in disks.iter().filter(|row| row.state != attachment::State::Detaching.name()) {
        specs.push(disk(nova, server, row, host).await?);
    }
    let nics = ordered(cards, ports).into_iter().map(nic).collect();
    let config_drive = match server.config_drive {
        true => Some(metadata::drive(nova, server, disks, cards, ports)),
        false => None,
    };
    Ok(MachineSpec {
        id: server.id,
        name: server.name.clone(),
        vcpus: u32::try_from(server.vcpus).unwrap_or(1).max(1),
        memory_mib: server.memory_mb.max(1) as u64,
        disks: specs,
        nics,
        config_drive,
        properties: properties(server),
    })
}

/// The server's ports in the order of its cards, without those that are being detached.
pub fn ordered<'a>(cards: &[interface::Model], ports: &'a [Port]) -> Vec<&'a Port> {
    cards
        .iter()
        .filter(|card| card.state != attachment::State::Detaching.name())
        .filter_map(|card| ports.iter().find(|port| port.id == card.port_id))
        .collect()
}

/// The machine as its rows have it now, for a server that has a host.
pub async fn current(nova: &Nova, server: &server::Model, host: &str) -> Result<MachineSpec, CallError> {
    let db = nova.db.read();
    let failed = |error: sea_orm::DbErr| CallError::unavailable("database", error);
    let disks = attachment::of(db, server).await.map_err(failed)?;
    let cards = interface::of(db, server).await.map_err(failed)?;
    let mut ports = nova.networks.ports_of(&[server.id]).await?;
    let unbound: Vec<Uuid> =
        ports.iter().filter(|port| port.host.as_deref() != Some(host)).map(|port| port.id).collect();
    for id in unbound {
        let bound = nova.networks.bind_port(id, host).await?;
        if let Some(port) = ports.iter_mut().find(|port| port.id == id) {
            *port = bound;
        }
    }
    let attached: Vec<attachment::Model> =
        disks.into_iter().filter(|disk| disk.state == attachment::State::Attached.name()).collect();
    let cards: Vec<interface::Model> =
        cards.into_iter().filter(|card| card.state == attachment::State::Attached.name()).collect();
    spec(nova, server, &attached, &cards, &ports, host).await
}

/// `hw_*` of the image, overruled by `hw:*` of the flavor. Nothing else reaches the driver.
fn properties(server: &server::Model) -> BTreeMap<String, String> {
    let mut properties: BTreeMap<String, String> = server
        .image
        .iter()
        .flat_map(|image| &image.properties)
        .filter(|(key, _)| key.starts_with("hw_"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in &server.flavor.extra_specs {
        if let Some(name) = key.strip_prefix("hw:") {
            properties.insert(format!("hw_{name}"), value.clone());
        }
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_disk_gets_the_first_free_name_of_its_bus() {
        let taken = [Some("vda".to_owned()), None, Some("vdc".to_owned())];
        assert_eq!(free_device("virtio", &taken), "vdb");
        assert_eq!(free_device("scsi", &taken), "sda");
    }
}
