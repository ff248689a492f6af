//! The disks of a new server: what was asked for, checked, as rows.

use contracts::image::Image;
use platform::http::{Cx, Fault};
use serde_json::Value;
use uuid::Uuid;

use super::body::{Device, LegacyDevice, NewServer};
use crate::{
    Nova,
    error::NovaError,
    model::{
        attachment::{Model, State},
        flavor::Snapshot,
    },
    server::machine::free_device,
};

/// The disks, and whether the first is on the host.
pub struct Disks {
    /// Rows without the server's id (nil): each server gets its own copies.
    pub rows: Vec<Model>,
    /// Whether the root disk is a copy of the image on the host.
    pub local_root: bool,
}

fn invalid(why: &str) -> NovaError {
    NovaError::Invalid(format!("Block Device Mapping is Invalid: {why}"))
}

/// Checks what was asked for, and makes rows of it.
pub async fn disks(
    cx: &Cx<Nova>,
    new: &NewServer,
    image: Option<&Image>,
    flavor: &Snapshot,
) -> Result<Disks, Fault> {
    let devices = devices(new)?;
    let bus = image.and_then(|image| image.properties.get("hw_disk_bus")).map_or("virtio", String::as_str);
    let mut rows: Vec<Model> = Vec::new();
    for device in &devices {
        if let Some(row) = row(cx, device, image, bus).await? {
            rows.push(row);
        }
    }
    let booted = rows.iter().filter(|row| row.boot_index == Some(0)).count();
    match (image, booted) {
        (_, 2..) => {
            return Err(invalid(
                "Boot sequence for the instance and image/block device mapping combination is not valid.",
            )
            .into());
        }
        (Some(image), 0) => rows.insert(0, local_image(image.id, bus)),
        (None, 0) => {
            return Err(invalid(
                "Boot sequence for the instance and image/block device mapping combination is not valid.",
            )
            .into());
        }
        _ => {}
    }
    rows.sort_by_key(|row| row.boot_index.filter(|index| *index >= 0).unwrap_or(i32::MAX));
    let asked_local = rows.iter().any(|row| row.source == "blank" && row.destination == "local");
    if !asked_local {
        for size in [flavor.ephemeral_gb * 1024, flavor.swap_mb] {
            if size > 0 {
                rows.push(Model { size_mib: size, ..blank(bus) });
            }
        }
    }
    let local_root = rows.first().is_some_and(|row| row.destination == "local");
    name(&mut rows);
    Ok(Disks { rows, local_root })
}

/// Names each disk that was given no name of its own.
fn name(rows: &mut [Model]) {
    for at in 0..rows.len() {
        rows[at].position = i32::try_from(at).unwrap_or(i32::MAX);
        if rows[at].device.is_none() || at == 0 {
            let others: Vec<Option<String>> = rows
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, row)| row.device.clone())
                .collect();
            rows[at].device = Some(free_device(&rows[at].bus, &others));
        }
    }
}

fn devices(new: &NewServer) -> Result<Vec<Device>, NovaError> {
    match (&new.block_device_mapping, &new.block_device_mapping_v2) {
        (Some(old), Some(v2)) if !old.is_empty() && !v2.is_empty() => Err(NovaError::Invalid(
            "Using different block_device_mapping syntaxes is not allowed in the same request.".into(),
        )),
        (Some(old), _) if !old.is_empty() => {
            let root = new.image.as_deref().is_none_or(str::is_empty);
            Ok(old.iter().enumerate().map(|(at, device)| from_legacy(device, root && at == 0)).collect())
        }
        (_, Some(v2)) => Ok(v2.iter().map(copy).collect()),
        _ => Ok(Vec::new()),
    }
}

fn copy(device: &Device) -> Device {
    Device {
        source_type: device.source_type.clone(),
        destination_type: device.destination_type.clone(),
        uuid: device.uuid.or(device.volume_id).or(device.snapshot_id).or(device.image_id),
        volume_size: device.volume_size,
        delete_on_termination: device.delete_on_termination,
        boot_index: device.boot_index.clone(),
        device_name: device.device_name.clone(),
        guest_format: device.guest_format.clone(),
        disk_bus: device.disk_bus.clone(),
        no_device: device.no_device.clone(),
        tag: device.tag.clone(),
        volume_type: device.volume_type.clone(),
        ..Device::default()
    }
}

fn from_legacy(device: &LegacyDevice, root: bool) -> Device {
    let source = if device.snapshot_id.is_some() { "snapshot" } else { "volume" };
    Device {
        source_type: Some(source.into()),
        destination_type: Some("volume".into()),
        uuid: device.snapshot_id.or(device.volume_id),
        volume_size: device.volume_size,
        delete_on_termination: device.delete_on_termination,
        boot_index: root.then(|| Value::from(0)),
        device_name: device.device_name.clone(),
        no_device: device.no_device.clone(),
        ..Device::default()
    }
}

fn index(device: &Device) -> Option<i32> {
    match &device.boot_index {
        Some(Value::Number(number)) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    }
}

async fn row(
    cx: &Cx<Nova>,
    device: &Device,
    image: Option<&Image>,
    bus: &str,
) -> Result<Option<Model>, Fault> {
    if device.no_device.as_ref().is_some_and(|value| value != &Value::Bool(false) && !value.is_null()) {
        return Ok(None);
    }
    if let Some(kind) = &device.volume_type {
        return Err(NovaError::Invalid(format!("Volume type {kind} could not be found.")).into());
    }
    let bus = device.disk_bus.as_deref().unwrap_or(bus);
    if !["virtio", "scsi", "sata", "ide"].contains(&bus) {
        return Err(NovaError::Invalid(format!(
            "Block device mapping is invalid: disk bus {bus} is not supported."
        ))
        .into());
    }
    let source = device.source_type.as_deref().unwrap_or("volume");
    let destination = device.destination_type.as_deref().unwrap_or(match source {
        "image" | "blank" => "local",
        _ => "volume",
    });
    let size = device.volume_size.map_or(0, |number| number.0);
    let mut row = Model {
        source: source.into(),
        destination: destination.into(),
        size_gib: size,
        size_mib: size * 1024,
        device: device.device_name.as_deref().map(|name| name.trim_start_matches("/dev/").to_owned()),
        boot_index: index(device).filter(|index| *index >= 0),
        delete_on_termination: device.delete_on_termination.is_some_and(|flag| flag.0),
        tag: device.tag.clone(),
        ..blank(bus)
    };
    match (source, destination) {
        ("image", "local") => {
            let wanted = device.uuid.or(image.map(|image| image.id));
            if row.boot_index != Some(0) || image.is_none_or(|image| Some(image.id) != wanted) {
                return Err(invalid("Mapping image to local is not supported.").into());
            }
            row.image_id = wanted;
            row.delete_on_termination = true;
        }
        ("image", _) => {
            let id = device.uuid.ok_or_else(|| invalid("image is required"))?;
            let image = cx.service.images.image(&cx.caller, id).await;
            let image = image.map_err(|_| invalid(&format!("failed to get image {id}.")))?;
            if size == 0 {
                return Err(invalid(
                    "Images with destination_type 'volume' need to have a non-zero size specified",
                )
                .into());
            }
            if size < i64::try_from(image.min_disk).unwrap_or(i64::MAX) {
                return Err(NovaError::Invalid(
                    "Volume is smaller than the minimum size specified in image metadata.".into(),
                )
                .into());
            }
            made(&mut row, Some(id), None);
        }
        ("snapshot", _) => {
            let id = device.uuid.ok_or_else(|| invalid("snapshot is required"))?;
            made(&mut row, None, Some(id));
        }
        ("blank", "volume") => {
            if size == 0 {
                return Err(invalid(
                    "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
                )
                .into());
            }
            made(&mut row, None, None);
        }
        ("blank", _) => {
            if row.boot_index == Some(0) {
                return Err(invalid(
                    "Boot sequence for the instance and image/block device mapping combination is not valid.",
                )
                .into());
            }
        }
        _ => {
            let id = device.uuid.ok_or_else(|| invalid("volume is required"))?;
            existing(cx, id, row.boot_index == Some(0)).await?;
            row.volume_id = Some(id);
        }
    }
    Ok(Some(row))
}

fn made(row: &mut Model, image: Option<Uuid>, snapshot: Option<Uuid>) {
    row.made_by_nova = true;
    row.image_id = image;
    row.snapshot_id = snapshot;
}

/// The volume is the caller's and free.
async fn existing(cx: &Cx<Nova>, id: Uuid, boot: bool) -> Result<(), Fault> {
    let volume = cx.service.volumes.volume(&cx.caller, id).await;
    let volume = volume.map_err(|error| match error {
        contracts::CallError::Unavailable { .. } => Fault::from(error),
        _ => invalid(&format!("failed to get volume {id}.")).into(),
    })?;
    let free = volume.status == "available" || (volume.multiattach && volume.status == "in-use");
    if !free {
        let message = format!(
            "Invalid volume: volume '{id}' status must be 'available'. Currently in '{}'",
            volume.status
        );
        return Err(NovaError::Invalid(message).into());
    }
    if boot && !volume.bootable {
        return Err(invalid(&format!("Volume {id} is not bootable.")).into());
    }
    Ok(())
}

/// An empty disk.
pub fn blank(bus: &str) -> Model {
    Model {
        id: Uuid::nil(),
        server_id: Uuid::nil(),
        position: 0,
        source: "blank".into(),
        destination: "local".into(),
        volume_id: None,
        image_id: None,
        snapshot_id: None,
        size_gib: 0,
        size_mib: 0,
        device: None,
        bus: bus.into(),
        boot_index: None,
        delete_on_termination: true,
        made_by_nova: false,
        state: State::Wanted.name().into(),
        tag: None,
        origin: None,
    }
}

fn local_image(image: Uuid, bus: &str) -> Model {
    Model { source: "image".into(), image_id: Some(image), boot_index: Some(0), ..blank(bus) }
}

/// The rows of one server, with ids of their own.
pub fn of_server(rows: &[Model], server: Uuid) -> Vec<Model> {
    rows.iter()
        .map(|row| Model {
            id: Uuid::new_v4(),
            server_id: server,
            volume_id: if row.made_by_nova { Some(Uuid::new_v4()) } else { row.volume_id },
            ..row.clone()
        })
        .collect()
}
